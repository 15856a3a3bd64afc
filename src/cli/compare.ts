/** `gantry compare`: two evaluations side by side, if their scores were measured under the same protocol. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import type { Score } from "../metrics/index.ts";
import { defineCommand } from "./command.ts";
import { aligned } from "./evaluate/text.ts";
import { significant, valueText } from "./progress.ts";

const args = {
  first: {
    type: "positional",
    required: true,
    description:
      "a file that gantry evaluate --out wrote, or a run that was evaluated while it trained (its last scores)",
  },
  second: { type: "positional", required: true, description: "the one to compare with" },
  json: { type: "boolean", description: "print one JSON object instead of text" },
} as const;

interface Scored {
  readonly of: string;
  readonly scores: readonly Score[];
}

async function readScores(path: string): Promise<Scored> {
  const { scoreSchema } = await import("../metrics/index.ts");
  if (existsSync(join(path, "recipe.json"))) {
    const { RunDirectory } = await import("../training/index.ts");
    const last = new RunDirectory(path).evaluations().at(-1);
    if (last) return { of: `${path}, step ${last.step}`, scores: last.scores };
    throw new UserError(`${path} was not evaluated while it trained; score it with gantry evaluate ${path} --out FILE`);
  }
  const { readJsonFile } = await import("../formats/index.ts");
  const stored = z.object({ format: z.literal(1), subject: z.string(), scores: z.array(scoreSchema) });
  const found = readJsonFile(path, z.unknown());
  const { data } = stored.safeParse(found);
  if (data === undefined) throw new UserError(`${path} is neither a file that gantry evaluate --out wrote nor a run`);
  return { of: path, scores: data.scores };
}

/** The command, for the shell to mount. */
export const compare = defineCommand({
  meta: {
    name: "compare",
    description:
      "Shows the scores of two evaluations side by side. Refuses scores of different protocols and names every difference.",
  },
  args,
  examples: [{ line: "gantry compare topk.json plain.json", does: "two files of gantry evaluate --out" }],
  async run({ args: flags }) {
    const { isBetter, requireSameProtocol } = await import("../metrics/index.ts");
    const [a, b] = [await readScores(flags.first), await readScores(flags.second)];
    const shared = a.scores.flatMap((score) => {
      const other = b.scores.find(({ name }) => name === score.name);
      return other === undefined ? [] : [[score, other] as const];
    });
    if (shared.length === 0) {
      const names = (scored: Scored) => scored.scores.map(({ name }) => name).join(", ");
      throw new UserError(`${a.of} has ${names(a)}, ${b.of} has ${names(b)}: no score in common`);
    }
    for (const [left, right] of shared) requireSameProtocol({ of: a.of, ...left }, { of: b.of, ...right });
    const rows = shared.map(([left, right]) => {
      const { name, better } = left;
      const difference = right.value - left.value;
      const spread = (left.std ?? 0) + (right.std ?? 0);
      const winner = isBetter(better, left.value, right.value) ? "the first is better" : "the second is better";
      const unknown = left.std === undefined || right.std === undefined;
      const verdict = unknown ? `${winner}, by an unknown spread` : winner;
      const within = Math.abs(difference) <= spread ? "within their spread" : verdict;
      const defined = difference === 0 ? "equal" : within;
      const which = Number.isNaN(difference) ? "undefined: they do not compare" : defined;
      return { name, first: left, second: right, difference, which };
    });
    if (flags.json) {
      process.stdout.write(`${JSON.stringify({ first: a.of, second: b.of, scores: rows })}\n`);
      return;
    }
    const signed = (value: number) => `${value > 0 ? "+" : ""}${significant(value)}`;
    const table = rows.map((row) => [
      row.name,
      valueText(row.first),
      valueText(row.second),
      signed(row.difference),
      row.which,
    ]);
    const lines = [
      `first   ${a.of}`,
      `second  ${b.of}`,
      "",
      ...aligned([["score", "first", "second", "change", ""], ...table]),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  },
});
