/** Charts by ECharts, drawn on white as SVG documents that need nothing else. */
import { LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from "echarts/components";
import { type EChartsType, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { visibleLines } from "../base/visible.ts";
import { FONT } from "./fonts.ts";

use([LineChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

/** Colours that people with any common colour blindness can tell apart (Okabe and Ito 2008). */
export const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442"];

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
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
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
