/**
 * A sweep as one JSON Lines file: what was asked for and the columns of its table on the first line, then a line for each
 * run. Every table of the sweep can be made from it.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { fileError } from "../../formats/index.ts";
import type { Protocol } from "../../metrics/index.ts";
import { known } from "./render.ts";
import { type ScoresAt, type SweepTable, type SweptRun, sweepTable } from "./results.ts";

const headSchema = z.object({
  format: z.literal(1),
  at: z.enum(["final", "best"]),
  axes: z.array(z.string()),
  columns: z.array(
    z.object({ score: z.string(), better: z.enum(["lower", "higher"]).optional(), protocol: z.unknown().optional() }),
  ),
  /** As in sweep.json. */
  sweep: z.unknown(),
});

const runSchema = z.object({
  run: z.string(),
  cell: z.string(),
  values: z.record(z.string(), z.string()),
  seed: z.int(),
  state: z.enum(["waiting", "begun", "finished", "failed"]),
  reason: z.string().optional(),
  /** Of the scores. */
  step: z.int().nullable(),
  seconds: z.number().nullable(),
  /** By column; null where there is no number. */
  scores: z.array(z.number().nullable()),
});

/** The lines of a sweep's records. */
export function sweepRecords(sweep: unknown, at: ScoresAt, table: SweepTable, results: readonly SweptRun[]): string {
  const columns = table.columns.map(({ score, better, protocol }) => ({ score, better, protocol }));
  const head = { format: 1, at, axes: table.axes, columns, sweep };
  const runs = results.map(({ run, state, step, seconds }) => {
    const row = table.rows.find(({ cell }) => cell === run.cell)!;
    const value = (i: number) => row.scores[i]?.values.find(({ seed }) => seed === run.seed)?.value;
    return {
      run: run.name,
      cell: run.cell.name,
      values: Object.fromEntries(table.axes.map((axis, i) => [axis, run.cell.values[i]])),
      seed: run.seed,
      state: state.kind,
      ...(state.kind === "failed" ? { reason: state.reason } : {}),
      step: step ?? null,
      seconds: seconds ?? null,
      scores: columns.map((_, i) => known(value(i) ?? Number.NaN)),
    };
  });
  return [head, ...runs].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/**
 * The table of a sweep from its JSON Lines file.
 *
 * @throws UserError for a damaged line, which it names
 *
 * @example
 * process.stdout.write(tableMarkdown(readSweepTable("sweeps/mnist/records.jsonl")));
 */
export function readSweepTable(path: string): SweepTable {
  let lines: string[];
  try {
    lines = readFileSync(path, "utf8").trimEnd().split("\n");
  } catch (error) {
    throw fileError(error, "read", path);
  }
  const read = <S extends z.ZodType>(schema: S, line: string, i: number): z.output<S> => {
    try {
      return schema.parse(JSON.parse(line));
    } catch (error) {
      throw new UserError(`${path}: line ${i + 1} is no record of a sweep`, { cause: error });
    }
  };
  const { axes, columns } = read(headSchema, lines[0]!, 0);
  const runs = lines.slice(1).map((line, i) => read(runSchema, line, i + 1));
  const named = new Map(
    runs.map(({ cell, values }) => {
      const labels = axes.map((axis) => values[axis]!);
      const label = axes.map((axis, i) => `${axis}=${labels[i]}`).join(" ");
      return [cell, { name: cell, label, values: labels, set: [] }];
    }),
  );
  const results = runs.map(({ run, cell, seed, state, reason = "", scores, ...rest }) => ({
    run: { name: run, cell: named.get(cell)!, seed },
    state: { kind: state, reason },
    ...rest,
    scores: columns.flatMap(({ score, better, protocol }, i) => {
      const value = scores[i];
      return value == null ? [] : [{ name: score, value, better, protocol: protocol as Protocol | undefined }];
    }),
  }));
  const cells = [...named.values()];
  return sweepTable({ axes, cells }, results as unknown as readonly SweptRun[]);
}
