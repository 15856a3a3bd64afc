/** ratings.jsonl: the answers of blind tests, which the studio writes, one test in each line; and the shares that follow. */
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { fileError } from "../../base/file-error.ts";
import { wilsonInterval } from "../../metrics/index.ts";

/** What a test is made of, and what its share depends on. */
export interface TestProtocol {
  /** One image at a time, or a real and a generated one next to each other. */
  readonly mode: "single" | "pairs";
  readonly seed: number;
  /** Images of each kind, or pairs. */
  readonly count: number;
  /** The step of the checkpoint. */
  readonly step: number;
  readonly averaged: boolean;
  readonly truncation: number | null;
  /** Side of an image on the screen, in CSS pixels. */
  readonly shown: number;
  /** Seconds that an image is shown; null: until the answer. */
  readonly seconds: number | null;
  /** Runs whose images were mixed in the test, this one among them. Each has real images of its own. */
  readonly runs: number;
  /** Place of this run's first real image in the order that the seed gives to the data. */
  readonly firstReal: number;
}

/** A line of `ratings.jsonl`. */
export interface Rating {
  readonly format: 1;
  readonly time: string;
  readonly protocol: TestProtocol;
  /** For each question: of `single` whether the image is real, of `pairs` whether the left one is. */
  readonly truth: readonly boolean[];
  /** What was answered; null where the time ran out. */
  readonly answers: readonly (boolean | null)[];
}

/** A share of yes among answers with its 95 % interval. */
export interface Share {
  readonly yes: number;
  readonly answers: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** A blind test whose answers are in. */
export interface RatedTest extends TestProtocol {
  readonly time: string;
  /** Of `single`: generated images that were called real. Of `pairs`: pairs in which the generated one was. */
  readonly fooled?: Share | undefined;
  /** Of `single`: real images that were called real. */
  readonly realCalledReal?: Share | undefined;
  readonly unanswered: number;
}

const ratingSchema = z.object({
  time: z
    .string()
    .max(60)
    .refine((time) => !Number.isNaN(Date.parse(time))),
  protocol: z.object({
    mode: z.enum(["single", "pairs"]),
    seed: z.number(),
    count: z.number(),
    step: z.number(),
    averaged: z.boolean(),
    truncation: z.number().nullable(),
    shown: z.number(),
    seconds: z.number().nullable(),
    // Older tests had one run.
    runs: z.number().default(1),
    firstReal: z.number().default(0),
  }),
  truth: z.array(z.boolean()).max(1_000),
  answers: z.array(z.boolean().nullable()).max(1_000),
});

function shareOf(yes: number, answers: number): Share | undefined {
  return answers === 0 ? undefined : { yes, answers, share: yes / answers, ...wilsonInterval(yes, answers) };
}

/** The shares of a test. Questions whose time ran out are not counted. */
export function ratedTest({ time, protocol, truth, answers }: Omit<Rating, "format">): RatedTest {
  const rows = answers.flatMap((answer, i) => (answer === null ? [] : [{ answer, real: truth[i]! }]));
  const calledReal = (real: boolean): Share | undefined => {
    const asked = rows.filter((row) => row.real === real);
    return shareOf(asked.filter(({ answer }) => answer).length, asked.length);
  };
  const wrong = rows.filter(({ answer, real }) => answer !== real).length;
  return {
    time,
    ...protocol,
    fooled: protocol.mode === "pairs" ? shareOf(wrong, rows.length) : calledReal(false),
    realCalledReal: protocol.mode === "pairs" ? undefined : calledReal(true),
    unanswered: answers.length - rows.length,
  };
}

/** The tests in lines of `ratings.jsonl`. A line that is none, such as half a line, is passed over. */
export function ratedTests(lines: string): RatedTest[] {
  return lines.split("\n").flatMap((line) => {
    if (line === "") return [];
    try {
      const { data } = ratingSchema.safeParse(JSON.parse(line));
      return data !== undefined && data.truth.length === data.answers.length ? [ratedTest(data)] : [];
    } catch {
      return [];
    }
  });
}

/**
 * The tests of a run; none where the file is not there.
 * @throws UserError when it cannot be read.
 */
export function readRatings(file: string): RatedTest[] {
  if (!existsSync(file)) return [];
  try {
    return ratedTests(readFileSync(file, "utf8"));
  } catch (error) {
    throw fileError(error, "read", file);
  }
}

/** A share as text: "35 % (18 to 57 %; 7 of 20)". */
function shareText(share: Share | undefined): string {
  if (share === undefined) return "";
  const percent = (value: number): string => (100 * value).toFixed(0);
  return `${percent(share.share)} % (${percent(share.low)} to ${percent(share.high)} %; ${share.yes} of ${share.answers})`;
}

/** The heads of the report's table of blind tests. */
export const RATING_HEADS: readonly string[] = [
  ...["time", "step", "kind", "generated called real", "real called real", "unanswered"],
  ...["weights", "truncation", "side in px", "seconds", "seed", "runs mixed"],
];

/** A test as a row under {@link RATING_HEADS}. */
export function ratingCells(test: RatedTest): string[] {
  return [
    new Date(test.time).toISOString().slice(0, 19).replace("T", " "),
    String(test.step),
    test.mode === "pairs" ? `${test.count} pairs` : `${test.count} of each`,
    shareText(test.fooled),
    shareText(test.realCalledReal),
    String(test.unanswered),
    test.averaged ? "averaged" : "of the step",
    test.truncation === null ? "none" : String(test.truncation),
    String(test.shown),
    test.seconds === null ? "no limit" : String(test.seconds),
    String(test.seed),
    String(test.runs),
  ];
}
