/** Two measures against each other, a named point for each setting, with the intervals of both. */
import { LineChart } from "echarts/charts";
import { GridComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";
import { FONT } from "./fonts.ts";

use([LineChart, GridComponent, LabelLayout, TitleComponent, SVGRenderer]);

/** One setting. */
export interface TradeOffPoint {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** Half the intervals' widths; none is drawn where it is not finite. */
  readonly xHalf?: number | undefined;
  readonly yHalf?: number | undefined;
}

/** What {@link tradeOffChart} draws. */
export interface TradeOffOptions {
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  /** In the order in which the line joins them. */
  readonly points: readonly TradeOffPoint[];
  /** Whether both are shares: the axes then go from 0 to 1. Default false. */
  readonly shares?: boolean | undefined;
  /** Pixels; default 640 x 440. */
  readonly width?: number;
  readonly height?: number;
}

const COLOUR = "#0072b2";

/**
 * A chart of named points on white, as an SVG document.
 *
 * @example
 * tradeOffChart({ title: "truncation", xName: "Inception Score", yName: "FID", points: [{ name: "none", x: 8, y: 12 }] });
 */
export function tradeOffChart(options: TradeOffOptions): string {
  const { title, xName, yName, points, shares = false, width = 640, height = 440 } = options;
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    const bar = (ends: readonly (readonly number[])[]) => ({
      type: "line" as const,
      data: ends.map((end) => [...end]),
      symbol: "none",
      silent: true,
      lineStyle: { color: COLOUR, width: 1, opacity: 0.6 },
    });
    const drawn = (half: number | undefined): half is number => half !== undefined && Number.isFinite(half) && half > 0;
    const bars = points.flatMap(({ x, y, xHalf, yHalf }) => {
      const across = drawn(xHalf) ? [[x - xHalf, x + xHalf].map((end) => [end, y])] : [];
      const up = drawn(yHalf) ? [[y - yHalf, y + yHalf].map((end) => [x, end])] : [];
      return [...across, ...up].map(bar);
    });
    const range = shares ? { min: 0, max: 1 } : { scale: true };
    const axis = { type: "value", ...range, nameLocation: "middle", axisLine: { onZero: false } } as const;
    chart.setOption({
      animation: false,
      backgroundColor: "#ffffff",
      textStyle: { fontFamily: FONT },
      title: { text: title, left: "center", textStyle: { fontSize: 14, fontWeight: "normal", fontFamily: FONT } },
      grid: { left: 72, right: 40, top: 44, bottom: 56 },
      xAxis: { ...axis, name: xName, nameGap: 28 },
      yAxis: { ...axis, name: yName, nameGap: 48 },
      series: [
        ...bars,
        {
          type: "line",
          color: COLOUR,
          symbolSize: 7,
          symbol: "circle",
          lineStyle: { width: 1, opacity: 0.5 },
          data: points.map(({ name, x, y }) => ({ name, value: [x, y] })),
          labelLayout: { moveOverlap: "shiftY" },
          label: {
            show: true,
            position: "right",
            offset: [0, -8],
            formatter: ({ name }: { name: string }) => name,
            fontFamily: FONT,
          },
        },
      ],
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
