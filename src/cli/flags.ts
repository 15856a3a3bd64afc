/**
 * Checks flags strictly before citty reads them. citty ignores unknown flags and keeps the last value of a repeated one.
 * Here an unknown flag is refused with the nearest known one, and `--set` may be repeated.
 */
import { parseArgs } from "node:util";
import type { ArgDef, ArgsDef } from "citty";
import { nearest } from "../base/errors.ts";
import { UsageError } from "./errors.ts";

/** Flags of every command; the shell handles them itself. */
export const globalFlags: ArgsDef = {
  help: { type: "boolean", alias: "h", description: "show this help" },
  trust: {
    type: "boolean",
    description: "run the code that a stored run or sweep names, though this machine has not used it before",
  },
  stack: { type: "boolean", description: "on an error, show where in the program it arose" },
};

/** The definition of a flag that takes a value; `hint` stands for the value in help. */
export function flag(hint: string, description: string): ValueFlag;
export function flag(hint: string, description: string, standard: string): ValueFlag & { readonly default: string };
export function flag(valueHint: string, description: string, standard?: string): ValueFlag {
  return { type: "string", valueHint, description, ...(standard === undefined ? {} : { default: standard }) };
}

/** See {@link flag}. */
export interface ValueFlag {
  readonly type: "string";
  readonly valueHint: string;
  readonly description: string;
}

/** A flag of every command that trains. */
export const workersFlag = {
  workers: flag("N", "train with N processes on this machine; each computes one N-th of every batch; default: 1"),
};

/** `--no-evaluate`, of the commands that train. */
export const evaluateFlag = {
  evaluate: {
    type: "boolean",
    negativeDescription: "no scores while it trains",
    description: "score the run while it trains as the recipe says (the default), or not at all (--no-evaluate)",
  },
} as const;

/**
 * The settings, with `evaluate=null` for `--no-evaluate`.
 * @throws UsageError when `--set` sets the evaluation that is left out.
 */
export function withoutEvaluation(settings: readonly string[], evaluate: boolean | undefined): string[] {
  if (evaluate !== false) return [...settings];
  const other = settings.find(
    (text) => /^evaluate\b/.test(text.trim()) && !/^evaluate\s*=\s*null\s*$/.test(text.trim()),
  );
  if (other !== undefined) throw new UsageError(`--no-evaluate and --set ${other} differ; give one of them`);
  return [...settings, "evaluate=null"];
}

/** The flags that may be given several times. */
export const repeatedFlags = ["set", "over"];

/** A flag as it is typed: `fooBar` is `--foo-bar`. */
export const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The short spellings of a flag. */
export function aliasesOf(definition: ArgDef): string[] {
  return "alias" in definition && definition.alias !== undefined ? [definition.alias].flat() : [];
}

interface Known {
  readonly boolean: boolean;
  readonly hint: string;
}

function knownFlags(args: ArgsDef): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const [name, definition] of Object.entries({ ...args, ...globalFlags })) {
    if (definition.type === "positional") continue;
    const boolean = definition.type === "boolean" || definition.type === undefined;
    const flag = { boolean, hint: definition.valueHint ?? "VALUE" };
    for (const spelling of [kebab(name), ...aliasesOf(definition)]) known.set(spelling, flag);
    if (boolean && !(name in globalFlags)) known.set(`no-${kebab(name)}`, flag);
  }
  return known;
}

/** The parsed command line: positional arguments, and every value of every flag in the order given. */
export interface Parsed {
  readonly positionals: readonly string[];
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/**
 * Parses the arguments of one command and refuses what it does not define. The last argument may come several times where
 * its hint ends in "...".
 *
 * @param command - its full name for messages, such as "gantry train"
 * @throws UsageError for an unknown flag (naming the nearest), a flag without its value, a value where none belongs, a
 * missing argument, and an argument too many.
 */
export function parseStrictly(rawArgs: readonly string[], args: ArgsDef, command: string): Parsed {
  const known = knownFlags(args);
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {};
  for (const [name, { boolean }] of known) {
    if (name.length > 1) options[name] = { type: boolean ? "boolean" : "string" };
  }
  const help = `; see ${command} --help`;
  const { tokens } = parseArgs({ args: [...rawArgs], options, strict: false, allowPositionals: true, tokens: true });
  const positionals: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const flag = known.get(token.name);
    if (!flag) {
      const flags = [...known.keys()].filter((name) => name.length > 1);
      const likely = nearest(token.name, flags);
      throw new UsageError(`unknown flag ${token.rawName}${likely ? `; did you mean --${likely}?` : help}`);
    }
    if (flag.boolean && token.value !== undefined)
      throw new UsageError(`${token.rawName} takes no value (it was given \`${token.value}\`)`);
    const missing =
      token.value === undefined || token.value === "" || (!token.inlineValue && token.value.startsWith("--"));
    if (!flag.boolean && missing) throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${flag.hint}`);
    const before = values.get(token.name) ?? [];
    if (before.length > 0 && !repeatedFlags.includes(token.name))
      throw new UsageError(`${token.rawName} is given twice`);
    values.set(token.name, [...before, token.value ?? "true"]);
  }
  refuseMiscount(positionals, args, command);
  return { positionals, values };
}

function refuseMiscount(given: readonly string[], args: ArgsDef, command: string): void {
  const wanted = Object.entries(args).filter(([, definition]) => definition.type === "positional");
  const missing = wanted
    .slice(given.length)
    .find(([, definition]) => definition.required !== false && definition.default === undefined);
  if (missing) {
    const usage = wanted.map(([name]) => `<${name}>`).join(" ");
    throw new UsageError(`<${missing[0]}> is missing: ${command} ${usage}; see ${command} --help`);
  }
  const extra = given[wanted.length];
  if (extra === undefined || wanted.at(-1)?.[1].valueHint?.endsWith("...")) return;
  const remedy = extra.includes("=") && "set" in args ? `; write --set ${extra}` : `; see ${command} --help`;
  throw new UsageError(`unexpected argument \`${extra}\`${remedy}`);
}

/** The flags that were given, without their dashes: `no-averaged`. */
export function givenFlags(rawArgs: readonly string[], args: ArgsDef): readonly string[] {
  return [...parseStrictly(rawArgs, args, "gantry").values.keys()];
}

/** The arguments that are no flags, in order. */
export function positionalsOf(rawArgs: readonly string[], args: ArgsDef): readonly string[] {
  return parseStrictly(rawArgs, args, "gantry").positionals;
}

/** Every value given for a flag that may be repeated, in order. */
export function valuesOf(rawArgs: readonly string[], args: ArgsDef, flag: string): readonly string[] {
  return parseStrictly(rawArgs, args, "gantry").values.get(flag) ?? [];
}

/**
 * The whole number given for a flag, or undefined when the flag is absent.
 *
 * @throws UsageError when it is no such number.
 *
 * @example
 * wholeNumber("--count", args.count, 1); // 64
 */
export function wholeNumber(flag: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text.replaceAll("_", ""));
  if (/^\d[\d_]*(e\d+)?$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`${flag} (=${text}) must be a whole number of at least ${least}`);
}

/**
 * The path given for a flag that names a file to write.
 * @throws UsageError unless it ends in `ending`, so that no other file is overwritten by a slip.
 */
export function fileNamed(flag: string, path: string, ending: `.${string}`): string {
  if (path.endsWith(ending)) return path;
  throw new UsageError(`${flag} (=${path}) must end in ${ending}`);
}

/**
 * The number above 0 given for a flag, or undefined when the flag is absent.
 * @throws UsageError when it is none.
 */
export function positiveNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && Number.isFinite(value)) return value;
  throw new UsageError(`${flag} (=${text}) must be a number above 0, such as 1.5`);
}

/**
 * The settings of `--set` and those that have flags of their own, such as `steps=3` of `--steps 3`.
 * @throws UsageError when a flag and `--set` differ.
 */
export function withFlags(
  settings: readonly string[],
  ofFlags: Readonly<Record<string, string | number | undefined>>,
): string[] {
  const given = Object.entries(ofFlags).filter(([, value]) => value !== undefined);
  for (const text of settings) {
    const [key, value] = text.split(/=(.*)/s, 2).map((part) => part.trim());
    const own = given.find(([name]) => name === key)?.[1];
    if (own !== undefined && value !== String(own) && Number(value?.replaceAll("_", "")) !== own) {
      throw new UsageError(`--${key} ${own} and --set ${text} differ; give one of them`);
    }
  }
  return [...settings, ...given.map(([key, value]) => `${key}=${value}`)];
}
