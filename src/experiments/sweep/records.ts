/**
 * A sweep as one JSON Lines file: what was asked for and the columns of its table on the first line, then a line for each
 * run. Every table of the sweep can be made from it.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { fileError } from "../../base/file-error.ts";
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

/** The lines of a file, checked. @throws UserError for a damaged line, which it names */
function linesOf(path: string): z.output<typeof headSchema> & { readonly runs: readonly z.output<typeof runSchema>[] } {
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
  const head = read(headSchema, lines[0]!, 0);
  return { ...head, runs: lines.slice(1).map((line, i) => read(runSchema, line, i + 1)) };
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
  const { axes, columns, runs } = linesOf(path);
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

/** A cell of a sweep as a comparison of arms needs it. */
export interface ScoredCell {
  /** Its values on the axes. */
  readonly values: readonly string[];
  /** The step of its scores; of several, the smallest; 0 where it has none. */
  readonly step: number;
  /** A score's values by seed, by the score's name with or without its feature network: `fid`, `fid@mnist-classifier`. */
  of(score: string): ReadonlyMap<number, number>;
}

/**
 * The cells of a sweep's JSON Lines file in their order.
 *
 * @throws UserError for a damaged line, which it names
 */
export function readScoredCells(path: string): ScoredCell[] {
  const { columns, rows } = readSweepTable(path);
  const { runs } = linesOf(path);
  return rows.map(({ cell, scores }) => {
    const steps = runs.flatMap((run) => (run.cell === cell.name && run.step !== null ? [run.step] : []));
    return {
      values: cell.values,
      step: steps.length === 0 ? 0 : Math.min(...steps),
      of(score) {
        const own = columns.flatMap((column, i) =>
          column.score === score || column.score.startsWith(`${score}@`) ? (scores[i]?.values ?? []) : [],
        );
        return new Map(own.map(({ seed, value }) => [seed, value]));
      },
    };
  });
}
