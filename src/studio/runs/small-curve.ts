/** A curve in few points, for charts that are small and many. */
import type { Curves, ScoreSeries, SmallCurve } from "../api.ts";

/** Points of a small curve, at most. */
export const SMALL = 120;

type Points = SmallCurve["points"];

/** One number of a log. A point is the mean of the values that it stands for; steps without a value are left out. */
export function smallCurve({ steps, values }: Pick<Curves, "steps" | "values">, name: string): Points {
  const column = Object.hasOwn(values, name) ? values[name]! : [];
  return thinned(column.flatMap((value, i) => (value === null ? [] : [[steps[i]!, value] as const])));
}

/** A score under its newest protocol. */
export function smallScore(scores: readonly ScoreSeries[], name: string): Points {
  const points = scores.find((series) => series.name === name && series.current)?.points ?? [];
  return thinned(points.flatMap(({ step, value }) => (value === null ? [] : [[step, value] as const])));
}

function thinned(points: Points): Points {
  const size = Math.ceil(points.length / SMALL);
  if (size <= 1) return points;
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i) => {
    const group = points.slice(i * size, (i + 1) * size);
    const sum = group.reduce((total, [, value]) => total + value / group.length, 0);
    return [group.at(-1)![0], sum] as const;
  });
}
