/** The verdicts of a comparison, each at both sides of its limit. */
import { expect, it } from "vitest";
import { verdictOf } from "../../src/metrics/index.ts";

const kind = (a: number, b: number, stds: readonly [number?, number?] = [], better: "lower" | "higher" = "lower") =>
  verdictOf({ value: a, std: stds[0], better }, { value: b, std: stds[1] }).kind;

it("calls no difference below the rounding of the score better, with and without a spread", () => {
  expect(kind(4.459, 4.4590012)).toBe("equal to the rounding of the score");
  expect(kind(1, 1.000000119, [1e-9, 1e-9], "higher")).toBe("equal to the rounding of the score");
  expect(kind(100, 100.0009)).toBe("equal to the rounding of the score");
  expect(kind(100, 100.0011)).toBe("first");
  expect(kind(-100, -100.0009)).toBe("equal to the rounding of the score");
  expect(kind(0, 1e-9)).toBe("first");
});

it("compares with the sum of the spreads, and knows the better end", () => {
  expect(kind(10, 10.9, [0.5, 0.5])).toBe("within their spread");
  expect(kind(10, 11.1, [0.5, 0.5])).toBe("first");
  expect(kind(10, 11.1, [0.5, 0.5], "higher")).toBe("second");
  expect(kind(10, 10)).toBe("equal");
  expect(kind(Number.NaN, 10)).toBe("undefined: they do not compare");
});

it("says where a spread is not known", () => {
  expect(verdictOf({ value: 1, std: 0.1, better: "lower" }, { value: 2 }).spreadKnown).toBe(false);
  expect(verdictOf({ value: 1, std: 0.1, better: "lower" }, { value: 2, std: 0.1 }).spreadKnown).toBe(true);
});
