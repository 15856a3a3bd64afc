/** The lines of metrics.jsonl as the studio reads them: nothing is taken for granted about what a file holds. */
import { type Score, scoreSchema } from "../../metrics/index.ts";
import type { RunLine } from "../api.ts";

/** Longer texts are cut. */
const LONGEST_TEXT = 2_000;

/** The numbers of a line, by name; only finite ones. */
export interface NumbersLine {
  readonly step: number;
  readonly numbers: ReadonlyMap<string, number>;
}

/** An evaluation. */
export interface ScoresLine {
  readonly event: "scores";
  readonly step: number;
  readonly scores: readonly Score[];
  readonly chosenBy: string;
}

/** D's outputs in a step, not checked yet: only one view needs them. */
export interface OutputsLine {
  readonly event: "outputs";
  readonly step: number;
  readonly fields: object;
}

/** A line: numbers, scores, D's outputs, or the beginning or end of a session. */
export type ParsedLine = NumbersLine | ScoresLine | OutputsLine | RunLine;

const text = (value: unknown): string | undefined =>
  typeof value === "string" ? value.slice(0, LONGEST_TEXT) : undefined;

/** One line of a log; undefined for half a line, for what is not JSON, and for what has no step. */
export function parseLine(line: string): ParsedLine | undefined {
  let found: unknown;
  try {
    found = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) return undefined;
  const { step, event, time, message, scores, chosenBy } = found as Record<string, unknown>;
  if (typeof step !== "number" || !Number.isFinite(step)) return undefined;
  if (event === undefined) {
    const numbers = new Map<string, number>();
    for (const [name, value] of Object.entries(found)) {
      if (typeof value === "number" && Number.isFinite(value) && name !== "step") numbers.set(name, value);
    }
    return { step, numbers };
  }
  if (event === "outputs") return { event, step, fields: found };
  if (event === "scores") {
    const known = Array.isArray(scores) ? scores.flatMap((score) => scoreSchema.safeParse(score).data ?? []) : [];
    return { event, step, scores: known, chosenBy: text(chosenBy) ?? "" };
  }
  return { event: text(event) ?? "unknown", step, time: text(time), message: text(message) };
}

/** The parsed lines of a chunk. */
export function* parseLines(chunk: Buffer): Generator<ParsedLine> {
  for (const line of chunk.toString("utf8").split("\n")) {
    const parsed = line === "" ? undefined : parseLine(line);
    if (parsed !== undefined) yield parsed;
  }
}
