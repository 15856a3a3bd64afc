/** AUROC, average precision and ranks against closed forms, ties and stored values of scikit-learn. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { auroc, averagePrecision, scaledRanks } from "../../src/experiments/anomaly/detection.ts";

interface Stored {
  cases: { scores: number[]; anomalous: boolean[]; auroc: number; averagePrecision: number }[];
}
const stored: Stored = JSON.parse(readFileSync(new URL("../fixtures/detection.json", import.meta.url), "utf8"));

const [yes, no] = [true, false];

describe("AUROC", () => {
  it("is the share of pairs in the right order", () => {
    expect(auroc([3, 1, 2, 0], [yes, yes, no, no])).toBe(0.75);
    expect(auroc([1, 2, 3], [no, no, yes])).toBe(1);
    expect(auroc([3, 2, 1], [no, no, yes])).toBe(0);
  });

  it("counts ties as one half, whatever their order", () => {
    expect(auroc([1, 1, 1, 1], [yes, no, yes, no])).toBe(0.5);
    // Pairs: 2 over 1 and 0, a tie and a win of 1: 3.5 of 4.
    expect(auroc([2, 1, 1, 0], [yes, yes, no, no])).toBe(3.5 / 4);
    expect(auroc([2, 1, 1, 0], [yes, no, yes, no])).toBe(3.5 / 4);
  });

  it("depends on the order only, and turns round with the sign", () => {
    const scores = [0.1, 5, -3, 2, 2, 7, 0];
    const labels = [no, yes, no, yes, no, yes, no];
    expect(auroc(scores.map(Math.exp), labels)).toBe(auroc(scores, labels));
    const turned = scores.map((score) => -score);
    expect(auroc(turned, labels)).toBeCloseTo(1 - auroc(scores, labels), 12);
  });

  it("takes infinite scores", () => {
    const [most, least] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    expect(auroc([most, most, least, 0], [yes, no, no, no])).toBeCloseTo(2.5 / 3, 12);
  });
});

describe("average precision", () => {
  it("sums precision over the steps of the recall", () => {
    expect(averagePrecision([4, 3, 2, 1], [yes, no, yes, no])).toBeCloseTo(0.5 * 1 + (0.5 * 2) / 3, 12);
    expect(averagePrecision([1, 2, 3], [no, no, yes])).toBe(1);
    expect(averagePrecision([3, 2, 1], [no, no, yes])).toBeCloseTo(1 / 3, 12);
  });

  it("takes ties as one step: of equal scores it is the share of anomalies", () => {
    expect(averagePrecision([1, 1, 1, 1, 1], [yes, no, no, no, no])).toBeCloseTo(0.2, 12);
    expect(averagePrecision([2, 1, 1], [no, yes, no])).toBeCloseTo(1 / 3, 12);
    expect(averagePrecision([2, 1, 1], [no, no, yes])).toBeCloseTo(1 / 3, 12);
  });
});

describe("both", () => {
  it.each(stored.cases.map((value, i) => [i, value] as const))("agree with scikit-learn, case %i", (_, value) => {
    expect(auroc(value.scores, value.anomalous)).toBeCloseTo(value.auroc, 12);
    expect(averagePrecision(value.scores, value.anomalous)).toBeCloseTo(value.averagePrecision, 12);
  });

  it.each([
    ["auroc", auroc],
    ["averagePrecision", averagePrecision],
  ] as const)("%s says what is missing", (name, area) => {
    expect(() => area([1, 2], [no, no])).toThrow(`${name}: of 2 samples 0 are anomalous; at least one must be`);
    expect(() => area([1, 2], [yes, yes])).toThrow("of 2 samples 2 are anomalous");
    expect(() => area([1, Number.NaN], [yes, no])).toThrow(`${name}: score 1 is not a number`);
    expect(() => area([1], [yes, no])).toThrow(`${name}: there are 1 scores and 2 labels`);
  });
});

describe("scaled ranks", () => {
  it("go from 0 to 1, and equal scores share the mean", () => {
    expect(scaledRanks([10, 30, 20])).toEqual([0, 1, 0.5]);
    expect(scaledRanks([5, 5, 9])).toEqual([0.25, 0.25, 1]);
    expect(scaledRanks([1, 1, 1])).toEqual([0.5, 0.5, 0.5]);
    expect(scaledRanks([7])).toEqual([0]);
    expect(scaledRanks([])).toEqual([]);
  });
});
