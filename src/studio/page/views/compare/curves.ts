/** The curves of several runs in one chart for each number. */
import uPlot from "uplot";
import type { ComparedRun } from "../../data/use-runs.ts";
import type { Axis } from "../../parts/chart-toolbar.tsx";
import { type ChartContents, placesOf, scoreCharts } from "../run/charts.ts";

/** Curves of more runs cannot be told apart. */
export const MOST_COMPARED = 8;

/** Numbers in the order in which they are shown; others follow. */
const FIRST = ["lossD", "lossG", "dReal", "dFake", "k"];
const PLACES = ["epoch", "seconds"];
const TITLES: Readonly<Record<string, string>> = {
  lossD: "Loss of D",
  lossG: "Loss of G",
  dReal: "D(real)",
  dFake: "D(fake)",
  gradNormD: "Norm of D's gradient",
  gradNormG: "Norm of G's gradient",
  imagesPerSecond: "Images a second",
};

/** One run's values of a number. */
interface Line {
  readonly run: number;
  readonly places: readonly number[];
  readonly values: readonly (number | null)[];
  readonly best?: number | undefined;
}

/** Names that tell the runs apart: their own, and where two are equal their folders below the one that all are in. */
export function namesOf(runs: readonly ComparedRun[]): string[] {
  const names = runs.map(({ details }) => details.summary.name);
  const ids = runs.map(({ details }) => details.summary.id.split("/"));
  const differing = ids[0]?.findIndex((part, i) => ids.some((id) => id[i] !== part || id.length === i + 1)) ?? 0;
  return names.map((name, i) =>
    names.filter((other) => other === name).length === 1 ? name : ids[i]!.slice(Math.max(0, differing)).join("/"),
  );
}

/** The numbers that a run has, in the order in which they are shown. */
export function numbersOf(runs: readonly ComparedRun[]): string[] {
  const names = [...new Set(runs.flatMap(({ curves }) => Object.keys(curves.values)))];
  return names.filter((name) => !PLACES.includes(name)).sort((a, b) => rank(a) - rank(b));
}

/** A number's name for people. */
export const titleOf = (name: string): string => TITLES[name] ?? name;

/** A chart for every number and every score that a run has. Scores of different protocols are in different charts. */
export function comparisonCharts(runs: readonly ComparedRun[], axis: Axis): ChartContents[] {
  const names = namesOf(runs);
  const losses = numbersOf(runs).map((name) => {
    const lines = runs.flatMap(({ curves }, run): Line[] => {
      const values = curves.values[name];
      return values === undefined ? [] : [{ run, places: placesOf(curves, axis), values }];
    });
    return chartOf(titleOf(name), undefined, lines, names, false);
  });
  return [...scoresOf(runs, axis, names), ...losses];
}

function scoresOf(runs: readonly ComparedRun[], axis: Axis, names: readonly string[]): ChartContents[] {
  const groups = new Map<string, { title: string; note: string | undefined; lines: Line[] }>();
  for (const [run, { details, curves }] of runs.entries()) {
    for (const { title, note, places, curves: own } of scoreCharts(details.scores, curves, axis)) {
      const key = `${title} ${note}`;
      if (!groups.has(key)) groups.set(key, { title, note, lines: [] });
      groups.get(key)!.lines.push({ run, places, values: own[0]!.values, best: own[0]!.best });
    }
  }
  const titles = [...groups.values()].map(({ title }) => title);
  return [...groups.values()].map(({ title, note, lines }, i) => {
    const same = titles.slice(0, i).filter((other) => other === title).length;
    return chartOf(same === 0 ? title : `${title}, protocol ${same + 1}`, note, lines, names, true);
  });
}

const rank = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

/** Lines that stand at different places, on one axis. */
function chartOf(
  title: string,
  note: string | undefined,
  lines: readonly Line[],
  names: readonly string[],
  points: boolean,
): ChartContents {
  const tables = lines.map(({ places, values }) => [places, values] as unknown as uPlot.AlignedData);
  const [places = [], ...columns] = uPlot.join(tables) as unknown as (number | null)[][];
  return {
    title,
    note,
    places: places as number[],
    curves: lines.map(({ run, best }, i) => ({
      name: names[run]!,
      values: (columns[i] ?? []).map((value) => value ?? null),
      colour: run,
      points,
      best,
    })),
  };
}
