/** metrics.jsonl: one line for each stretch of steps, and one for each beginning and end of a session. */
import { appendFileSync, closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { z } from "zod";
import { fileError } from "../../base/file-error.ts";
import { differences, isBetter, type Score, scoreSchema } from "../../metrics/index.ts";
import { LogChecksums, type LogDamage } from "./log-checksums.ts";
import { textLines } from "./text-lines.ts";

/** One line of metrics.jsonl for a stretch of steps. */
export interface Tick {
  /** Steps done. */
  readonly step: number;
  readonly epoch: number;
  /** Real images seen per second. */
  readonly imagesPerSecond: number;
  /** Seconds of training so far, over all sessions. */
  readonly seconds: number;
  /**
   * Means over the steps since the last line: `lossD`, `lossG`, `dReal` and `dFake` of a recipe, or the numbers that a
   * trainer's step returns. Then the values of the last step: of a recipe the norms of both players' gradients,
   * `gradNormD` and `gradNormG`, and the numbers of techniques, such as top-k's `k`.
   */
  readonly [name: string]: number | undefined;
}

/** A line of metrics.jsonl with the scores of an evaluation. */
export interface ScoresEvent {
  readonly event: "scores";
  readonly step: number;
  readonly time: string;
  /** How long the evaluation took. */
  readonly seconds: number;
  readonly scores: readonly Score[];
  /** Name of the score by which the best checkpoint is chosen. */
  readonly chosenBy: string;
}

/** A line of metrics.jsonl with D's outputs in one step of a recipe, written together with the sample grid. */
export interface OutputsEvent {
  readonly event: "outputs";
  readonly step: number;
  readonly time: string;
  /**
   * D's outputs (scores, before any sigmoid) of the last update of D in the step: how many are in each of equal bins
   * from `from` to `to`. Real and generated images have the same bins.
   */
  readonly histogram: {
    readonly from: number;
    readonly to: number;
    readonly real: readonly number[];
    readonly fake: readonly number[];
  };
  /**
   * The generated batch of G's update, the most real first: of a batch above 256 rows, 256 that are evenly spaced in
   * that order. The lists have the same length.
   */
  readonly batch: {
    /** Rows of the whole batch, and how many of them G learned from. */
    readonly size: number;
    readonly kept: number;
    /** The technique that selected them, if any did. */
    readonly selectedBy?: string;
    /** D's outputs; null where one is not finite. */
    readonly scores: readonly (number | null)[];
    /** 1 for a row that G learned from, otherwise 0. */
    readonly isKept: readonly number[];
    /** Class numbers, where the data has classes. */
    readonly labels?: readonly number[];
    /** Conditions as networks get them, where the data has these. */
    readonly conditions?: readonly (readonly number[])[];
    /** The samples themselves, where they are vectors of at most 4 numbers. */
    readonly points?: readonly (readonly (number | null)[])[];
    /** A picture of the images, in rows of `columns`, with `padding` pixels around each. */
    readonly images?: {
      /** Relative to the run's folder. */
      readonly file: string;
      readonly columns: number;
      /** Width of an image in pixels. */
      readonly size: number;
      /** Its height, where that is another. */
      readonly height?: number;
      readonly padding: number;
    };
  };
}

/** A line of metrics.jsonl that says that a session of the run began or ended, or that an evaluation failed. */
export interface RunEvent {
  readonly event: "start" | "resume" | "stop" | "finish" | "fail" | "unscored";
  readonly step: number;
  readonly time: string;
  /** Versions and settings of this session that the bits depend on; of `start` and `resume`. */
  readonly engine?: Readonly<Record<string, string | number>>;
  /** Why it failed; of `fail` and `unscored`. */
  readonly message?: string;
}

/** Any line of metrics.jsonl. */
export type LogLine = Tick | RunEvent | ScoresEvent | OutputsEvent;

/** The log of one run. Lines are only ever added. */
export class RunLog {
  /** The path of the log. */
  readonly metrics: string;
  readonly #checksums: LogChecksums;

  constructor(metrics: string) {
    this.metrics = metrics;
    this.#checksums = new LogChecksums(metrics);
  }

  /**
   * Adds a line, and its checksum to metrics.crc.
   * @throws UserError when the disk refuses; the lines before it stay as they are.
   */
  append(line: LogLine): void {
    try {
      // A crash or a full disk can have left half a line. The next line must not be joined to it.
      const separator = endsWithNewline(this.metrics) ? "" : "\n";
      const text = `${separator}${JSON.stringify(line)}\n`;
      appendFileSync(this.metrics, text);
      this.#checksums.add(text);
    } catch (error) {
      throw fileError(error, "write", this.metrics);
    }
  }

  /** Compares the lines with their checksums. */
  damage(): LogDamage {
    return this.#checksums.damage();
  }

  /** The ticks, each step once: after a resume the later line is valid, and lines after the checkpoint are left out. */
  ticks(): Tick[] {
    return this.#standing().filter((line): line is Tick => !("event" in line));
  }

  /** Every line that can be read, in the order of the file: also those that a resumed run has made again. */
  lines(): LogLine[] {
    if (!existsSync(this.metrics)) return [];
    const lines: LogLine[] = [];
    for (const text of textLines(this.metrics)) {
      const line = parseLine(text);
      if (line !== undefined) lines.push(line);
    }
    return lines;
  }

  /** How many lines can be read by nobody: half a line after a crash, damaged ones, those of another program. */
  unreadable(): number {
    if (!existsSync(this.metrics)) return 0;
    let count = 0;
    for (const text of textLines(this.metrics)) if (text !== "" && parseLine(text) === undefined) count += 1;
    return count;
  }

  /** The evaluations, by the same rule. */
  evaluations(): ScoresEvent[] {
    return this.#standing().filter((line): line is ScoresEvent => "event" in line && line.event === "scores");
  }

  /** D's outputs, by the same rule. */
  outputs(): OutputsEvent[] {
    return this.#standing().filter((line): line is OutputsEvent => "event" in line && line.event === "outputs");
  }

  /** Valid ticks, scores and outputs: without those of steps that a resumed run made again. */
  #standing(): LogLine[] {
    let standing: LogLine[] = [];
    for (const line of this.lines()) {
      if (!("event" in line) || line.event === "scores" || line.event === "outputs") standing.push(line);
      else if (line.event === "start" || line.event === "resume") {
        const { step } = line;
        standing = standing.filter((earlier) => earlier.step <= step);
      }
    }
    return standing;
  }
}

/** The value of a score at a step. */
interface ScoredStep {
  readonly step: number;
  readonly value: number;
}

/**
 * The values of a score, oldest first, that compare with its newest one: a run's `evaluate` may change when it is
 * resumed.
 */
export function comparableValues(evaluations: readonly ScoresEvent[], name: string): ScoredStep[] {
  const all = evaluations.flatMap(({ step, scores }) => {
    const score = scores.find((one) => one.name === name);
    return score === undefined ? [] : [{ step, score }];
  });
  const newest = all.at(-1)?.score.protocol;
  return all
    .filter(({ score }) => differences(score.protocol, newest!).length === 0)
    .map(({ step, score: { value } }) => ({ step, value }));
}

/**
 * The best value of a score among those that compare; undefined when there is none. Of equal ones the earlier is
 * better, and an undefined one is never the best.
 */
export function bestEvaluation(
  evaluations: readonly ScoresEvent[],
  { name, better }: Pick<Score, "name" | "better">,
): ScoredStep | undefined {
  return comparableValues(evaluations, name)
    .filter(({ value }) => !Number.isNaN(value))
    .reduce<ScoredStep | undefined>(
      (best, next) => (best === undefined || isBetter(better, next.value, best.value) ? next : best),
      undefined,
    );
}

/** The best evaluation by the score that the newest evaluation names. Undefined when there is none. */
export function chosenEvaluation(evaluations: readonly ScoresEvent[]): (ScoredStep & { name: string }) | undefined {
  const newest = evaluations.at(-1);
  const score = newest?.scores.find(({ name }) => name === newest.chosenBy);
  const best = score && bestEvaluation(evaluations, score);
  return best && { ...best, name: score.name };
}

/** A line that can be used; undefined for half a line, which a crash can leave, and for one of another shape. */
function parseLine(text: string | undefined): LogLine | undefined {
  if (text === undefined) return undefined;
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof line !== "object" || line === null) return undefined;
  // Ticks are most of the lines, and all of their values are numbers.
  if (!("event" in line)) return isTick(line) ? withoutNull(line) : undefined;
  const parsed = eventSchema.safeParse(line);
  return parsed.success ? (parsed.data as LogLine) : undefined;
}

/** JSON has no NaN and no infinity and says null. Such a number is none: as 0, or in a chart, it would be wrong. */
function withoutNull(tick: Tick): Tick {
  if (!Object.values<number | null | undefined>(tick).includes(null)) return tick;
  return Object.fromEntries(Object.entries(tick).filter(([, number]) => number !== null)) as Tick;
}

const isTick = (line: object): line is Tick =>
  "step" in line &&
  Number.isSafeInteger(line.step) &&
  (line.step as number) >= 0 &&
  Object.values(line).every((value) => typeof value === "number" || value === null);

const step = z.int().min(0);
const count = z.number().min(0);
const value = z.number().nullable();

/** What readers of the log use of its events. Keys that they do not know stay. */
const eventSchema = z.discriminatedUnion("event", [
  z.looseObject({
    event: z.literal("scores"),
    ...{ step, time: z.string(), seconds: count, scores: z.array(scoreSchema), chosenBy: z.string() },
  }),
  z.looseObject({
    event: z.literal("outputs"),
    ...{ step, time: z.string() },
    histogram: z.looseObject({ from: z.number(), to: z.number(), real: z.array(count), fake: z.array(count) }),
    batch: z.looseObject({
      ...{ size: count, kept: count, selectedBy: z.string().optional() },
      ...{ scores: z.array(value), isKept: z.array(z.number()), labels: z.array(z.number()).optional() },
      ...{ conditions: z.array(z.array(z.number())).optional(), points: z.array(z.array(value)).optional() },
      images: z
        .looseObject({ file: z.string(), columns: count, size: count, height: count.optional(), padding: count })
        .optional(),
    }),
  }),
  z.looseObject({
    event: z.enum(["start", "resume", "stop", "finish", "fail", "unscored"]),
    ...{ step, time: z.string(), message: z.string().optional() },
    engine: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  }),
]);

/** Whether a file is empty, absent or ends with a newline. */
function endsWithNewline(path: string): boolean {
  if (!existsSync(path)) return true;
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const last = new Uint8Array(1);
    return size === 0 || (readSync(file, last, 0, 1, size - 1) === 1 && last[0] === 0x0a);
  } finally {
    closeSync(file);
  }
}
