/** Line charts as SVG text, such as scores over steps. */
import { LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { FONT } from "./fonts.ts";

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** One curve. */
export interface Curve {
  /** Its name in the legend, which is drawn when there are several. */
  readonly name: string;
  /** [x, y], by ascending x. */
  readonly points: readonly (readonly [number, number])[];
}

/** What {@link lineChart} draws. */
export interface LineChartOptions {
  readonly title: string;
  readonly xName: string;
  readonly curves: readonly Curve[];
  /** Whether the vertical axis is logarithmic: all values must be above 0. Default false. */
  readonly logarithmic?: boolean;
  /** Pixels; default 640 x 320. */
  readonly width?: number;
  readonly height?: number;
}

/**
 * A line chart on white, as an SVG document that needs nothing else.
 *
 * @example
 * writeFileSync("fid.svg", lineChart({ title: "fid", xName: "step", curves: [{ name: "a", points: [[500, 80], [1000, 31]] }] }));
 */
export function lineChart(options: LineChartOptions): string {
  const { title, xName, curves, logarithmic = false, width = 640, height = 320 } = options;
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    const several = curves.length > 1;
    const places = curves.flatMap(({ points }) => points.map(([x]) => x));
    const [low, high] = [Math.min(...places), Math.max(...places)];
    // A single place stands in the middle.
    const ends = low === high ? { min: low - 1, max: high + 1 } : { min: "dataMin", max: "dataMax" };
    chart.setOption({
      animation: false,
      backgroundColor: "#ffffff",
      textStyle: { fontFamily: FONT },
      title: { text: title, left: "center", textStyle: { fontSize: 14, fontWeight: "normal", fontFamily: FONT } },
      ...(several ? { legend: { bottom: 0, itemGap: 28 } } : {}),
      grid: { left: 64, right: 24, top: 40, bottom: several ? 72 : 48 },
      xAxis: { type: "value", name: xName, nameLocation: "middle", nameGap: 28, ...ends },
      yAxis: { type: logarithmic ? "log" : "value", scale: true },
      series: curves.map(({ name, points }) => ({
        name,
        type: "line",
        data: points,
        symbolSize: 6,
        showSymbol: points.length <= 60,
      })),
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
