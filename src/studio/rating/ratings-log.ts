/** The tests in `ratings.jsonl`, read on as the file grows. */
import { ratedTests } from "../../training/index.ts";
import type { RatedTest } from "../api.ts";
import type { LineSink } from "../runs/line-reader.ts";

/** Tests that are kept, the newest ones. */
const MOST_TESTS = 200;

export class RatingsLog implements LineSink {
  tests: RatedTest[] = [];

  restart(): void {
    this.tests = [];
  }

  lines(chunk: Buffer): void {
    this.tests = [...this.tests, ...ratedTests(chunk.toString("utf8"))].slice(-MOST_TESTS);
  }
}
