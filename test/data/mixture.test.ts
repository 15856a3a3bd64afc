/** Mixtures of Gaussians: where the modes lie, what is drawn, and that a loader continues where it was. */
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { centresOf, mixtureOfGaussians, type Point } from "../../src/data/index.ts";
import { scope } from "../../src/tensor/index.ts";

const distance = ([a, b]: Point, [c, d]: Point): number => Math.hypot(a - c, b - d);

describe("arrangements", () => {
  it("a grid is a square around the origin", () => {
    expect(centresOf("grid", 4, 2)).toEqual([
      [-1, -1],
      [1, -1],
      [-1, 1],
      [1, 1],
    ]);
    expect(centresOf("grid", 25, 1)[0]).toEqual([-2, -2]);
    expect(centresOf("grid", 25, 1)[24]).toEqual([2, 2]);
  });

  it("a grid's number of modes must be a square", () => {
    expect(() => centresOf("grid", 24, 1)).toThrow(new UserError("`modes` (=24) of a grid must be a square number"));
    expect(() => mixtureOfGaussians({ modes: 24 })).toThrow(
      new UserError("`mixtureOfGaussians.modes` (=24) must be a square number for a grid, such as 16 or 25"),
    );
    expect(mixtureOfGaussians({ modes: 24, arrangement: "ring" }).options.modes).toBe(24);
  });

  it.each([2, 8, 25])("a ring of %i has its neighbours one spacing apart", (modes) => {
    const centres = centresOf("ring", modes, 0.5);
    for (const [i, centre] of centres.entries()) {
      expect(distance(centre, centres[(i + 1) % modes]!)).toBeCloseTo(0.5, 12);
      expect(distance(centre, [0, 0])).toBeCloseTo(distance(centres[0]!, [0, 0]), 12);
    }
  });

  it("a spiral has its neighbours one spacing apart and no two modes nearer", () => {
    const centres = centresOf("spiral", 60, 2);
    for (const [i, centre] of centres.entries()) {
      if (i > 0) expect(distance(centre, centres[i - 1]!)).toBeCloseTo(2, 9);
      for (const other of centres.slice(0, i)) expect(distance(centre, other)).toBeGreaterThan(2 - 1e-9);
    }
  });
});

describe("mixtureOfGaussians", () => {
  it("checks its options", () => {
    expect(() => mixtureOfGaussians({ modes: 0 })).toThrow("`mixtureOfGaussians.modes`".replaceAll("`", ""));
    expect(() => mixtureOfGaussians({ arrangement: "star" as "grid" })).toThrow("must be one of: grid, ring, spiral");
    expect(() => mixtureOfGaussians({ sigma: 0 })).toThrow("must be above 0");
  });

  it("draws every mode as often, with the standard deviation asked for", async () => {
    const data = await mixtureOfGaussians({ modes: 4, sigma: 0.1, spacing: 10 }).build({});
    const points = scope(() => data.loader({ batchSize: 20_000, seed: 1 }).next().images.tolist()) as Point[];
    const modes = data.mixture!.centres.map((centre) => points.filter((point) => distance(point, centre) < 5));
    for (const [i, mine] of modes.entries()) {
      // Four standard deviations of a binomial share: sqrt(0.25 * 0.75 / 20000) = 0.0031.
      expect(Math.abs(mine.length / 20_000 - 0.25)).toBeLessThan(0.0125);
      for (const axis of [0, 1] as const) {
        const offsets = mine.map((point) => point[axis] - data.mixture!.centres[i]![axis]);
        const mean = offsets.reduce((sum, value) => sum + value, 0) / mine.length;
        const deviation = Math.sqrt(offsets.reduce((sum, value) => sum + (value - mean) ** 2, 0) / mine.length);
        expect(Math.abs(mean)).toBeLessThan(4 * (0.1 / Math.sqrt(mine.length)));
        expect(Math.abs(deviation / 0.1 - 1)).toBeLessThan(4 / Math.sqrt(2 * mine.length));
      }
    }
  });

  it("draws each batch afresh, and the same ones from the same seed", async () => {
    const data = await mixtureOfGaussians().build({});
    const [first, second] = [data.loader({ batchSize: 8, seed: 5 }), data.loader({ batchSize: 8, seed: 5 })];
    const a = first.next().images.tolist();
    expect(first.next().images.tolist()).not.toEqual(a);
    expect(second.next().images.tolist()).toEqual(a);
  });

  it("continues with the same bits from a state", async () => {
    const data = await mixtureOfGaussians({ samplesPerEpoch: 16 }).build({});
    const loader = data.loader({ batchSize: 8, seed: 5 });
    loader.next();
    const state = loader.state();
    const expected = [loader.next().images.tolist(), loader.epoch];
    const other = data.loader({ batchSize: 8, seed: 99 });
    other.load(state);
    expect([other.next().images.tolist(), other.epoch]).toEqual(expected);
    expect(loader.epoch).toBe(1);
    expect(() => other.load({ tensors: new Map(), numbers: {} })).toThrow("incomplete (? samples drawn)");
  });

  it("has no epochs unless `samplesPerEpoch` gives their length", async () => {
    const data = await mixtureOfGaussians().build({});
    const loader = data.loader({ batchSize: 8, seed: 5 });
    loader.next();
    expect([loader.epoch, data.samplesPerEpoch]).toEqual([0, undefined]);
  });

  it("gives further batches in a stream of their own, but no labelled ones", async () => {
    const data = await mixtureOfGaussians().build({});
    const loader = data.loader({ batchSize: 8, seed: 5 });
    const further = loader.auxiliary!({ batchSize: 3 }, 6);
    expect(further.next().images.shape).toEqual([3, 2]);
    const [six, seven] = [6, 7].map((seed) => loader.auxiliary!({}, seed).next().images.tolist());
    expect(six).toEqual(data.loader({ batchSize: 8, seed: 6 }).next().images.tolist());
    expect(six).not.toEqual(seven);
    const undisturbed = data.loader({ batchSize: 8, seed: 5 });
    expect(loader.next().images.tolist()).toEqual(undisturbed.next().images.tolist());
    expect(() => loader.auxiliary!({ perClass: 2 }, 6)).toThrow("has no class labels");
  });
});
