/** The latents that a page draws are those that the engine draws. */
import { describe, expect, it } from "vitest";
import { latentOf, RandomStream } from "../../src/export/web/page/latents.ts";
import { mixed, weightsAt } from "../../src/export/web/page/path.ts";
import { Generator, Tensor } from "../../src/tensor/index.ts";
import { interpolate } from "../../src/training/index.ts";
import { newLatents } from "../../src/training/sampling/sample.ts";

/** What normal numbers may differ by: the engine's sine, cosine and logarithm are approximations in float32. */
const TOLERANCE = 6e-7;

const SEEDS = [0, 1, 7, 12_345, 2 ** 31, 2 ** 32 - 1, 2 ** 32 + 7, Number.MAX_SAFE_INTEGER];
/** Below and above 16, where the engine changes its method; with and without a rest. */
const COUNTS = [1, 2, 5, 15, 16, 17, 31, 64, 100, 128, 1000];

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

const floats = (tensor: Tensor): Float32Array => tensor.toArray() as Float32Array;

describe("random numbers of a page", () => {
  it.each(SEEDS)("uniform ones are the engine's, bit by bit: seed %d", (seed) => {
    const generator = new Generator(seed);
    const stream = new RandomStream(seed);
    for (const count of [3, 700, 40]) {
      const own = stream.uniform(count);
      expect(own).toEqual(floats(Tensor.rand([1, count], { generator }).mul_(2).add_(-1)));
    }
  });

  it.each(SEEDS)("normal ones are the engine's to 6e-7, draw after draw: seed %d", (seed) => {
    const generator = new Generator(seed);
    const stream = new RandomStream(seed);
    // An odd number of fewer than 16 leaves one for the next draw.
    for (const count of [...COUNTS, 3, 3, 20]) {
      const own = stream.normal(count);
      expect(own).toHaveLength(count);
      expect(largest(own, floats(Tensor.randn([1, count], { generator })))).toBeLessThan(TOLERANCE);
    }
  });

  it.each([
    ["normal", 2],
    ["normal", 128],
    ["normal", 20],
    ["uniform", 20],
  ] as const)("truncated latents are drawn again as Gantry does: %s, %d", (latentDistribution, latent) => {
    const source = { recipe: { latentDistribution, device: "cpu" as const }, generator: { latent } };
    for (const truncation of [0.3, 0.5, 1, 2]) {
      for (let seed = 0; seed < 20; seed++) {
        const own = latentOf(seed, { latent, latentDistribution, truncation });
        expect(Math.max(...own.map(Math.abs))).toBeLessThanOrEqual(truncation);
        expect(largest(own, floats(newLatents(source, 1, new Generator(seed), truncation)))).toBeLessThan(TOLERANCE);
      }
    }
  });
});

it("a path of a page is that of gantry sample --interpolate", () => {
  const [a, b] = [1, 2].map((seed) => latentOf(seed, { latent: 24, latentDistribution: "normal" })) as [
    Float32Array,
    Float32Array,
  ];
  for (const kind of ["linear", "spherical"] as const) {
    const row = (values: Float32Array): Tensor => Tensor.fromArray(values, [1, 24]);
    const expected = floats(interpolate(row(a), row(b), 5, kind));
    const own = [0, 0.25, 0.5, 0.75, 1].flatMap((t) => [...mixed(a, b, weightsAt(a, b, t, kind))]);
    expect(largest(own, expected)).toBeLessThan(TOLERANCE);
  }
});
