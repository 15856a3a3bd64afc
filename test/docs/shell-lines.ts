/** The commands of a shell block, as words. */
import { parse } from "shell-quote";
import type { Block } from "./pages.ts";

/** One simple command: what stands between `|`, `&&` and the like. */
export interface Command {
  readonly block: Block;
  readonly line: number;
  readonly words: readonly string[];
}

/** Operators after which the next word is a file. */
const redirections = [">", ">>", "<", ">&", "<&", "&>"];

/** The lines of a block, with those that end in a backslash joined; the text of here-documents is left out. */
function joinedLines({ line, text }: Block): { line: number; text: string }[] {
  const joined: { line: number; text: string }[] = [];
  let end: string | undefined;
  let open = false;
  text.split("\n").forEach((part, i) => {
    if (end !== undefined) {
      if (part.trim() === end) end = undefined;
      return;
    }
    if (open) joined.at(-1)!.text += part.trimStart();
    else joined.push({ line: line + i, text: part });
    open = part.endsWith("\\");
    if (open) joined.at(-1)!.text = joined.at(-1)!.text.slice(0, -1);
    end = /<<-?\s*['"]?(\w+)/.exec(part)?.[1];
  });
  return joined;
}

/** Every command of a block. Variables stay as they are written. */
export function commandsOf(block: Block): Command[] {
  return joinedLines(block).flatMap(({ line, text }) => {
    const commands: string[][] = [[]];
    let file = false;
    for (const part of parse(text, (name) => `$${name}`)) {
      if (typeof part === "object" && "comment" in part) break;
      if (typeof part === "object" && part.op !== "glob") {
        file = redirections.includes(part.op);
        if (!file) commands.push([]);
        continue;
      }
      const word = typeof part === "string" ? part : (part as { pattern: string }).pattern;
      if (!file) commands.at(-1)!.push(word);
      file = false;
    }
    return commands
      .filter((words) => words.length > 0)
      .map((words) => ({ block, line, words: withoutVariables(words) }));
  });
}

/** `A=1 gantry train` is `gantry train`. */
function withoutVariables(words: readonly string[]): string[] {
  const first = words.findIndex((word) => !/^\w+=/.test(word));
  return first < 0 ? [] : words.slice(first);
}

/** The arguments of `gantry`, where the command is that. */
export function gantryArguments({ words }: Command): readonly string[] | undefined {
  if (words[0] === "gantry") return words.slice(1);
  if (words[0] === "npx" && words[1] === "gantry") return words.slice(2);
  return words[0] === "node" && words[1] === "bin/gantry.js" ? words.slice(2) : undefined;
}
