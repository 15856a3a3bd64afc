/** Charts by ECharts, drawn on white as SVG documents that need nothing else. */
import { createRequire } from "node:module";
import type { EChartsType } from "echarts/core";
import { visibleLines } from "../base/visible.ts";
import { FONT } from "./fonts.ts";

type ECharts = typeof import("echarts/core");

let loaded: ECharts | undefined;

/** ECharts, loaded for the first chart: it takes some 35 MB and a fifth of a second, for which no training should wait. */
function echarts(): ECharts {
  if (loaded === undefined) {
    const require = createRequire(import.meta.url);
    const { LineChart } = require("echarts/charts") as typeof import("echarts/charts");
    const parts = require("echarts/components") as typeof import("echarts/components");
    const { SVGRenderer } = require("echarts/renderers") as typeof import("echarts/renderers");
    loaded = require("echarts/core") as ECharts;
    const { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } = parts;
    loaded.use([LineChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);
  }
  return loaded;
}

/**
 * A chart as an SVG document.
 *
 * @param options - ECharts' options besides the title and the fonts.
 * @param finish - Changes the chart once it is laid out.
 */
export function svgChart(
  { title, width, height }: { readonly title: string; readonly width: number; readonly height: number },
  options: object,
  finish?: (chart: EChartsType) => void,
): string {
  const chart = echarts().init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: "#ffffff",
      textStyle: { fontFamily: FONT },
      title: { text: title, left: "center", textStyle: { fontSize: 14, fontWeight: "normal", fontFamily: FONT } },
      ...options,
    });
    finish?.(chart);
    // Names may hold controls, which XML does not take.
    return visibleLines(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}
