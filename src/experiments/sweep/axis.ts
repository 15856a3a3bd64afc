/** An axis of a sweep: a name and its values. Each value is a label with its overrides. */
import { UserError } from "../../base/errors.ts";
import { parseSetting, parseValue, splitList } from "../../recipe/index.ts";

/** One value of an axis. */
export interface AxisValue {
  /** Its name in tables and folders. */
  readonly label: string;
  /** Overrides as `--set` takes them. */
  readonly set: readonly string[];
}

/** One axis of a sweep. */
export interface Axis {
  readonly name: string;
  readonly values: readonly AxisValue[];
}

/** A value as `--set` reads it: `0.9`, `[topK,r1]`, `hinge`, `null`. */
export type AxisInput = string | number | boolean | null | readonly (string | number | boolean)[];

function valueText(value: AxisInput): string {
  return typeof value === "object" && value !== null ? `[${value.map(entryText).join(",")}]` : String(value);
}

/** An entry of a list as `--set` reads it: text in quotes where it would be read as something else. */
function entryText(entry: string | number | boolean): string {
  if (typeof entry !== "string") return String(entry);
  const read = parseValue(`[${entry}]`);
  return Array.isArray(read) && read.length === 1 && String(read[0]) === entry ? entry : JSON.stringify(entry);
}

/**
 * The axis of `key=a,b,c`. Commas inside brackets do not separate: `techniques=[],[topK,r1]` has two values.
 * `key+=a,b` adds another part in each cell.
 *
 * @throws UserError when the text is no such thing, a value is empty, or one comes twice.
 *
 * @example
 * parseAxis("loss=hinge,wasserstein").values[1]; // { label: "wasserstein", set: ["loss=wasserstein"] }
 */
export function parseAxis(text: string): Axis {
  let setting: ReturnType<typeof parseSetting>;
  try {
    setting = parseSetting(text);
  } catch {
    throw new UserError(`--over: \`${text}\` must be written key=a,b,c, such as batchSize=32,64`);
  }
  const key = setting.path.join(".");
  return listAxis(`${key}${setting.operator === "=" ? "" : setting.operator.slice(0, 1)}`, splitList(setting.raw));
}

/** The axis over values of one key. */
export function listAxis(key: string, values: readonly AxisInput[]): Axis {
  const texts = values.map((value) => valueText(value).trim());
  if (texts.length === 0) throw new UserError(`the sweep over \`${key}\` has no values; name at least one`);
  for (const [index, text] of texts.entries()) {
    if (text === "")
      throw new UserError(
        `the sweep over \`${key}\` has an empty value; for an empty list write [], as in techniques=[],[topK]`,
      );
    if (texts.indexOf(text) < index) throw new UserError(`the sweep over \`${key}\` names ${text} twice`);
  }
  return { name: key, values: texts.map((label) => ({ label, set: [`${key}=${label}`] })) };
}

/** The axis over named variants, each of several overrides (none is a variant too: the recipe as it is). */
export function variantAxis(name: string, variants: Readonly<Record<string, readonly string[]>>): Axis {
  const values = Object.entries(variants).map(([label, set]) => ({ label, set: [...set] }));
  if (values.length === 0) throw new UserError(`the sweep over \`${name}\` has no variants; name at least one`);
  for (const { set } of values) for (const text of set) parseSetting(text);
  return { name, values };
}
