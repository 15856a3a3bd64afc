/** Help texts of at most 80 columns: usage, examples, arguments, options. */
import { styleText } from "node:util";
import type { ArgDef, ArgsDef } from "citty";
import { type Command, type CommandEntry, type Example, resolved } from "./command.ts";
import { aliasesOf, globalFlags, kebab } from "./flags.ts";

type Row = readonly [left: string, right: string];

/** Breaks text into lines of at most `width` letters, at spaces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}

function table(rows: readonly Row[], width: number): string[] {
  // A narrow terminal leaves more room to the texts.
  const left = Math.min(Math.max(...rows.map(([name]) => name.length)), width < 60 ? 8 : 26);
  return rows.flatMap(([name, text]) => {
    const lines = wrap(text, width - left - 4);
    // A name wider than its column gets a line of its own.
    const first =
      name.length > left
        ? [`  ${name}`, `  ${" ".repeat(left)}  ${lines[0]}`]
        : [`  ${name.padEnd(left)}  ${lines[0]}`];
    return [...first, ...lines.slice(1).map((line) => `  ${" ".repeat(left)}  ${line}`)];
  });
}

/** Bold on a terminal, unless the user asked for plain text (https://no-color.org): `styleText` sees to that. */
const heading = (title: string): string[] => ["", styleText("bold", title)];

function section(title: string, rows: readonly Row[], columns: number): string[] {
  return rows.length === 0 ? [] : [...heading(title), ...table(rows, columns)];
}

/** Commands to type, and what each does: on the same line where both fit, else below. */
function exampleLines(examples: readonly Example[], columns: number): string[] {
  if (examples.length === 0) return [];
  const fits = ({ line, does }: Example, left: number) => line.length <= left && left + 4 + does.length <= columns;
  const left = Math.max(0, ...examples.map(({ line }) => line.length).filter((length) => length <= columns / 2));
  return [
    ...heading("Examples"),
    ...examples.flatMap((example) =>
      fits(example, left)
        ? [`  ${example.line.padEnd(left)}  ${example.does}`]
        : [`  ${example.line}`, ...wrap(example.does, columns - 6).map((text) => `      ${text}`)],
    ),
  ];
}

/** A flag as help shows it: `--[no-]averaged`, `--out DIR`. */
export function flagName(name: string, definition: ArgDef): string {
  const short = aliasesOf(definition).map((alias) => `-${alias}, `);
  const negatable = definition.type === "boolean" && definition.negativeDescription !== undefined;
  const long = `--${negatable ? "[no-]" : ""}${kebab(name)}`;
  const hint = definition.type === "string" || definition.type === "enum" ? ` ${definition.valueHint ?? "VALUE"}` : "";
  return `${short.join("")}${long}${hint}`;
}

/** What an argument or a flag is for, with its default. */
export function described(definition: ArgDef): string {
  const standard =
    definition.default === undefined || definition.default === false ? "" : ` (default: ${definition.default})`;
  return `${definition.description ?? ""}${standard}`;
}

/** The help of one command. `path` is its full name, such as "gantry data get". */
export async function commandUsage(command: Command, path: string, columns: number): Promise<string> {
  const args: ArgsDef = (await resolved(command.args)) ?? {};
  const meta = await resolved(command.meta);
  const inner = Object.entries((await resolved(command.subCommands)) ?? {});
  const positionals = Object.entries(args).filter(([, definition]) => definition.type === "positional");
  const flags = Object.entries({ ...args, ...globalFlags }).filter(
    ([, definition]) => definition.type !== "positional",
  );
  const words = positionals.map(([name, { required }]) => (required === false ? `[${name}]` : `<${name}>`));
  const usages = [
    ...(command.run ? [[path, ...words, "[options]"].join(" ")] : []),
    ...(inner.length > 0 ? [`${path} <command> [options]`] : []),
  ];
  const commands: Row[] = [];
  for (const [name, lazy] of inner) {
    const own = await resolved((await resolved(lazy as Command))?.meta);
    commands.push([name, own?.description ?? ""]);
  }
  const lines = [
    ...usages.flatMap((usage, i) => wrap(`${i === 0 ? "Usage: " : "       "}${usage}`, columns)),
    "",
    ...wrap(meta?.description ?? "", columns),
    ...exampleLines(command.examples ?? [], columns),
    ...section("Commands", commands, columns),
    ...section(
      "Arguments",
      positionals.map(([name, definition]) => [name, described(definition)]),
      columns,
    ),
    ...section(
      "Options",
      flags.map(([name, definition]) => [flagName(name, definition), described(definition)]),
      columns,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

/** The help of `gantry` itself. The summaries of all groups begin in one column. */
export function mainUsage(
  groups: Readonly<Record<string, Readonly<Record<string, CommandEntry>>>>,
  version: string,
  columns: number,
): string {
  const intro = `Gantry ${version} trains generative adversarial networks from TypeScript on libtorch.`;
  const widest = Math.max(...Object.values(groups).flatMap((group) => Object.keys(group).map((name) => name.length)));
  const lines = [
    ...wrap(intro, columns),
    "",
    "Usage: gantry <command> [options]",
    ...section(
      "Start here",
      [
        ["gantry train mnist", "learn to draw digits; 3 minutes of training on 2 cores"],
        ["gantry train photos/", "learn from a folder of images"],
        ["gantry doctor", "see what computes, and how fast"],
      ],
      columns,
    ),
    ...Object.entries(groups).flatMap(([title, group]) =>
      section(
        title,
        Object.entries(group).map(([name, { summary }]) => [name.padEnd(widest), summary]),
        columns,
      ),
    ),
    ...section(
      "Options",
      [
        ["-h, --help".padEnd(widest), "show this help; after a command, the help of that command"],
        ["-v, --version", "show the version"],
      ],
      columns,
    ),
  ];
  return `${lines.join("\n")}\n`;
}
