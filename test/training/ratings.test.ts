/** The blind tests of a run in its report. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RunDirectory, writeReport } from "../../src/training/index.ts";
import { event, temporaryFolder, tick, writeRun } from "../studio/run-folder.ts";

const protocol = { seed: 3, count: 10, step: 10, averaged: true, truncation: null, shown: 96, seconds: 0.5 };
const line = (mode: string, truth: readonly boolean[], answers: readonly (boolean | null)[], more: object = {}) =>
  `${JSON.stringify({ format: 1, time: "2026-01-02T03:04:05.678Z", protocol: { ...protocol, mode }, truth, answers, ...more })}\n`;

function reportWith(ratings?: string): string {
  const path = temporaryFolder();
  writeRun(path, [event("start", 0), tick(10)]);
  if (ratings !== undefined) writeFileSync(join(path, "ratings.jsonl"), ratings);
  const directory = new RunDirectory(path);
  writeReport(directory, directory.description());
  return readFileSync(directory.report, "utf8");
}

test("the report has the share of each test with its interval, the number of answers, and the protocol", () => {
  // Ten generated images, of which eight are called real; ten real ones, the last without an answer, five called real.
  const truth = Array.from({ length: 20 }, (_, i) => i >= 10);
  const answers = truth.map((real, i) => (i === 19 ? null : real ? i < 15 : i < 8));
  // One of four runs in a test; the other line is of a time when a test had one run, and does not say so.
  // The real image is left in all pairs, and the right one is taken for it in two of eight.
  const pairs = line("pairs", Array(8).fill(true), [false, false, ...Array(6).fill(true)], {
    protocol: { ...protocol, mode: "pairs", runs: 4, firstReal: 20 },
  });
  const report = reportWith(`${line("single", truth, answers)}not a line\n${pairs}{"half`);
  const rows = report
    .split("## Blind tests")[1]!
    .split("##")[0]!
    .split("\n")
    .filter((row) => /^\| 2026/.test(row));
  expect(rows).toEqual([
    "| 2026-01-02 03:04:05 | 10 | 10 of each | 80 % (49 to 94 %; 8 of 10) | 56 % (27 to 81 %; 5 of 9) | 1 | averaged | none | 96 | 0.5 | 3 | 1 |",
    "| 2026-01-02 03:04:05 | 10 | 10 pairs | 25 % (7 to 59 %; 2 of 8) |  | 0 | averaged | none | 96 | 0.5 | 3 | 4 |",
  ]);
});

test("a line that is no test changes nothing, and without tests there is no such part", () => {
  expect(reportWith()).not.toContain("Blind tests");
  const odd = [
    line("single", [true], [true, false]),
    line("neither", [true], [true]),
    line("single", [true], [true], { time: "| <b>now</b> |" }),
  ];
  expect(reportWith(odd.join(""))).not.toContain("Blind tests");
});
