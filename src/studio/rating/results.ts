/** What the answers of blind tests say: shares with intervals. */
import { z } from "zod";
import type { RatedTest, Share } from "../api.ts";
import type { LineSink } from "../runs/line-reader.ts";
import type { Rating } from "./blind-tests.ts";

/** Tests that are kept, the newest ones. */
const MOST_TESTS = 200;
/** The quantile of the normal distribution for 95 %. */
const Z = 1.959964;

const ratingSchema = z.object({
  time: z.string().max(60),
  protocol: z.object({
    mode: z.enum(["single", "pairs"]),
    seed: z.number(),
    count: z.number(),
    step: z.number(),
    averaged: z.boolean(),
    truncation: z.number().nullable(),
    shown: z.number(),
    seconds: z.number().nullable(),
  }),
  truth: z.array(z.boolean()).max(1_000),
  answers: z.array(z.boolean().nullable()).max(1_000),
});

/**
 * A share of yes among answers with its 95 % interval (Wilson 1927), which stays within 0 and 1 and holds for few answers
 * too:
 *
 *     (p + z^2 / 2n  +-  z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)
 *
 * @example
 * shareOf(8, 10); // { yes: 8, answers: 10, share: 0.8, low: 0.490, high: 0.943 }
 */
export function shareOf(yes: number, answers: number): Share | undefined {
  if (answers === 0) return undefined;
  const share = yes / answers;
  const square = Z ** 2 / answers;
  const spread = Z * Math.sqrt((share * (1 - share)) / answers + square / (4 * answers));
  const ends = [-1, 1].map((sign) => (share + square / 2 + sign * spread) / (1 + square));
  return { yes, answers, share, low: Math.max(0, ends[0]!), high: Math.min(1, ends[1]!) };
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

/** The tests in `ratings.jsonl`. */
export class RatingsLog implements LineSink {
  tests: RatedTest[] = [];

  restart(): void {
    this.tests = [];
  }

  lines(chunk: Buffer): void {
    for (const line of chunk.toString("utf8").split("\n")) {
      if (line === "") continue;
      try {
        const { data } = ratingSchema.safeParse(JSON.parse(line));
        if (data !== undefined && data.truth.length === data.answers.length) this.tests.push(ratedTest(data));
      } catch {
        // Half a line.
      }
    }
    this.tests = this.tests.slice(-MOST_TESTS);
  }
}
