/**
 * D's outputs over time, from the lines `outputs` of a log (docs/reference/run-format.md). Long logs are thinned: when there are too
 * many lines, every other one is left out.
 */
import { z } from "zod";
import type { Batch, Outputs } from "../api.ts";
import type { LineSink } from "./line-reader.ts";
import { parseLines } from "./log-lines.ts";

/** Lines that are kept, at most. */
const MOST_LINES = 300;
/** More rows or bins than these are not what the format says. */
const MOST_ROWS = 1_024;

const numbers = z.array(z.number()).max(MOST_ROWS);
const pixels = z.int().min(0).max(16_384);

const outputsSchema = z.object({
  step: z.number(),
  histogram: z.object({ from: z.number(), to: z.number(), real: numbers, fake: numbers }),
  batch: z.object({
    size: z.number(),
    kept: z.number(),
    selectedBy: z.string().max(100).optional(),
    scores: z.array(z.number().nullable()).max(MOST_ROWS),
    isKept: numbers,
    labels: numbers.optional(),
    points: z.array(z.array(z.number()).max(4)).max(MOST_ROWS).optional(),
    images: z
      .object({ columns: pixels.min(1), size: pixels.min(1), height: pixels.min(1).optional(), padding: pixels })
      .optional(),
  }),
});

type OutputsLine = z.output<typeof outputsSchema>;

/** The outputs of one run. */
export class OutputsLog implements LineSink {
  #lines: OutputsLine[] = [];

  restart(): void {
    this.#lines = [];
  }

  lines(chunk: Buffer): void {
    for (const line of parseLines(chunk)) {
      if ("fields" in line) this.#add(line.fields);
      else if ("event" in line && (line.event === "start" || line.event === "resume")) {
        this.#lines = this.#lines.filter(({ step }) => step <= line.step);
      }
    }
  }

  #add(fields: object): void {
    const { data } = outputsSchema.safeParse(fields);
    if (data === undefined) return;
    this.#lines.push(data);
    if (this.#lines.length > MOST_LINES)
      this.#lines = this.#lines.filter((_, i, all) => (all.length - 1 - i) % 2 === 0);
  }

  /** The histograms of every step that is kept. */
  outputs(): Outputs[] {
    return this.#lines.map(({ step, histogram, batch: { size, kept, selectedBy } }) => ({
      step,
      ...histogram,
      size,
      kept,
      selectedBy,
    }));
  }

  /** The batch of a step. */
  batch(step: number): Batch | undefined {
    const found = this.#lines.find((line) => line.step === step);
    if (found === undefined) return undefined;
    const { scores, isKept, labels, points, images } = found.batch;
    return { step, scores, isKept: isKept.map((one) => one === 1), labels, points, images };
  }
}
