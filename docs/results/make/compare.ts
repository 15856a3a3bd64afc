/** How the pages write differences between arms: sentences and cells of tables. */
import {
  type Difference,
  differenceText,
  listed,
  shown,
  testsIn,
  type Values,
} from "../../../src/experiments/differences.ts";
import { markdownTable, signedText, spreadText, statistics } from "../../../src/experiments/index.ts";

const { probabilityText } = statistics;

export {
  bySeed,
  type Difference,
  differences,
  differenceText,
  familyOf,
  find,
  listed,
  type Measure,
  shown,
  spreadOf,
  testsIn,
} from "../../../src/experiments/differences.ts";

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

/** The differences of a family that stay after the correction, or `none`. */
export function shownOf(family: readonly Difference[], none: string): string {
  const found = family.filter(shown).map((one) => `${one.arm}, ${one.measure} ${differenceText(one)}`);
  return found.length === 0 ? none : listed(found);
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
