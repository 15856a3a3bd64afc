/**
 * How well a score tells anomalies from the rest: the areas under two curves that need no threshold.
 *
 * Ties are one step of the curve, not an order that happens to be: shuffling equal scores changes nothing.
 */
import { UserError } from "../../base/errors.ts";

/** Positives and negatives that share one score, from the largest score down. */
interface Level {
  readonly positives: number;
  readonly negatives: number;
}

/** @throws UserError where there is nothing to tell apart, or a score that cannot be ranked. */
function levels(scores: readonly number[], anomalous: readonly boolean[], what: string): Level[] {
  if (scores.length !== anomalous.length) {
    throw new UserError(`${what}: there are ${scores.length} scores and ${anomalous.length} labels`);
  }
  const broken = scores.findIndex((score) => Number.isNaN(score));
  if (broken >= 0) throw new UserError(`${what}: score ${broken} is not a number`);
  const positives = anomalous.filter(Boolean).length;
  if (positives === 0 || positives === scores.length) {
    throw new UserError(
      `${what}: of ${scores.length} samples ${positives} are anomalous; at least one must be, and one must not`,
    );
  }
  const order = [...scores.keys()].sort((a, b) => (scores[b]! > scores[a]! ? 1 : scores[b]! < scores[a]! ? -1 : 0));
  const found: { score: number; positives: number; negatives: number }[] = [];
  for (const i of order) {
    const score = scores[i]!;
    let level = found.at(-1);
    if (level === undefined || level.score !== score) {
      level = { score, positives: 0, negatives: 0 };
      found.push(level);
    }
    if (anomalous[i]) level.positives++;
    else level.negatives++;
  }
  return found;
}

/**
 * AUROC: the area under the true positive rate over the false positive rate, which is the probability that an anomaly
 * scores above a normal sample, ties counting one half (Mann and Whitney's U over the number of pairs; Hanley and McNeil
 * 1982). 0.5 is chance, whatever the share of anomalies.
 *
 *     AUROC = (1 / (P N)) sum over pairs of [s+ > s-] + [s+ = s-] / 2
 *
 * @param scores - larger means more anomalous
 * @throws UserError when one of the two groups is empty or a score is NaN; infinite scores rank as they should.
 *
 * @example
 * auroc([0.9, 0.4, 0.6, 0.1], [true, true, false, false]); // 0.75
 */
export function auroc(scores: readonly number[], anomalous: readonly boolean[]): number {
  let above = 0;
  let pairs = 0;
  let negatives = 0;
  for (const level of levels(scores, anomalous, "auroc")) {
    // Each normal sample of this level lies below the anomalies passed so far, and level with its own.
    pairs += level.negatives * (above + level.positives / 2);
    above += level.positives;
    negatives += level.negatives;
  }
  return pairs / (above * negatives);
}

/**
 * AUPRC as average precision: the precision at each step of the recall, weighted by the step, without interpolation (the
 * trapezoids between the points of this curve are too optimistic: Davis and Goadrich 2006). Chance is the share of
 * anomalies, so compare values of the same share only.
 *
 *     AP = sum over levels of (R_n - R_(n-1)) P_n
 *
 * @param scores - larger means more anomalous
 * @throws UserError as {@link auroc} does.
 *
 * @example
 * averagePrecision([0.9, 0.4, 0.6, 0.1], [true, true, false, false]); // 1/2 * 1 + 1/2 * 2/3 = 0.8333
 */
export function averagePrecision(scores: readonly number[], anomalous: readonly boolean[]): number {
  const steps = levels(scores, anomalous, "averagePrecision");
  const all = steps.reduce((sum, { positives }) => sum + positives, 0);
  let hits = 0;
  let seen = 0;
  let area = 0;
  for (const { positives, negatives } of steps) {
    hits += positives;
    seen += positives + negatives;
    area += (positives / all) * (hits / seen);
  }
  return area;
}

/**
 * The rank of each score, scaled to [0, 1]; equal scores share the mean of their ranks. It makes scores of different units
 * fit to be averaged, without a scale that would have to be chosen.
 *
 * @example
 * scaledRanks([10, 30, 20]); // [0, 1, 0.5]
 */
export function scaledRanks(scores: readonly number[]): number[] {
  const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]!);
  const ranks = new Array<number>(scores.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + end - 1) / 2 / Math.max(1, scores.length - 1);
    start = end;
  }
  return ranks;
}
