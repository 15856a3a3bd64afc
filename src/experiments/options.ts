/**
 * Options of an experiment as text: parsing, help and checks.
 *
 * An option is a zod schema with a description. A list is written with commas, null as `none`.
 */
import { z } from "zod";
import { suggestion, UserError } from "../base/errors.ts";
import { accepted } from "../recipe/index.ts";

/** A whole number of at least `least`. */
export const whole = (least = 1) => z.int().min(least);
/** Seeds 0 to N-1. */
export const seeds = (count: number, of = "runs of each cell") =>
  whole().default(count).describe(`${of}, with seeds 0 to N-1`);
/** A number above 0. */
export const positive = () => z.number({ error: "must be a number above 0, such as 1.5" }).positive(ABOVE_ZERO);
const ABOVE_ZERO = { error: "must be a number above 0, such as 1.5" };

/** A schema without default and optional, and whether it is a list. */
function kindOf(option: z.ZodType): { element: z.ZodType; list: boolean } {
  let inner = option;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional) inner = inner.unwrap() as z.ZodType;
  return inner instanceof z.ZodArray
    ? { element: inner.element as z.ZodType, list: true }
    : { element: inner, list: false };
}

/** The value of a word. */
function meantBy(word: string, element: z.ZodType): unknown {
  if (element instanceof z.ZodNullable) return word === "none" ? null : meantBy(word, element.unwrap() as z.ZodType);
  const isNumber = element instanceof z.ZodNumber && word !== "" && Number.isFinite(Number(word.replaceAll("_", "")));
  return isNumber ? Number(word.replaceAll("_", "")) : word;
}

function refuse(flag: string, word: string, schema: z.ZodType, error: z.ZodError): never {
  if (schema instanceof z.ZodEnum) {
    throw new UserError(`${flag}: there is no \`${word}\`${suggestion(word, schema.options as string[])}`);
  }
  const { message } = error.issues[0]!;
  const own = !/^(Invalid|Too (small|big))/.test(message);
  throw new UserError(`${flag} (=${word}) ${own ? message : `must be ${accepted(schema)}`}`);
}

/**
 * The value of an option that was given as text.
 *
 * @throws UserError when it does not fit, naming the flag, the word and what would be accepted
 *
 * @example
 * parseOption("--rhos", z.array(z.number()), "0.1,0.5"); // [0.1, 0.5]
 */
export function parseOption(flag: string, option: z.ZodType, text: string): unknown {
  const { element, list } = kindOf(option);
  const words = list
    ? text
        .split(",")
        .map((word) => word.trim())
        .filter((word) => word !== "")
    : [text];
  if (words.length === 0) {
    const names = element instanceof z.ZodEnum ? `one of ${element.options.join(", ")}` : "one value";
    throw new UserError(`${flag} (=${text}) must name at least ${names}`);
  }
  const values = words.map((word) => {
    const parsed = element.safeParse(meantBy(word, element));
    return parsed.success ? parsed.data : refuse(flag, word, element, parsed.error);
  });
  const parsed = option.safeParse(list ? values : values[0]);
  return parsed.success ? parsed.data : refuse(flag, text, option, parsed.error);
}

/** The placeholder of an option's value in help: `A,B`, `N` ... */
export function hintOf(option: z.ZodType): string {
  const { element, list } = kindOf(option);
  if (list) return "A,B";
  return (option.meta()?.hint as string | undefined) ?? (element instanceof z.ZodNumber ? "N" : "NAME");
}

/** The default of an option as it would be typed; undefined where it has none. */
export function defaultText(option: z.ZodType): string | undefined {
  if (!(option instanceof z.ZodDefault)) return undefined;
  const text = (value: unknown) => (value === null ? "none" : String(value));
  const value = option.def.defaultValue as unknown;
  return Array.isArray(value) ? value.map(text).join(",") : text(value);
}
