/**
 * A run as tables of comma-separated values (RFC 4180, with plain line ends): the log's ticks, the scores, and D's outputs
 * as histograms. A cell without a value is empty. Numbers are written in full.
 */
import { join } from "node:path";
import { writeFileAtomic } from "../formats/index.ts";
import type { RunDirectory, Tick } from "../training/index.ts";

type Cell = string | number | null | undefined;

/** Writes ticks.csv, scores.csv and outputs.csv into a folder, over older ones. Returns their paths. */
export function exportCsv(run: RunDirectory, folder: string): string[] {
  const tables = { "ticks.csv": ticksOf(run.ticks()), "scores.csv": scoresOf(run), "outputs.csv": outputsOf(run) };
  return Object.entries(tables).map(([name, rows]) => {
    const path = join(folder, name);
    writeFileAtomic(path, rows.map(lineOf));
    return path;
  });
}

/** One row a tick, with every name that any of them has. */
function ticksOf(ticks: readonly Tick[]): Cell[][] {
  const names = [...new Set(["step", "epoch", ...ticks.flatMap((tick) => Object.keys(tick))])];
  return [names, ...ticks.map((tick) => names.map((name) => tick[name]))];
}

/** One row a score. */
function scoresOf(run: RunDirectory): Cell[][] {
  const head = ["step", "time", "name", "value", "std", "better", "features", "samples"];
  const rows = run.evaluations().flatMap(({ step, time, scores }) =>
    scores.map(({ name, value, std, better, protocol }) => {
      return [step, time, name, value, std, better, protocol.features, protocol.fakeCount];
    }),
  );
  return [head, ...rows];
}

/** One row a bin. */
function outputsOf(run: RunDirectory): Cell[][] {
  const rows = run.outputs().flatMap(({ step, histogram: { from, to, real, fake } }) =>
    real.map((count, i) => {
      const edge = (bin: number): number => from + (bin * (to - from)) / real.length;
      return [step, edge(i), edge(i + 1), count, fake[i]];
    }),
  );
  return [["step", "from", "to", "real", "generated"], ...rows];
}

const lineOf = (row: readonly Cell[]): string => `${row.map(cellOf).join(",")}\n`;

/** A text that a spreadsheet would take for a formula begins with an apostrophe. */
function cellOf(value: Cell): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
