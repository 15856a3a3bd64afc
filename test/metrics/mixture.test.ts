/** The scores of a known mixture, on points placed by hand. */
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { mixtureScores } from "../../src/metrics/formulas/index.ts";
import { mixture as metric } from "../../src/metrics/scores/index.ts";
import { Generator, Tensor } from "../../src/tensor/index.ts";

const square = {
  centres: [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ] as [number, number][],
  sigma: 0.05,
};
const scores = (points: number[][]) => mixtureScores(Tensor.fromArray(points), square);

describe("mixtureScores", () => {
  it("counts within 4 sigma, and a mode from one such sample on", () => {
    // 4 sigma is 0.2: inside, just inside, just outside, far outside (nearest to the second mode).
    const { highQuality, modes, histogram, distance } = scores([
      [0, 0],
      [0.19, 0],
      [0, 1.21],
      [3, 0],
    ]);
    expect(highQuality).toBe(0.5);
    expect(modes).toBe(1);
    expect(histogram).toEqual([2, 0, 0, 0]);
    expect(distance).toBeCloseTo((0 + 0.19 + 0.21 + 2) / 4, 6);
  });

  it("measures the distance in the plane, not along an axis", () => {
    expect(scores([[0.15, 0.15]]).highQuality).toBe(0);
    expect(scores([[0.14, 0.14]]).highQuality).toBe(1);
  });

  it("has the divergence of known histograms", () => {
    const even = square.centres;
    expect(scores(even).reverseKl).toBeCloseTo(0, 12);
    expect(
      scores([
        [0, 0],
        [0.01, 0],
      ]).reverseKl,
    ).toBeCloseTo(Math.log(4), 12);
    // Shares 3/4 and 1/4; a sample of low quality counts for its nearest mode too.
    const uneven = scores([
      [0, 0],
      [0.4, 0],
      [0, 0.3],
      [1, 1],
    ]);
    expect(uneven.reverseKl).toBeCloseTo(0.75 * Math.log(3) + 0.25 * Math.log(1), 12);
    expect([uneven.modes, uneven.highQuality]).toEqual([2, 0.5]);
  });

  it("gives the data themselves 1 - exp(-8)", () => {
    const count = 200_000;
    const random = new Generator(3);
    const samples = Tensor.randn([count, 2], { generator: random }).mul(0.05).add(1);
    const share = -Math.expm1(-8);
    expect(Math.abs(mixtureScores(samples, square).highQuality - share)).toBeLessThan(
      4 * Math.sqrt((share * (1 - share)) / count),
    );
  });

  it("refuses samples that are not points of the plane", () => {
    expect(() => mixtureScores(Tensor.zeros([2, 3]), square)).toThrow(
      new UserError("a mixture in the plane has samples of 2 numbers; these have 3"),
    );
    expect(() => scores([[Number.NaN, 0]])).toThrow("NaN or infinite");
  });
});

describe("mixture()", () => {
  it("needs data that know their modes", () => {
    expect(() => metric().build()).toThrow("needs data whose modes are known");
  });

  it("puts the modes into the protocol", () => {
    const options = metric().build({ mixture: square }).options;
    const moved = { ...square, centres: square.centres.map(([x, y]): [number, number] => [x + 1, y]) };
    expect(options).toMatchObject({ modes: 4, sigma: 0.05 });
    expect(metric().build({ mixture: moved }).options.centres).not.toBe(options.centres);
  });
});
