/** Numbers and times as text. */
import type { RunState } from "../../api.ts";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A count with separators: 12,345. */
export const countText = (value: number): string =>
  Math.abs(value) < 1e15 ? whole.format(value) : value.toExponential(2);

/** A number with four significant digits; a dash where there is none. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2);
  if (Number.isInteger(value)) return whole.format(value);
  return size >= 1_000 ? whole.format(value) : String(Number(value.toPrecision(4)));
}

/** Seconds in words: "3 min 52 s". */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const all = Math.round(seconds);
  if (all < 60) return `${all} s`;
  if (all < 3_600) return `${Math.floor(all / 60)} min ${all % 60} s`;
  if (all < 172_800) return `${Math.floor(all / 3_600)} h ${Math.floor(all / 60) % 60} min`;
  return `${countText(Math.floor(all / 86_400))} days`;
}

/** A point in time in the reader's own zone. */
export function timeText(time: string | undefined): string {
  const date = new Date(time ?? Number.NaN);
  return Number.isNaN(date.getTime())
    ? ""
    : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** The states of a run in words. */
export const STATES: Readonly<Record<RunState, string>> = {
  preparing: "Preparing",
  training: "Training",
  stopping: "Stopping",
  finished: "Finished",
  stopped: "Stopped",
  failed: "Failed",
  lost: "Ended without a word",
  untrained: "Not trained",
};

/** An argument as a POSIX shell takes it. */
export const shellText = (argument: string): string =>
  /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
