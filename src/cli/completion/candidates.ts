/**
 * What the word that is being typed can become: a command, a flag, the value of a flag, a shipped recipe, a run folder. It follows
 * from the definitions of the commands, of which only the one that was typed is loaded.
 */
import type { ArgDef, ArgsDef } from "citty";
import { type Command, resolved } from "../command.ts";
import { aliasesOf, globalFlags, kebab, repeatedFlags } from "../flags.ts";
import { type Candidate, valuesFor } from "./values.ts";

/** The commands by name, as the shell has them. */
export type CommandTable = Readonly<Record<string, { readonly summary: string; load(): Promise<unknown> }>>;

/**
 * The words that the last of the typed ones can become, in the order of help; none where any file may stand.
 *
 * @example
 * await candidates(commands, ["re"]); // [{ word: "resume", about: "continue a run ..." }, ...]
 */
export async function candidates(commands: CommandTable, typed: readonly string[]): Promise<Candidate[]> {
  // The words come as they were typed: a space in one stands behind a backslash.
  const words = withoutEqualSigns(typed).map((word) => word.replaceAll(/\\(.)/g, "$1"));
  const current = words.at(-1) ?? "";
  const found = await allCandidates(commands, words.slice(0, -1), current);
  // A name with a line break or an escape code would end the line, or act on the terminal.
  return found.filter(({ word }) => word.startsWith(current) && !/\p{Cc}/u.test(word)).map(oneLine);
}

const oneLine = ({ word, about }: Candidate): Candidate => ({ word, about: about.replaceAll(/\p{Cc}+/gu, " ") });

/** bash divides `--to=csv` into three words; with two the rest need not know. */
function withoutEqualSigns(typed: readonly string[]): string[] {
  const words = typed.filter((word, i) => !(word === "=" && typed[i - 1]?.startsWith("--")));
  return typed.at(-1) === "=" && words.length < typed.length ? [...words, ""] : words;
}

async function allCandidates(commands: CommandTable, before: readonly string[], current: string): Promise<Candidate[]> {
  const [name, ...rest] = before[0] === "help" ? before.slice(1) : before;
  if (name === undefined) {
    const all = Object.entries(commands).map(([word, { summary }]) => ({ word, about: summary }));
    const own = ["--help", "--version"].map((word) => ({ word, about: "" }));
    return current.startsWith("-") ? own : all;
  }
  if (!Object.hasOwn(commands, name)) return [];
  const [command, path, args] = await descend((await commands[name]!.load()) as Command, name, rest);
  const definitions: ArgsDef = { ...(await resolved(command.args)), ...globalFlags };
  const { flag, positionals, given, ended } = read(args, definitions);
  if (flag !== undefined) return valuesFor(path, flag, current);
  if (current.startsWith("-") && !ended) return flagCandidates(definitions, given);
  const names = Object.entries(definitions).filter(([, { type }]) => type === "positional");
  const [key, definition] = names[Math.min(positionals, names.length - 1)] ?? [];
  const isFree = positionals < names.length || definition?.valueHint?.endsWith("...");
  return [
    ...(positionals === 0 ? await subCommandsOf(command) : []),
    ...(key !== undefined && isFree ? await valuesFor(path, key, current) : []),
  ];
}

/** Follows sub-commands of sub-commands as far as they were typed. */
async function descend(
  command: Command,
  path: string,
  args: readonly string[],
): Promise<[Command, string, readonly string[]]> {
  const inner = await resolved(command.subCommands);
  const name = args[0] ?? "";
  if (!inner || !Object.hasOwn(inner, name)) return [command, path, args];
  return descend((await resolved(inner[name])) as Command, `${path} ${name}`, args.slice(1));
}

async function subCommandsOf(command: Command): Promise<Candidate[]> {
  const inner = Object.entries((await resolved(command.subCommands)) ?? {});
  return Promise.all(
    inner.map(async ([word, lazy]) => {
      const meta = await resolved((await resolved(lazy as Command))?.meta);
      return { word, about: meta?.description ?? "" };
    }),
  );
}

/** What was typed of a command: the flag whose value comes next, how many arguments, which flags, and whether `--` ended them. */
function read(args: readonly string[], definitions: ArgsDef) {
  const flags = new Map<string, [string, ArgDef]>();
  for (const [name, definition] of Object.entries(definitions)) {
    if (definition.type === "positional") continue;
    const spellings = [`--${kebab(name)}`, ...aliasesOf(definition).map((alias) => `-${alias}`)];
    for (const spelling of spellings) flags.set(spelling, [name, definition]);
  }
  let flag: string | undefined;
  let positionals = 0;
  let ended = false;
  const given = new Set<string>();
  for (const word of args) {
    if (flag !== undefined) {
      flag = undefined;
    } else if (word === "--") {
      ended = true;
    } else if (word.startsWith("-") && word !== "-" && !ended) {
      const [name, definition] = flags.get(word.split("=")[0]!) ?? [];
      if (name !== undefined) given.add(name);
      if (definition?.type === "string" && !word.includes("=")) flag = name;
    } else {
      positionals++;
    }
  }
  return { flag, positionals, given, ended };
}

function flagCandidates(definitions: ArgsDef, given: ReadonlySet<string>): Candidate[] {
  return Object.entries(definitions).flatMap(([name, definition]) => {
    if (definition.type === "positional" || (given.has(name) && !repeatedFlags.includes(name))) return [];
    const about = definition.description ?? "";
    const negative =
      definition.type === "boolean" && definition.negativeDescription !== undefined
        ? [{ word: `--no-${kebab(name)}`, about: definition.negativeDescription }]
        : [];
    return [{ word: `--${kebab(name)}`, about }, ...negative];
  });
}
