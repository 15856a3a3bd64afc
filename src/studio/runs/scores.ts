/** The scores of a run as curves: values under one protocol belong together, those of others stand apart. */
import { canonicalJson } from "../../base/canonical-json.ts";
import { differences, isBetter, type Score } from "../../metrics/index.ts";
import type { ScoreSeries, ScoreTrend } from "../api.ts";
import type { ScoresLine } from "./log-lines.ts";

/** Points of a spark line. */
const SPARK_POINTS = 40;

type Protocol = Score["protocol"];

/** A score at a step. */
interface Placed {
  readonly step: number;
  readonly score: Score;
}

/** Values that compare. */
interface Group {
  readonly name: string;
  readonly protocol: Protocol;
  readonly values: Placed[];
}

const better = (direction: Score["better"], a: Placed, b: Placed): boolean =>
  isBetter(direction, a.score.value, b.score.value);

/** The best of values that compare; the earlier of equal ones, and none that is undefined. */
function bestOf(values: readonly Placed[]): Placed | undefined {
  let best: Placed | undefined;
  for (const one of values) {
    if (!Number.isFinite(one.score.value)) continue;
    if (best === undefined || better(one.score.better, one, best)) best = one;
  }
  return best;
}

/** Values by name and protocol, in the order in which they came. */
function groupsOf(evaluations: readonly ScoresLine[]): Group[] {
  const groups: Group[] = [];
  // Scores of one protocol mostly share it as one object. Only others are compared in detail.
  const known = new Map<Protocol, Group[]>();
  for (const { step, scores } of evaluations) {
    for (const score of scores) {
      const { name, protocol } = score;
      let group = known.get(protocol)?.find((one) => one.name === name);
      if (group === undefined) {
        group = groups.find((one) => one.name === name && differences(one.protocol, protocol).length === 0);
        if (group === undefined) {
          group = { name, protocol, values: [] };
          groups.push(group);
        }
        known.set(protocol, [...(known.get(protocol) ?? []), group]);
      }
      group.values.push({ step, score });
    }
  }
  return groups;
}

/** The score by which the newest evaluation chooses the best checkpoint; undefined where there is none. */
export function scoreTrend(evaluations: readonly ScoresLine[]): ScoreTrend | undefined {
  const newest = evaluations.at(-1);
  const chosen = newest?.scores.find(({ name }) => name === newest.chosenBy) ?? newest?.scores[0];
  if (chosen === undefined) return undefined;
  const values = groupsOf(evaluations)
    .find(({ name, protocol }) => name === chosen.name && differences(protocol, chosen.protocol).length === 0)!
    .values.filter(({ score }) => Number.isFinite(score.value));
  const best = bestOf(values);
  if (best === undefined) return undefined;
  const points = thinned(values, SPARK_POINTS).map(({ step, score }) => [step, score.value] as const);
  return { name: chosen.name, better: chosen.better, best: best.score.value, bestStep: best.step, points };
}

/** Every score of a run, newest protocols first. */
export function scoreSeries(evaluations: readonly ScoresLine[]): ScoreSeries[] {
  const groups = groupsOf(evaluations);
  const newestOf = (name: string): Group | undefined => groups.findLast((group) => group.name === name);
  return groups.map((group) => ({
    name: group.name,
    better: group.values[0]!.score.better,
    protocol: protocolText(group.protocol),
    current: group === newestOf(group.name),
    points: group.values.map(({ step, score }) => ({
      step,
      value: Number.isFinite(score.value) ? score.value : null,
      std: score.std,
    })),
    bestStep: bestOf(group.values)?.step,
  }));
}

/** A protocol in one line. */
export function protocolText({ features, fakeCount, real, drawing, options }: Protocol): string {
  const weights = drawing === null ? undefined : drawing.averaged ? "averaged weights" : "weights of the step";
  const standing = drawing?.standing && `standing statistics of ${drawing.standing.batches} batches`;
  const settings = Object.entries(options).map(([key, value]) => `${key} ${shortened(canonicalJson(value))}`);
  return [
    fakeCount > 0 && `${fakeCount} generated samples`,
    weights,
    standing,
    real && `against ${real.count} of ${real.name}`,
    `features: ${features}`,
    ...settings,
  ]
    .filter(Boolean)
    .join(", ");
}

/** A value in few letters: a hash tells by its beginning. */
const shortened = (text: string): string => (text.length > 24 ? `${text.slice(0, 16)}...` : text);

/** Evenly spaced entries, the last among them. */
function thinned<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.round(((i + 1) * list.length) / most) - 1]!);
}
