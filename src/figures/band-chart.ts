/** Lines with bands: means over steps with their intervals. */
import { COLOURS } from "./colours.ts";
import { svgChart } from "./svg-chart.ts";

/** One line with its band. */
export interface Band {
  readonly name: string;
  /** By ascending x, from 0 on. Without `halfWidth`, or where it is not finite, the band is as thin as the line. */
  readonly points: readonly { readonly x: number; readonly mean: number; readonly halfWidth?: number | undefined }[];
}

/** What {@link bandChart} draws. */
export interface BandChartOptions {
  readonly title: string;
  readonly xName: string;
  readonly bands: readonly Band[];
  /** Ends of the vertical axis; default: what the bands need. */
  readonly range?: { readonly min?: number; readonly max?: number } | undefined;
  /** A dashed horizontal line at this height. */
  readonly level?: number | undefined;
  /** Whether the values are shares, shown in percent. */
  readonly percent?: boolean | undefined;
  /** Pixels; default 720 x 400. */
  readonly width?: number;
  readonly height?: number;
}

/**
 * A chart of means with intervals on white, as an SVG document.
 *
 * @example
 * bandChart({ title: "modes", xName: "step", bands: [{ name: "top", points: [{ x: 0, mean: 3, halfWidth: 1 }] }] });
 */
export function bandChart(options: BandChartOptions): string {
  const { title, xName, bands, range = {}, level, percent = false, width = 720, height = 400 } = options;
  const series = bands.flatMap(({ name, points }, i) => {
    const color = COLOURS[i % COLOURS.length]!;
    const half = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : 0);
    const invisible = { type: "line", symbol: "none", lineStyle: { opacity: 0 }, silent: true } as const;
    const stack = { stack: `band ${i}`, stackStrategy: "all" } as const;
    const low = points.map(({ x, mean, halfWidth }) => [x, mean - half(halfWidth)]);
    const rise = points.map(({ x, halfWidth }) => [x, 2 * half(halfWidth)]);
    const hasBand = points.some(({ halfWidth }) => half(halfWidth) > 0);
    return [
      // A line of one point would not be seen.
      {
        name,
        type: "line",
        symbol: points.length === 1 ? "circle" : "none",
        symbolSize: 9,
        color,
        data: points.map(({ x, mean }) => [x, mean]),
        z: 3,
      } as const,
      ...(hasBand
        ? [
            { ...invisible, ...stack, data: low },
            { ...invisible, ...stack, data: rise, areaStyle: { color, opacity: 0.18 } },
          ]
        : []),
    ];
  });
  const mark = {
    type: "line",
    data: [],
    markLine: {
      silent: true,
      symbol: "none",
      label: { show: false },
      lineStyle: { color: "#888888", type: "dashed" },
      data: [{ yAxis: level }],
    },
  };
  return svgChart(
    { title, width, height },
    {
      legend: { bottom: 0, itemGap: 28, data: bands.map(({ name }) => name) },
      grid: { left: 64, right: 28, top: 40, bottom: 76 },
      xAxis: { type: "value", name: xName, nameLocation: "middle", nameGap: 28, min: 0, max: "dataMax" },
      yAxis: {
        type: "value",
        ...range,
        scale: range.min === undefined,
        axisLabel: percent ? { formatter: (value: number) => `${Math.round(value * 100)} %` } : {},
      },
      series: [...series, ...(level === undefined ? [] : [mark])],
    },
  );
}
