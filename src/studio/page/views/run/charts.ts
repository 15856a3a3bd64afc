/** Which numbers of a log share a chart, and where they stand on its axis. */
import type { Curves, ScoreSeries } from "../../../api.ts";
import type { Curve } from "../../parts/chart.tsx";
import type { Axis } from "../../parts/chart-toolbar.tsx";

/** The contents of a chart. */
export interface ChartContents {
  readonly title: string;
  readonly note?: string | undefined;
  readonly places: readonly number[];
  readonly curves: readonly Curve[];
}

/** The numbers of a recipe's step, as the papers write them. */
const LABELS: Readonly<Record<string, string>> = {
  lossD: "D",
  lossG: "G",
  dReal: "D(real)",
  dFake: "D(fake)",
  gradNormD: "D",
  gradNormG: "G",
  imagesPerSecond: "images/s",
};
/** Numbers that are no curves of their own: they say where a line stands. */
const PLACES = ["epoch", "seconds"];

const labelOf = (name: string): string => LABELS[name] ?? name;

/** Where the points of a log stand: at their steps, or at their hours of training. */
export function placesOf({ steps, values }: Curves, axis: Axis): readonly number[] {
  const { seconds } = values;
  if (axis === "step" || seconds === undefined) return steps;
  let last = 0;
  return seconds.map((value) => {
    last = value === null ? last : Math.max(last, value / 3_600);
    return last;
  });
}

/** Losses, D's outputs, and every other number in a chart of its own. */
export function chartsOf(curves: Curves, axis: Axis): ChartContents[] {
  const places = placesOf(curves, axis);
  const names = Object.keys(curves.values).filter((name) => !PLACES.includes(name));
  const isLoss = (name: string): boolean => /^loss/i.test(name);
  const isOutput = (name: string): boolean => name === "dReal" || name === "dFake";
  const isNorm = (name: string): boolean => name === "gradNormD" || name === "gradNormG";
  const chart = (title: string, group: readonly string[]): ChartContents => ({
    title,
    places,
    curves: group.map((name, i) => ({ name: labelOf(name), values: curves.values[name]!, colour: i })),
  });
  const grouped = (name: string): boolean =>
    isLoss(name) || isOutput(name) || isNorm(name) || name === "imagesPerSecond";
  const others = names.filter((name) => !grouped(name));
  return [
    ...(names.some(isLoss) ? [chart("Losses", names.filter(isLoss))] : []),
    ...(names.some(isOutput) ? [chart("Mean output of D", names.filter(isOutput))] : []),
    ...others.map((name) => chart(titleOf(name), [name])),
    ...(names.some(isNorm) ? [chart("Norms of the gradients", names.filter(isNorm))] : []),
    ...(names.includes("imagesPerSecond") ? [chart("Images a second", ["imagesPerSecond"])] : []),
  ];
}

const titleOf = (name: string): string => (name === "k" ? "k: samples that G learns from" : name);

/** A chart for each score and protocol; the newest protocols first. */
export function scoreCharts(
  scores: readonly ScoreSeries[],
  curves: Curves | undefined,
  axis: Axis,
): (ChartContents & { readonly key: string })[] {
  const hoursAt = hoursOf(curves);
  const placeOf = (step: number): number => (axis === "step" ? step : hoursAt(step));
  return [...scores]
    .sort((a, b) => Number(b.current) - Number(a.current))
    .map(({ name, better, protocol, current, points, bestStep }, i) => ({
      key: `${name} ${protocol} ${i}`,
      title: current ? name : `${name}, earlier protocol`,
      note: `${better === "lower" ? "Lower" : "Higher"} is better. ${protocol}`,
      places: points.map(({ step }) => placeOf(step)),
      curves: [
        {
          name,
          values: points.map(({ value }) => value),
          colour: i + 2,
          points: true,
          best: bestStep === undefined ? undefined : placeOf(bestStep),
        },
      ],
    }));
}

/** The hours of training at a step: those of the last line up to it. */
function hoursOf(curves: Curves | undefined): (step: number) => number {
  if (curves === undefined) return () => 0;
  const places = placesOf(curves, "hours");
  return (step) => {
    const after = curves.steps.findIndex((one) => one >= step);
    return places[after < 0 ? places.length - 1 : after] ?? 0;
  };
}
