/** Two measures against each other, a named point for each setting, with the intervals of both. */

import { COLOURS } from "./colours.ts";
import { FONT } from "./fonts.ts";
import { svgChart } from "./svg-chart.ts";

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
  /** In the order in which a line connects them. */
  readonly points: readonly TradeOffPoint[];
  /** Whether both are shares: the axes then go from 0 to 1. Default false. */
  readonly shares?: boolean | undefined;
  /** Pixels; default 640 x 440. */
  readonly width?: number;
  readonly height?: number;
}

const [COLOUR] = COLOURS;

/**
 * A chart of named points on white, as an SVG document.
 *
 * @example
 * tradeOffChart({ title: "truncation", xName: "Inception Score", yName: "FID", points: [{ name: "none", x: 8, y: 12 }] });
 */
export function tradeOffChart(options: TradeOffOptions): string {
  const { title, xName, yName, points, shares = false, width = 640, height = 440 } = options;
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
  const line = {
    type: "line" as const,
    color: COLOUR,
    symbolSize: 7,
    symbol: "circle",
    lineStyle: { width: 1, opacity: 0.5 },
    data: points.map(({ x, y }) => [x, y]),
  };
  return svgChart(
    { title, width, height },
    {
      grid: { left: 72, right: 48, top: 44, bottom: 56 },
      xAxis: { ...axis, name: xName, nameGap: 28 },
      yAxis: { ...axis, name: yName, nameGap: 48 },
      series: [...bars, line],
    },
    (chart) => {
      // Only the chart knows the position of a point, so the names are placed after that.
      const pixels = points.map(({ x, y }) => chart.convertToPixel("grid", [x, y]) as [number, number]);
      const offsets = freeOffsets(points, pixels);
      const data = points.map(({ name, x, y }, i) => {
        const label = {
          show: true,
          position: "inside",
          align: "left",
          verticalAlign: "middle",
          color: "#333333",
        } as const;
        return { value: [x, y], label: { ...label, offset: [...offsets[i]!], formatter: name, fontFamily: FONT } };
      });
      chart.setOption({ series: [...bars, { ...line, data }] });
    },
  );
}

const [LETTER, LINE] = [7.5, 13];

/** Where each name stands relative to its point: the first place where it covers no other name and no point. */
function freeOffsets(
  points: readonly TradeOffPoint[],
  pixels: readonly (readonly [number, number])[],
): (readonly [number, number])[] {
  const taken: { x: number; y: number; width: number }[] = pixels.map(([x, y]) => ({ x: x - 4, y, width: 8 }));
  return points.map(({ name }, i) => {
    const [x, y] = pixels[i]!;
    const width = name.length * LETTER;
    const heights = [0, 1, -1, 2, -2, 3, -3, 4, -4].map((lines) => lines * LINE - LINE / 2);
    const places = heights.flatMap((up) => [[8, up] as const, [-8 - width, up] as const]);
    const free = places.find(([right, down]) =>
      taken.every((box) => {
        const outside = x + right + width < box.x || x + right > box.x + box.width;
        return outside || Math.abs(y + down - box.y) >= LINE;
      }),
    );
    const [right, down] = free ?? places[0]!;
    taken.push({ x: x + right, y: y + down, width });
    return [right, down] as const;
  });
}
