/**
 * The present results of a sweep: the scores of each run, and the table of the cells with mean and interval.
 *
 * A column holds scores of one protocol only. Where the cells' protocols differ (another number of images, other real
 * images) the score gets a column for each, and a note says what differs.
 */

import { counted } from "../../base/counted.ts";
import { differences, isBetter, type Protocol } from "../../metrics/index.ts";
import { chosenEvaluation, RunDirectory, type ScoresEvent, type Tick } from "../../training/index.ts";
import { type Interval, interval, separated } from "../statistics.ts";
import type { SweepFolder } from "./folder.ts";
import type { Cell, Grid, GridRun } from "./grid.ts";
import { type RunState, stateOf } from "./run-state.ts";

/** Which evaluation of a run counts: that of its last step, or its best one by the score that the recipe chooses by. */
export type ScoresAt = "final" | "best";

/** A last number of a run. */
export interface RunScore {
  readonly name: string;
  readonly value: number;
  /** Undefined for losses, where neither end is better. */
  readonly better?: "lower" | "higher" | undefined;
  readonly protocol?: Protocol | undefined;
}

/** A run with its results. */
export interface SweptRun {
  readonly run: GridRun;
  readonly state: RunState;
  /** The step that the scores are of; undefined without scores. */
  readonly step?: number | undefined;
  /** Seconds of training, without evaluations and files. */
  readonly seconds?: number | undefined;
  /** Versions and settings of the engine, on which the bits depend. */
  readonly engine?: Readonly<Record<string, string | number>> | undefined;
  /** Empty until the run has finished. */
  readonly scores: readonly RunScore[];
}

/** A column of the table: one score under one protocol. */
export interface Column {
  /** The score's name, with what sets its protocol apart where there are several. */
  readonly name: string;
  readonly score: string;
  readonly better?: "lower" | "higher" | undefined;
  readonly protocol?: Protocol | undefined;
}

/** A cell of the sweep under a column. */
export interface CellScore extends Interval {
  /** Its mean is the best, and its interval apart from that of every other cell. */
  readonly best: boolean;
  /** The values, by seed. */
  readonly values: readonly { readonly seed: number; readonly value: number }[];
}

/** A row of the table. */
export interface CellRow {
  readonly cell: Cell;
  /** Runs that there are to be, and how many of them have come to an end. */
  readonly planned: number;
  readonly finished: number;
  readonly failures: readonly { readonly seed: number; readonly reason: string }[];
  /** By column; undefined where the cell has no such score. */
  readonly scores: readonly (CellScore | undefined)[];
}

/** The table of a sweep. */
export interface SweepTable {
  readonly axes: readonly string[];
  readonly columns: readonly Column[];
  readonly rows: readonly CellRow[];
  /** Notes: differing protocols, missing runs. */
  readonly notes: readonly string[];
}

const LOSSES = ["lossD", "lossG", "dReal", "dFake"] as const;

/** The results of each run of the grid, read from the runs' own folders. */
export function runResults(folder: SweepFolder, grid: Grid, at: ScoresAt = "final"): SweptRun[] {
  return grid.runs.map((run) => {
    const state = stateOf(folder, run);
    if (state.kind !== "finished") return { run, state, scores: [] };
    const directory = new RunDirectory(folder.run(run.name));
    const ticks = directory.ticks();
    const last = ticks.at(-1);
    const { engine } = directory.description();
    const ended = { run, state, seconds: last?.seconds, engine };
    const evaluation = chosen(directory.evaluations(), at);
    if (evaluation) return { ...ended, step: evaluation.step, scores: evaluation.scores };
    return { ...ended, step: last?.step, scores: last ? losses(ticks, run.recipe.log.every) : [] };
  });
}

/** What decides bits and is not the same in all runs. Threads that a recipe names are a choice of the sweep. */
function engineNotes(results: readonly SweptRun[]): string[] {
  const engines = results.flatMap(({ run, engine }): Record<string, string | number>[] => {
    if (engine === undefined) return [];
    const { node: _, threads, ...others } = engine;
    return [threads === undefined || run.recipe.threads !== undefined ? others : { ...others, threads }];
  });
  const keys = [...new Set(engines.flatMap((engine) => Object.keys(engine)))];
  return keys.flatMap((key) => {
    const values = [...new Set(engines.flatMap((engine) => engine[key] ?? []))];
    if (values.length < 2) return [];
    return [`the runs differ in ${key} (${values.join(", ")}), on which their bits depend`];
  });
}

/**
 * The losses of the last `every` steps. A run that was stopped has a line more than another, and two lines with means over fewer
 * steps: those count by their steps, so that the place of the stop does not.
 */
function losses(ticks: readonly Tick[], every: number): RunScore[] {
  const last = ticks.at(-1)!.step;
  const from = Math.floor((last - 1) / every) * every;
  const recent = ticks.flatMap((tick, i) => {
    const before = Math.max(from, ticks[i - 1]?.step ?? 0);
    return tick.step > from ? [{ tick, steps: tick.step - before }] : [];
  });
  return LOSSES.map((name) => {
    // JSON writes what is no number as null.
    const sum = recent.reduce((total, { tick, steps }) => total + (tick[name] ?? Number.NaN) * steps, 0);
    return { name, value: recent.length === 1 ? (recent[0]!.tick[name] ?? Number.NaN) : sum / (last - from) };
  });
}

function chosen(evaluations: readonly ScoresEvent[], at: ScoresAt): ScoresEvent | undefined {
  const best = at === "best" ? chosenEvaluation(evaluations) : undefined;
  return evaluations.find(({ step }) => step === best?.step) ?? evaluations.at(-1);
}

const sameProtocol = (a: Protocol | undefined, b: Protocol | undefined): boolean =>
  a === undefined || b === undefined ? a === b : differences(a, b).length === 0;

/** The columns: every score that a run has, once for each protocol that it was measured under. */
function columnsOf(results: readonly SweptRun[]): { columns: Column[]; notes: string[] } {
  const groups = new Map<string, RunScore[]>();
  for (const { scores } of results) {
    for (const score of scores) {
      const known = groups.get(score.name) ?? [];
      if (!known.some(({ protocol }) => sameProtocol(protocol, score.protocol))) known.push(score);
      groups.set(score.name, known);
    }
  }
  const notes: string[] = [];
  const columns = [...groups].flatMap(([score, kinds]) =>
    kinds.map(({ better, protocol }, i): Column => {
      if (kinds.length === 1) return { name: score, score, better, protocol };
      // The first is named by its difference from the second, every other one by that from the first.
      const other = kinds[i === 0 ? 1 : 0]!.protocol;
      return { name: `${score} [${distinction(protocol, other)}]`, score, better, protocol };
    }),
  );
  for (const [score, kinds] of groups) {
    const names = columns.filter((column) => column.score === score).map(({ name }) => name);
    if (kinds.length > 1)
      notes.push(`${score} was measured under ${kinds.length} protocols, which are not compared: ${names.join(", ")}`);
  }
  return { columns, notes };
}

/** What one protocol has that the other has not: `fakeCount=500, real=mnist (train)`. */
function distinction(own: Protocol | undefined, other: Protocol | undefined): string {
  if (own === undefined || other === undefined) return own === undefined ? "no protocol" : "with a protocol";
  const found = differences(own, other).map(({ key, values: [value] }) => {
    // A hash says less to a person than a name, where the names differ too.
    if (key === "real.hash" && own.real?.name !== other.real?.name) return `real=${own.real?.name}`;
    return `${key}=${/^[0-9a-f]{64}$/.test(value) ? value.slice(0, 12) : value}`;
  });
  return found.join(", ");
}

/**
 * The table of a sweep's results.
 *
 * A value is marked as the best only when its interval has no point in common with that of any other cell, and only
 * once every run of every cell has ended. A cell of which every run failed has no part in the comparison.
 */
export function sweepTable(grid: Pick<Grid, "axes" | "cells">, results: readonly SweptRun[]): SweepTable {
  const { columns, notes } = columnsOf(results);
  const ofCell = (cell: Cell) => results.filter(({ run }) => run.cell === cell);
  const open = results.filter(({ state }) => state.kind === "waiting" || state.kind === "begun").length;
  notes.push(...engineNotes(results));
  if (open > 0)
    notes.push(`${open} of ${counted(results.length, "run")} have not ended: nothing is called the best yet`);
  const intervals = columns.map((column) =>
    grid.cells.map((cell) => {
      const values = ofCell(cell).flatMap(({ run, scores }) =>
        scores.filter((score) => matches(score, column)).map(({ value }) => ({ seed: run.seed, value })),
      );
      return values.length === 0 ? undefined : { ...interval(values.map(({ value }) => value)), values };
    }),
  );
  const rows = grid.cells.map((cell, row): CellRow => {
    const own = ofCell(cell);
    return {
      cell,
      planned: own.length,
      finished: own.filter(({ state }) => state.kind === "finished").length,
      failures: own.flatMap(({ run, state }) =>
        state.kind === "failed" ? [{ seed: run.seed, reason: state.reason }] : [],
      ),
      scores: columns.map((column, i) => {
        const score = intervals[i]![row];
        const others = intervals[i]!.filter((other, j) => j !== row && other !== undefined) as Interval[];
        return score && { ...score, best: open === 0 && isBest(score, others, column.better) };
      }),
    };
  });
  return { axes: grid.axes, columns, rows, notes };
}

function matches(score: RunScore, column: Column): boolean {
  return score.name === column.score && sameProtocol(score.protocol, column.protocol);
}

/** Whether the score is better than every other one, by intervals that are apart. */
export function isBest(score: Interval, others: readonly Interval[], better: Column["better"]): boolean {
  if (better === undefined || others.length === 0) return false;
  return others.every((other) => isBetter(better, score.mean, other.mean) && separated(score, other));
}
