/** Differences between arms by seed, tested with Holm's correction over all that a table shows. */
import { markdownTable, signedText, spreadText, statistics } from "../../../src/experiments/index.ts";
import type { Values } from "./records.ts";

const { holm, interval, pooled, probabilityPhrase, probabilityText } = statistics;

/** One arm minus another in one measure. */
export interface Difference {
  readonly arm: string;
  readonly measure: string;
  readonly tested: statistics.Tested;
  /** The p value by Holm's correction over the family. */
  readonly p: number;
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
  return of.map(({ arm, measure }, i) => ({ arm, measure, tested: tested[i]!, p: corrected[i]! }));
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
export const shown = ({ p }: Difference): boolean => p < 0.05;

/** `-1.80 ± 0.87 (p = 0.036)`; p is the corrected one. */
export const differenceText = ({ tested, p }: Difference): string =>
  `${signedText(tested)}${Number.isNaN(p) ? "" : ` (${probabilityPhrase(p)})`}`;

/** Mean ± interval of values by seed. */
export const spreadOf = (values: Values | readonly number[]): string => spreadText(interval([...values.values()]));

/** How many of a family were tested: differences that are all 0, and single ones, are not. */
export const testsIn = (family: readonly Difference[]): number => family.filter(({ p }) => !Number.isNaN(p)).length;

/** `a, b and c`. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** A text with a capital letter. */
export const capital = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`;

/** Which differences of a family are apart from 0, as a sentence. */
export function familyText(family: readonly Difference[]): string {
  const tests = testsIn(family);
  const name = ({ arm, measure }: Difference) => (arm === "" ? measure : `${arm}, ${measure}`);
  const apart = family.filter(shown).map((one) => `${name(one)} ${differenceText(one)}`);
  const before = family.filter(({ tested }) => Math.abs(tested.mean) > tested.halfWidth).length;
  const alone =
    before === 0 ? "No interval is without 0" : `${before} ${before === 1 ? "interval is" : "intervals are"} without 0`;
  const after =
    apart.length === 0
      ? "none stays"
      : `${apart.length === 1 ? "one stays" : `${apart.length} stay`}: ${listed(apart)}`;
  return `Family: the ${tests} differences of the table. ${alone}; after Holm's correction ${after}.`;
}

/** The cells of a family's table: the difference and its corrected p value. */
export const differenceCells = ({ tested, p }: Difference): [string, string] => [
  signedText(tested),
  probabilityText(p),
];

/** The single values of few seeds: `1.58, 1.84, 2.83`. */
export const each = (values: Values, digits = 2): string =>
  [...values.values()].map((value) => value.toFixed(digits)).join(", ");

export { markdownTable, signedText, spreadText, statistics };
