/** The generated parts of docs/reference/cli.md: every command with its arguments, flags and examples. */
import { type Command, resolved } from "../../src/cli/command.ts";
import { commandGroups, commands } from "../../src/cli/commands.ts";
import { globalFlags } from "../../src/cli/flags.ts";
import { described, flagName, wrap } from "../../src/cli/usage.ts";
import { pageTable } from "../generated-parts.ts";

/** Text of a help as Markdown shows it: `<name>` is no element. */
const prose = (text: string): string => text.replaceAll("<", "\\<").replaceAll("*", "\\*");

const sentence = (text: string): string => wrap(prose(`${text[0]!.toUpperCase()}${text.slice(1)}`), 100).join("\n");

async function partOf(command: Command, path: string): Promise<string> {
  const args = Object.entries((await resolved(command.args)) ?? {});
  const meta = await resolved(command.meta);
  const positionals = args.filter(([, { type }]) => type === "positional");
  const flags = args.filter(([, { type }]) => type !== "positional");
  const words = positionals.map(([name, { required }]) => (required === false ? `[${name}]` : `<${name}>`));
  const rows = [
    ...positionals.map(([name, definition]) => [`\`<${name}>\``, prose(described(definition))]),
    ...flags.map(([name, definition]) => [`\`${flagName(name, definition)}\``, prose(described(definition))]),
  ];
  const usage = command.run ? [path, ...words, "[options]"] : [path, "<command>", "[options]"];
  return [
    sentence(meta?.description ?? ""),
    `\`\`\`text\n${usage.join(" ")}\n\`\`\``,
    ...(rows.length === 0 ? [] : [pageTable(["argument or flag", "meaning"], rows)]),
    ...(command.examples?.length
      ? [
          pageTable(
            ["example", "does"],
            command.examples.map(({ line, does }) => [`\`${line}\``, prose(does)]),
          ),
        ]
      : []),
  ].join("\n\n");
}

/** The experiments have a page of their own. */
const ELSEWHERE = ["lab"];

/** The parts by name: `commands`, `flags of every command`, and each command by its words, such as `data get`. */
export async function cliParts(): Promise<Record<string, string>> {
  const parts: Record<string, string> = {};
  for (const [name, { load }] of Object.entries(commands)) {
    const command = (await load()) as Command;
    const inner = Object.entries((await resolved(command.subCommands)) ?? {});
    if (command.run || !ELSEWHERE.includes(name)) parts[name] = await partOf(command, `gantry ${name}`);
    if (ELSEWHERE.includes(name)) {
      const rows = inner.map(async ([word, lazy]) => {
        const meta = await resolved(((await resolved(lazy)) as Command).meta);
        return [`[\`lab ${word}\`](experiments.md#${word})`, prose(meta?.description ?? "")];
      });
      parts[name] = pageTable(["experiment", "does"], await Promise.all(rows));
      continue;
    }
    for (const [word, lazy] of inner) {
      const own = (await resolved(lazy)) as Command;
      // `gantry data X` is `gantry data inspect X`.
      if (own.args !== command.args) parts[`${name} ${word}`] = await partOf(own, `gantry ${name} ${word}`);
    }
  }
  const rows = Object.entries(globalFlags).map(([name, definition]) => [
    `\`${flagName(name, definition)}\``,
    prose(described(definition)),
  ]);
  parts["flags of every command"] = pageTable(["flag", "meaning"], rows);
  parts.commands = pageTable(
    ["", "command", "does"],
    Object.entries(commandGroups).flatMap(([title, group]) =>
      Object.entries(group).map(([name, { summary }], i) => [
        i === 0 ? title : "",
        `[\`${name}\`](#${name})`,
        prose(summary),
      ]),
    ),
  );
  return parts;
}
