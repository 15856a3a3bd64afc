/** `gantry compare`: two evaluations side by side, if their scores were measured under the same protocol. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import type { Score, Verdict } from "../metrics/index.ts";
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

function verdictText({ kind, spreadKnown }: Verdict, things: string): string {
  if (kind === "first" || kind === "second")
    return `the ${kind} of these two ${things} is better${spreadKnown ? "" : ", by an unknown spread"}`;
  return kind;
}

/** @throws UserError when the path is a folder, which would be no run: a sweep has many runs. */
function refuseFolder(path: string): void {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (existsSync(join(path, "sweep.json"))) {
    throw new UserError(
      `${path} is the folder of a sweep; its scores with intervals are in ${join(path, "table.md")}; give two of its runs, ${join(path, "runs", "NAME")}`,
    );
  }
  throw new UserError(`${path} is a folder, and no run; give a run, or a file that gantry evaluate --out wrote`);
}

/** What the ± of the scores is, a line; none where no score has one. */
function spreadLine(scores: readonly Score[]): string[] {
  const over = scores.flatMap(({ name, over }) => (over === undefined ? [] : [`${name}: ${over}`]));
  const unique = [...new Set(over)];
  if (unique.length === 0) return [];
  return [`± is the standard deviation over seeds, splits or subsets of the samples (${unique.join("; ")}).`];
}

/** What the verdicts are of, a line: of one training each where both sides are runs. */
const reachLine = (areRuns: boolean): string =>
  areRuns
    ? "Each side is one training: other training seeds may reverse the order. To compare settings, train several seeds: gantry sweep (docs/how-to/sweep.md)."
    : "The verdicts are of these samples, not of the models behind them (docs/how-to/make-runs-comparable.md).";

async function readScores(path: string): Promise<Scored> {
  const { scoreSchema } = await import("../metrics/index.ts");
  if (existsSync(join(path, "recipe.json"))) {
    const { RunDirectory } = await import("../training/index.ts");
    const last = new RunDirectory(path).evaluations().at(-1);
    if (last) return { of: `${path}, step ${last.step}`, scores: last.scores };
    throw new UserError(`${path} was not evaluated while it trained; score it with gantry evaluate ${path} --out FILE`);
  }
  refuseFolder(path);
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
    const { requireSameProtocol, verdictOf } = await import("../metrics/index.ts");
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
    const areRuns = shared.every(([left, right]) => left.protocol.drawing !== null && right.protocol.drawing !== null);
    const things = areRuns ? "runs" : "sets of samples";
    const rows = shared.map(([first, second]) => {
      const verdict = verdictOf(first, second);
      const which = verdictText(verdict, things);
      return { name: first.name, first, second, difference: second.value - first.value, verdict, which };
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
      "",
      ...spreadLine(shared.flat()),
      reachLine(areRuns),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  },
});
