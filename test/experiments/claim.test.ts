/** Rules of claims on made-up records whose answer is known. */
import { describe, expect, it } from "vitest";
import { decide, defineClaim, verdictOf } from "../../src/experiments/claim.ts";
import { historicalAveraging } from "../../src/experiments/claims/historical-averaging.ts";
import { mine20 } from "../../src/experiments/claims/mine-20.ts";
import { mnist100Labels } from "../../src/experiments/claims/mnist-100-labels.ts";
import { spectralNorm } from "../../src/experiments/claims/spectral-norm.ts";
import { topKImages } from "../../src/experiments/claims/top-k-images.ts";
import { topK64Modes, topKGlorot } from "../../src/experiments/claims/top-k-long.ts";
import { topKQuality } from "../../src/experiments/claims/top-k-quality.ts";
import { familyOf } from "../../src/experiments/differences.ts";
import { STANDARD } from "../../src/experiments/mixture/setup.ts";
import { sizeOf } from "../../src/experiments/reproduce.ts";

const family = (...cells: number[][]) =>
  familyOf(cells.map((values, i) => ({ arm: `arm ${i}`, measure: "score", cells: [values] })));
const higher = (...cells: number[][]) =>
  family(...cells).map((difference) => ({ difference, side: "higher" as const }));
const UP = [2, 2.1, 1.9];
const DOWN = [-2, -2.1, -1.9];
const NOTHING = [0.5, -0.7, 0.1];

describe("a family of differences", () => {
  it.each([
    ["every", [UP, UP], "confirmed"],
    ["every", [UP, NOTHING], "undecided"],
    ["every", [UP, DOWN], "refuted"],
    ["any", [UP, NOTHING], "confirmed"],
    ["any", [DOWN, NOTHING], "refuted"],
    ["any", [UP, DOWN], "undecided"],
    ["any", [NOTHING, NOTHING], "undecided"],
  ] as const)("%s of %j: %s", (need, cells, outcome) => {
    expect(decide(higher(...cells.map((values) => [...values])), need, 10).outcome).toBe(outcome);
  });

  it("is corrected by Holm's method: what one test shows, ten need not", () => {
    // t = 5.66 with 2 degrees of freedom: p = 0.030 alone.
    const values = [1, 1.5, 1.4];
    expect(decide(higher(values), "any", 10).outcome).toBe("confirmed");
    expect(decide(higher(values, ...Array.from({ length: 9 }, () => NOTHING)), "any", 10).outcome).toBe("undecided");
  });

  it("has its interval in the evidence, and says where one seed is too few", () => {
    expect(decide(higher([1, 2, 3]), "every", 10).evidence).toBe("arm 0, score +2.0 ± 2.5 (p = 0.074)");
    expect(decide(higher([1]), "every", 10)).toEqual({
      outcome: "undecided",
      evidence: "arm 0, score +1; too few seeds for a test",
      seeds: 1,
      length: 10,
    });
  });
});

describe("a verdict", () => {
  const size = { seeds: 5, length: 1_000, unit: "steps" };
  const found = { outcome: "confirmed", evidence: "+1 ± 0.1" } as const;

  it("says fewer seeds and a shorter length, and is undecided then", () => {
    expect(verdictOf({ size }, { ...found, seeds: 5, length: 1_000 })).toEqual({
      outcome: "confirmed",
      text: "confirmed",
      evidence: "+1 ± 0.1",
      size: "5 seeds, 1,000 steps",
    });
    expect(verdictOf({ size }, { ...found, seeds: 2, length: 1_000 })).toMatchObject({
      outcome: "undecided",
      text: "at 2 of 5 seeds: undecided",
      evidence: "+1 ± 0.1; by these numbers alone it would be confirmed",
    });
    expect(verdictOf({ size }, { ...found, seeds: 2, length: 10 }).text).toBe(
      "at 2 of 5 seeds, 10 of 1,000 steps: undecided",
    );
    expect(verdictOf({ size }, { ...found, seeds: 7, length: 2_000 }).text).toBe("confirmed");
  });

  it("cannot have another length where the set-up has one only", () => {
    expect(sizeOf(topKQuality, { seeds: 2, length: 100 })).toEqual({ seeds: 2, length: 100 });
    expect(sizeOf(topKImages, { seeds: 2 })).toEqual({ seeds: 2, length: 240 });
    expect(() => sizeOf(topKImages, { length: 100 })).toThrow(
      "the length of top-k-images (=100 steps or more) cannot be chosen; it is 240",
    );
  });
});

describe("rules of shipped claims", () => {
  /** Five seeds of both arms; top-k's share of high quality is the other's plus these. */
  const mixtures = (gains: readonly number[], setup: object = {}) =>
    gains.flatMap((gain, seed) =>
      ["all", "top", "random"].map((update) => ({
        modes: 25,
        update,
        ...STANDARD,
        ...setup,
        seed,
        steps: 100_000,
        samples: 10_000,
        histogram: new Array(25).fill(400),
        curve: [
          { step: 100_000, highQuality: update === "top" ? 0.9 + gain : 0.9, modes: 25, reverseKl: 0, distance: 0 },
        ],
      })),
    );

  it.each([
    [[0.05, 0.051, 0.049, 0.05, 0.052], "confirmed"],
    [[-0.05, -0.051, -0.049, -0.05, -0.052], "refuted"],
    [[0.05, -0.051, 0.01, -0.03, 0.02], "undecided"],
    [[0.05, 0.051], "at 2 of 5 seeds: undecided"],
  ])("top-k-quality: %j is %s", (gains, text) => {
    expect(verdictOf(topKQuality, topKQuality.finding(mixtures(gains))).text).toBe(text);
  });

  it.each([
    [topK64Modes, { modes: 64, histogram: new Array(64).fill(156) }],
    [topKGlorot, { init: "glorot" }],
  ])("%o sees the runs of its set-up alone", (claim, setup) => {
    const gains = [0.05, 0.051, 0.049, 0.05, 0.052];
    const own = mixtures(gains, setup);
    const others = mixtures(gains.map((gain) => -gain));
    const found = verdictOf(claim, claim.finding([...own, ...others]));
    expect(found.text).toBe("confirmed");
    // Differences that are all 0, as those of the other two measures here, are not tests.
    expect(found.evidence).toContain("top-k minus all, high quality, % +5.04 ± 0.14 (p < 0.001)");
    expect(found.evidence).toContain("top-k minus random k, high quality, % +5.04 ± 0.14");
    expect(verdictOf(claim, claim.finding(own.slice(0, 6))).text).toBe("at 2 of 5 seeds: undecided");
  });

  it.each([
    [[-1, -1.1, -0.9], "confirmed"],
    [[1, 1.1, 0.9], "refuted"],
    [[1, -0.9, 0.2], "undecided"],
  ])("spectral-norm: an FID on one data set that changes by %j is %s", (changes, text) => {
    const cells = ["mnist", "fashion-mnist", "cifar10"].flatMap((data) =>
      ["none", "both"].flatMap((norm) =>
        ["32", "64"].map((batch, i) => ({
          values: [data, norm, batch],
          step: 3_000,
          of: (score: string) => {
            const moves = data === "mnist" && norm === "both" && score === "fid";
            // Other differences are noise of either sign.
            const noise = norm === "both" ? [0.1, -0.1, 0.02] : [0, 0, 0];
            return new Map(changes.map((change, seed) => [seed, 5 + (moves ? change + 0.05 * i : noise[seed]!)]));
          },
        })),
      ),
    );
    expect(verdictOf(spectralNorm, spectralNorm.finding(cells)).text).toBe(text);
  });

  const semi = (errors: readonly number[], epochs = 300) =>
    errors.map((averaged, draw) => ({
      labels: 100,
      draw,
      seed: 0,
      epochs,
      curve: [{ epoch: epochs, errors: 999, averaged }],
    }));
  const around = (centre: number) => Array.from({ length: 10 }, (_, i) => centre + (i % 2 === 0 ? 2 : -2));

  it.each([
    [semi(around(95)), "confirmed"],
    [semi(around(130)), "refuted"],
    [semi(around(106)), "undecided"],
    [semi(around(95), 100), "at 100 of 300 epochs: undecided"],
    [semi([95, 96, 94]), "at 3 of 10 label draws: undecided"],
  ])("mnist-100-labels, data %#: %s", (records, text) => {
    expect(verdictOf(mnist100Labels, mnist100Labels.finding(records)).text).toBe(text);
  });

  const estimates = (errors: readonly number[]) =>
    errors.map((error, seed) => ({ dimensions: 20, rho: 0.5, seed, steps: 3_000, truth: 2, estimate: 2 + error }));

  it.each([
    [[0.05, -0.05, 0], "confirmed"],
    [[-0.5, -0.51, -0.49], "refuted"],
    [[-0.3, 0.05, 0.2], "undecided"],
  ])("mine-20: errors of %j nats are %s", (errors, outcome) => {
    expect(mine20.finding(estimates(errors)).outcome).toBe(outcome);
  });

  /** How many of a game's 16 starts arrive, in plain play and with historical averaging. */
  const game = (plain: number, history: number) => ({
    game: "salimans",
    seeds: Array.from({ length: 16 }, (_, i) => i),
    steps: 10_000,
    arms: [
      [{ kind: "plain" }, plain],
      [{ kind: "history", weight: 0.1 }, history],
    ].map(([setting, count]) => ({
      order: "alternating",
      setting,
      distances: [Array.from({ length: 16 }, (_, i) => (i < (count as number) ? 0.001 : 1))],
    })),
  });

  it.each([
    [0, 16, "confirmed"],
    [16, 0, "refuted"],
    [0, 2, "undecided"],
    // 2 x 0.5^6 = 0.031, 2 x 0.5^5 = 0.0625.
    [0, 6, "confirmed"],
    [0, 5, "undecided"],
  ])("historical-averaging: %i and %i starts are %s", (plain, history, outcome) => {
    expect(historicalAveraging.finding([game(plain, history)]).outcome).toBe(outcome);
  });
});

it("a claim's name and size are checked", () => {
  expect(() => defineClaim({ ...topKQuality, name: "a/b" })).toThrow("the claim's name (=a/b) must consist of letters");
  expect(() => defineClaim({ ...topKQuality, size: { seeds: 0, length: 1, unit: "steps" } })).toThrow(
    "size.seeds (=0)",
  );
});
