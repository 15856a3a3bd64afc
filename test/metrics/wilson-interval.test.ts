/** The interval of a share. */
import { describe, expect, test } from "vitest";
import { wilsonInterval } from "../../src/metrics/index.ts";

describe("the interval of a share", () => {
  // Computed in Python from Wilson's formula. The ends are the shares x from which the observed one is z deviations away.
  test.each([
    [8, 10, 0.4901625, 0.9433178],
    [0, 20, 0, 0.1611252],
    [50, 50, 0.9286524, 1],
    [13, 20, 0.4328543, 0.8188082],
  ])("of %i of %i", (hits, count, low, high) => {
    const found = wilsonInterval(hits, count);
    expect(found.low).toBeCloseTo(low, 6);
    expect(found.high).toBeCloseTo(high, 6);
    for (const x of [found.low, found.high].filter((end) => end > 1e-9 && end < 1 - 1e-9)) {
      expect(Math.abs(hits / count - x) / Math.sqrt((x * (1 - x)) / count)).toBeCloseTo(1.959964, 5);
    }
  });
});
