/** What the page computes: shares of a blind test, overlaps, smoothed curves, filters and orders of runs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RatedTest, RunSummary } from "../../src/studio/api.ts";
import { titlesOf } from "../../src/studio/page/data/titles.ts";
import { smoothed } from "../../src/studio/page/parts/smoothing.ts";
import { matches, ordered, tagChoices } from "../../src/studio/page/views/runs/order.ts";
import { overlapOf } from "../../src/studio/page/views/selection/overlap.ts";
import { BlindTests, orderOf, shuffled } from "../../src/studio/rating/blind-tests.ts";
import { RatingsLog } from "../../src/studio/rating/ratings-log.ts";
import { SMALL, smallCurve, smallScore } from "../../src/studio/runs/small-curve.ts";
import { temporaryFolder } from "./run-folder.ts";

describe("a blind test", () => {
  const protocol = {
    ...{ seed: 3, count: 30, step: 5, averaged: true, truncation: null, shown: 96, seconds: null },
    ...{ runs: 1, firstReal: 0 },
  };
  const ratingsIn = (path: string): RatedTest[] => {
    const log = new RatingsLog();
    log.lines(readFileSync(join(path, "ratings.jsonl")));
    return log.tests;
  };

  test("of single images shows each once, in an order that follows from the seed, and saves what was said", () => {
    const path = temporaryFolder();
    const tests = new BlindTests();
    const single = { ...protocol, mode: "single" } as const;
    const order = orderOf(single);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i));
    expect(orderOf({ ...single, seed: 4 })).not.toEqual(order);
    const { test: name, questions } = tests.open([{ path, protocol: single }]);
    expect(questions).toEqual(order.map((_, i) => [0, i]));
    // Real ones are called real, and the first three generated ones; one answer is missing.
    const generated = order.filter((image) => image < 30);
    const answers = order.map(
      (image) => image >= 30 || image === generated[0] || image === generated[1] || image === generated[2],
    );
    const missing = answers.map((answer, i) => (order[i] === generated[3] ? null : answer));
    tests.close({ test: name, answers: missing });
    expect(ratingsIn(path)).toMatchObject([
      {
        mode: "single",
        step: 5,
        runs: 1,
        fooled: { yes: 3, answers: 29 },
        realCalledReal: { yes: 30, answers: 30 },
        unanswered: 1,
      },
    ]);
    expect(() => tests.close({ test: name, answers })).toThrow(/not open any more/);
  });

  test("of pairs has a real and a generated image in each, on either side", () => {
    const path = temporaryFolder();
    const tests = new BlindTests();
    const inPairs = { ...protocol, mode: "pairs" } as const;
    const order = orderOf(inPairs);
    const { test: name } = tests.open([{ path, protocol: inPairs }]);
    const pairs = Array.from({ length: 30 }, (_, i) => [order[2 * i]!, order[2 * i + 1]!] as const);
    for (const [left, right] of pairs) expect([left >= 30, right >= 30].filter(Boolean)).toHaveLength(1);
    const lefts = pairs.filter(([left]) => left >= 30).length;
    expect(lefts).toBeGreaterThan(5);
    expect(lefts).toBeLessThan(25);
    tests.close({ test: name, answers: pairs.map(() => true) });
    expect(ratingsIn(path)[0]).toMatchObject({ fooled: { yes: 30 - lefts, answers: 30 } });
  });

  test("of several runs mixes their questions, and each run gets the answers about its own images", () => {
    const paths = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
    const of = (i: number, step: number) =>
      ({ ...protocol, mode: "single", count: 10, step, runs: 3, firstReal: 10 * i }) as const;
    const tests = new BlindTests();
    const parts = paths.map((path, i) => ({ path, protocol: of(i, 100 * i) }));
    const { test: name, questions } = tests.open(parts);
    expect([...questions].sort(([a, x], [b, y]) => a - b || x - y)).toEqual(
      paths.flatMap((_, part) => Array.from({ length: 20 }, (__, number) => [part, number])),
    );
    // No run comes first: the first twenty questions are not all of one.
    expect(new Set(questions.slice(0, 20).map(([part]) => part)).size).toBe(3);
    // All of run 0 are called real; of run 1 none; run 2 is known through and through.
    const truth = orderOf(of(0, 0)).map((image) => image >= 10);
    const answers = questions.map(([part, number]) => (part === 2 ? truth[number]! : part === 0));
    const ratings = tests.close({ test: name, answers });
    expect(ratings.map((rating) => rating.protocol.step)).toEqual([0, 100, 200]);
    const shares = paths.map((path) => ratingsIn(path)[0]!);
    expect(shares.map(({ fooled, realCalledReal }) => [fooled!.yes, realCalledReal!.yes])).toEqual([
      [10, 10],
      [0, 0],
      [0, 10],
    ]);
    expect(shares.every(({ runs, fooled }) => runs === 3 && fooled!.answers === 10)).toBe(true);
  });

  test("refuses another number of answers", () => {
    const tests = new BlindTests();
    const { test: name } = tests.open([{ path: temporaryFolder(), protocol: { ...protocol, mode: "pairs" } }]);
    expect(() => tests.close({ test: name, answers: [true] })).toThrow("the test has 30 questions, and 1 answers came");
  });

  test("mixes without a preference for a place", () => {
    const sums = Array<number>(4).fill(0);
    for (let seed = 0; seed < 2_000; seed++)
      for (const [place, value] of shuffled(4, seed).entries()) sums[place]! += value;
    for (const sum of sums) expect(sum / 2_000).toBeCloseTo(1.5, 0);
  });
});

describe("a small curve", () => {
  test("has all points of a short log, without steps that have no such number", () => {
    const curves = { steps: [1, 2, 3], values: { loss: [5, null, 7] } };
    expect(smallCurve(curves, "loss")).toEqual([
      [1, 5],
      [3, 7],
    ]);
    expect(smallCurve(curves, "constructor")).toEqual([]);
  });

  test("of a long log has means of neighbours", () => {
    const steps = Array.from({ length: 2 * SMALL - 1 }, (_, i) => i + 1);
    const small = smallCurve({ steps, values: { loss: steps } }, "loss");
    expect(small).toHaveLength(SMALL);
    expect(small.slice(0, 2)).toEqual([
      [2, 1.5],
      [4, 3.5],
    ]);
    expect(small.at(-1)).toEqual([2 * SMALL - 1, 2 * SMALL - 1]);
  });

  test("of a score has the values that compare with its newest", () => {
    const series = (current: boolean, value: number) =>
      ({ name: "fid", better: "lower", protocol: "", current, points: [{ step: 1, value }] }) as const;
    expect(smallScore([series(false, 9), series(true, 3)], "fid")).toEqual([[1, 3]]);
    expect(smallScore([series(true, 3)], "kid")).toEqual([]);
  });
});

test("a smoothed curve is a mean of its past, corrected for its start", () => {
  expect(smoothed([3, 3, 3], 0.9)).toEqual([3, 3, 3].map((value) => expect.closeTo(value, 12)));
  // (0.5 * 0.5 * 1 + 0.5 * 3) / (1 - 0.25)
  expect(smoothed([1, null, 3], 0.5)).toEqual([1, null, expect.closeTo(1.75 / 0.75, 12)]);
  expect(smoothed([1, 5], 0)).toEqual([1, 5]);
});

test("the overlap of two histograms is the mass that they share", () => {
  expect(overlapOf({ real: [1, 3], fake: [1, 3] })).toBe(1);
  expect(overlapOf({ real: [2, 0], fake: [0, 7] })).toBe(0);
  expect(overlapOf({ real: [1, 1, 2], fake: [4, 4, 0] })).toBe(0.5);
  expect(overlapOf({ real: [0, 0], fake: [1, 0] })).toBeNull();
});

describe("the list of runs", () => {
  const run = (id: string, more: Partial<RunSummary> = {}): RunSummary => ({
    ...{ id, name: id, source: "mnist", state: "finished", step: 1, seconds: 1, settings: {}, version: 1 },
    ...more,
  });
  const score = (name: string, best: number, better: "lower" | "higher") => ({
    name,
    best,
    better,
    bestStep: 1,
    points: [],
  });

  test("is filtered by every word, in names and settings", () => {
    const one = run("sweeps/a", { settings: { loss: "hinge", batchSize: "64" } });
    expect(matches(one, "HINGE sweeps")).toBe(true);
    expect(matches(one, "batchSize=64")).toBe(true);
    expect(matches(one, "hinge wasserstein")).toBe(false);
    expect(matches(one, "finished")).toBe(true);
  });

  test("is ordered by the best score, the better one first whichever way that is", () => {
    const runs = [
      run("none"),
      run("fid-9", { score: score("fid", 9, "lower") }),
      run("is-2", { score: score("inceptionScore", 2, "higher") }),
      run("fid-3", { score: score("fid", 3, "lower") }),
      run("is-5", { score: score("inceptionScore", 5, "higher") }),
    ];
    expect(ordered(runs, "score").map(({ id }) => id)).toEqual(["fid-3", "fid-9", "is-5", "is-2", "none"]);
  });

  test("offers as tags first what differs", () => {
    const runs = [
      run("a", { settings: { loss: "hinge", seed: "1" } }),
      run("b", { settings: { loss: "hinge", seed: "2" } }),
    ];
    expect(tagChoices(runs)).toEqual({ differing: ["seed"], equal: ["loss"] });
  });

  test("of one name have titles that tell them apart", () => {
    const titles = (...runs: RunSummary[]) => [...titlesOf(runs).values()];
    const swept = (loss: string, seed: number) =>
      run(`sweeps/loss/runs/loss=${loss}-seed${seed}`, {
        name: "mnist",
        settings: { loss, seed: `${seed}`, steps: "9" },
      });
    expect(titles(swept("hinge", 0), swept("hinge", 1), run("runs/a", { name: "wgan" }))).toEqual([
      "mnist · seed=0",
      "mnist · seed=1",
      "wgan",
    ]);
    expect(titles(swept("hinge", 0), swept("wasserstein", 1))).toEqual([
      "mnist · loss=hinge, seed=0",
      "mnist · loss=wasserstein, seed=1",
    ]);
    // A setting that one has and the other has not.
    const [bare, more] = [run("a", { settings: {} }), run("b", { settings: { loss: "hinge" } })];
    expect(titles(bare, { ...more, name: bare.name })).toEqual([`${bare.name} · loss=–`, `${bare.name} · loss=hinge`]);
    // No setting, too many, or too long a list: the folder; and where that is the same, all of the path.
    const many = (id: string, value: string) =>
      run(id, { name: "m", settings: { a: value, b: value, c: value, d: value } });
    expect(titles(many("x/one", "1"), many("x/two", "2"))).toEqual(["m · one", "m · two"]);
    const long = (id: string) => run(id, { name: "m", settings: { "data.path": `${"/photos".repeat(9)}/${id}` } });
    expect(titles(long("one"), long("two"))).toEqual(["m · one", "m · two"]);
    const same = (id: string) => run(id, { name: "m", settings: { loss: "hinge" } });
    expect(titles(same("x/run"), same("y/run"))).toEqual(["m · x/run", "m · y/run"]);
  });
});
