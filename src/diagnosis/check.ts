/** A check: looks for one fault in what a run has written. It finds nothing without evidence. */
import type { Evidence } from "./evidence.ts";

/** What was found, with the numbers that show it. */
export interface Finding {
  /** The first step from which the evidence holds without a gap up to now, as far as the run's files show. */
  readonly since: number;
  /** One or two sentences with the numbers. */
  readonly evidence: string;
  /** The same numbers by name. */
  readonly numbers: Readonly<Record<string, number>>;
  /** A picture that shows it, if there is one: a path. */
  readonly picture?: string;
}

/** A finding; "clear" for none; or why the check could not be made. */
export type Outcome = Finding | "clear" | { readonly unknown: string };

/** A sentence of a page of results about what was measured, word for word. */
export interface Measured {
  /** The file in docs/. */
  readonly page: string;
  readonly text: string;
}

/** Looks for one fault. */
export interface Check {
  /** Its name in JSON, and its heading in docs/how-to/diagnose.md. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** What the pages of results say about remedies; empty where nothing was measured. */
  readonly measured: readonly Measured[];
  look(run: Evidence): Outcome | Promise<Outcome>;
}

/** Why a check could not be made. */
export const unknown = (reason: string): Outcome => ({ unknown: reason });

/** A number for a sentence. */
export function short(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3
    ? value.toExponential(1)
    : String(Number(value.toPrecision(3)));
}
