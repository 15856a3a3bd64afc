/** Differences between arms by seed, tested with Holm's correction over the family that is looked at together. */
import { holm, interval, pooled, probabilityPhrase, type Tested } from "./statistics.ts";
import { signedText, spreadText } from "./sweep/index.ts";

/** Values by seed. */
export type Values = ReadonlyMap<number, number>;

/** One arm minus another in one measure. */
export interface Difference {
  readonly arm: string;
  readonly measure: string;
  readonly tested: Tested;
  /** The p value by Holm's correction over the family. */
  readonly p: number;
  /** Pairs of runs, in the cell that has the fewest. */
  readonly seeds: number;
}

/** A measure of runs. */
export interface Measure<A> {
  readonly name: string;
  of(arm: A): Values;
}

/** The values of both that share a seed, first minus second. */
export function bySeed(first: Values, second: Values): number[] {
  return [...first].flatMap(([seed, value]) => (second.has(seed) ? [value - second.get(seed)!] : []));
}

/** Differences as one family. */
export function familyOf(
  of: readonly { readonly arm: string; readonly measure: string; readonly cells: readonly (readonly number[])[] }[],
): Difference[] {
  const tested = of.map(({ cells }) => pooled(cells));
  const corrected = holm(tested.map(({ p }) => p));
  return of.map(({ arm, measure, cells }, i) => ({
    arm,
    measure,
    tested: tested[i]!,
    p: corrected[i]!,
    seeds: Math.min(...cells.map(({ length }) => length)),
  }));
}

/** Each arm minus the base, in every measure, paired by seed. */
export function differences<A>(
  arms: Readonly<Record<string, A>>,
  base: A,
  measures: readonly Measure<A>[],
): Difference[] {
  return familyOf(
    Object.entries(arms).flatMap(([arm, own]) =>
      measures.map(({ name, of }) => ({ arm, measure: name, cells: [bySeed(of(own), of(base))] })),
    ),
  );
}

/** The difference of an arm in a measure. */
export function find(family: readonly Difference[], arm: string, measure: string): Difference {
  const found = family.find((one) => one.arm === arm && one.measure === measure);
  if (found === undefined) throw new Error(`there is no difference of ${arm} in ${measure}`);
  return found;
}

/** Whether a difference is apart from 0 after the correction. */
export const shown = ({ p }: Pick<Difference, "p">): boolean => p < 0.05;

/** `-1.80 ± 0.87 (p = 0.036)`; p is the corrected one. */
export const differenceText = ({ tested, p }: Pick<Difference, "tested" | "p">): string =>
  `${signedText(tested)}${Number.isNaN(p) ? "" : ` (${probabilityPhrase(p)})`}`;

/** Mean ± interval of values by seed. */
export const spreadOf = (values: Values | readonly number[]): string => spreadText(interval([...values.values()]));

/** How many of a family were tested: differences that are all 0, and single ones, are not. */
export const testsIn = (family: readonly Difference[]): number => family.filter(({ p }) => !Number.isNaN(p)).length;

/** `a, b and c`. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}
