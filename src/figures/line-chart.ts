/** Line charts as SVG text, such as scores over steps. */
import { svgChart } from "./svg-chart.ts";

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
 * A line chart on white, as a complete SVG document.
 *
 * @example
 * writeFileSync("fid.svg", lineChart({ title: "fid", xName: "step", curves: [{ name: "a", points: [[500, 80], [1000, 31]] }] }));
 */
export function lineChart(options: LineChartOptions): string {
  const { title, xName, curves, logarithmic = false, width = 640, height = 320 } = options;
  const several = curves.length > 1;
  const places = curves.flatMap(({ points }) => points.map(([x]) => x));
  const [low, high] = [Math.min(...places), Math.max(...places)];
  // A single place stands in the middle.
  const ends = low === high ? { min: low - 1, max: high + 1 } : { min: "dataMin", max: "dataMax" };
  return svgChart(
    { title, width, height },
    {
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
    },
  );
}
