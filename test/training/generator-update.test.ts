import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { hinge, type Loss, leastSquares, minimax, nonSaturating, wasserstein } from "../../src/losses/index.ts";
import { defineLoss } from "../../src/losses/loss.ts";
import { dcgan, GeneratorNetwork, mlp } from "../../src/models/index.ts";
import { BatchNorm, Conv2d, ConvTranspose2d, type Module } from "../../src/nn/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import { topK } from "../../src/techniques/index.ts";
import { liveTensors, Tensor } from "../../src/tensor/index.ts";
import type { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { samplesComputed } from "../tensor/samples-computed.ts";
import { ganOf, technique } from "./tiny.ts";

const BATCH = 8;
const KEPT = 5;
/** From the second step on. */
const some = (options: NonNullable<Parameters<typeof topK>[0]> = {}) =>
  topK({ gamma: KEPT / BATCH, floor: KEPT / BATCH, everySteps: 1, ...options });

interface Seen {
  readonly gradients: number[][];
  /** Gradients of the full batch's mean with the dropped rows zeroed. */
  readonly zeroed: number[][];
  /** Samples that convolutions computed in the backward pass of the generator's update. */
  readonly computed: number;
  readonly gan: BuiltGan;
}

/** Two steps of a GAN with top-k; what the generator's weights got in the second. */
function gradientsOf(parts: Partial<RecipeInput>, selecting = some()): Seen {
  let [before, computed] = [0, 0];
  let gradients: number[][] = [];
  let zeroed: number[][] = [];
  const spy = technique("gradientSpy", () => ({
    generatorPenalty({ rows, fakeOutput, gradientsOf }, gan) {
      if (rows !== null) {
        const mask = rows.oneHot(BATCH).sum([0]);
        zeroed = gradientsOf(gan.loss.generator(fakeOutput.score).mul(mask).mean()).map((gradient) => flat(gradient!));
      }
      before = samplesComputed();
      return undefined;
    },
    gradients(player, found) {
      if (player === "generator") [computed, gradients] = [samplesComputed() - before, found.map(flat)];
      return found;
    },
  }));
  const gan = ganOf({ ...parts, techniques: [selecting, spy] });
  const forward = vi.spyOn(gan.discriminator, "forward");
  trainingStep(gan).dispose();
  trainingStep(gan).dispose();
  // Images of an update of D pass through it together, unless batch norm keeps them apart.
  if (parts.accumulate === undefined && !hasBatchNorm(gan.discriminator)) expect(forward.mock.calls.length).toBe(4);
  return { gradients, zeroed, computed, gan };
}

const isConvolution = (module: Module): boolean => module instanceof Conv2d || module instanceof ConvTranspose2d;
const hasBatchNorm = (network: Module): boolean => network.modules().some((module) => module instanceof BatchNorm);

/** Convolutions of a network that compute every sample: those in front of a batch norm, which are all but G's last. */
function convolutionsOf(network: Module): { of: number; whole: number } {
  const of = network.modules().filter(isConvolution).length;
  return { of, whole: hasBatchNorm(network) ? Math.max(0, of - (network instanceof GeneratorNetwork ? 1 : 0)) : 0 };
}

function expectedSamples({ generator, discriminator }: BuiltGan, k: number): number {
  const [g, d] = [convolutionsOf(generator), convolutionsOf(discriminator)];
  // Behind a batch norm of D no image's gradient is zero, and so none of G's either.
  if (d.whole > 0) return BATCH * (g.of + d.of);
  return k * (g.of - g.whole + d.of) + BATCH * g.whole;
}

/** To float32's accuracy of the largest values: sums of other orders round otherwise, and a bias adds whole images. */
function expectSame(actual: number[][], expected: number[][], factor = 1): void {
  expect(actual.length).toBe(expected.length);
  const overall = Math.max(...expected.flat().map((value) => Math.abs(value * factor)));
  for (const [i, values] of actual.entries()) {
    const wanted = expected[i]!.map((value) => value * factor);
    const largest = Math.max(...wanted.map(Math.abs));
    expectClose(values, wanted, { atol: 1e-5 * largest + 1e-6 * overall, rtol: 0, label: `parameter ${i}` });
  }
  expect(Math.max(...expected.flat().map(Math.abs))).toBeGreaterThan(1e-5);
}

const losses = { nonSaturating, minimax, leastSquares, hinge, wasserstein };
const convolutions = (g: object, d: object): Partial<RecipeInput> => ({
  generator: dcgan.generator({ latent: 4, width: 2, ...g }),
  discriminator: dcgan.discriminator({ width: 2, init: "default", ...d }),
});
const gans: Record<string, Partial<RecipeInput>> = {
  "batch norm in G": convolutions({}, {}),
  "no batch norm in G, spectral norm in both": convolutions(
    { batchNorm: false, spectralNorm: true },
    { spectralNorm: true },
  ),
  "class-conditional, batch norm in G": convolutions({ conditional: true }, { conditional: true, init: "normal" }),
  "class-conditional, no batch norm in G": convolutions(
    { conditional: true, batchNorm: false },
    { conditional: true, init: "normal" },
  ),
  "dropout and two logits, row-major": {
    ...convolutions({}, { dropout: 0.4, outputs: 2 }),
    memoryFormat: "contiguous",
  },
  "batch norm in both": convolutions({}, { batchNorm: true }),
  perceptrons: { discriminator: mlp.discriminator({ hidden: [8, 6], spectralNorm: true }) },
};
const cases = Object.entries(gans).flatMap(([title, parts]) =>
  Object.entries(losses).map(([name, loss]) => [`${name}, ${title}`, { ...parts, loss: loss() }] as const),
);

describe("the gradients of the generator with top-k", () => {
  it.each(cases)("are B / k times those of the zeroed batch, from k samples: %s", (_, parts) => {
    const { gradients, zeroed, computed, gan } = gradientsOf(parts);
    expectSame(gradients, zeroed, BATCH / KEPT);
    expect(computed).toBe(expectedSamples(gan, KEPT));
  });

  it("are the same, from k samples, in micro-batches", () => {
    for (const g of [{ batchNorm: false }, {}]) {
      const { gradients, zeroed, computed, gan } = gradientsOf({ ...convolutions(g, {}), accumulate: 2 });
      expectSame(gradients, zeroed, BATCH / KEPT);
      expect(computed).toBe(expectedSamples(gan, KEPT));
    }
  });

  it("are those of any technique that selects, from its samples", () => {
    const rows = [6, 1];
    const picking = technique("picking", () => ({
      select: () => ({ rows: Tensor.fromArray(BigInt64Array.from(rows, BigInt)), factor: 1 }),
    }));
    const { gradients, zeroed, computed, gan } = gradientsOf(convolutions({ batchNorm: false }, {}), picking as never);
    expectSame(gradients, zeroed, BATCH / rows.length);
    expect(computed).toBe(expectedSamples(gan, rows.length));
  });

  it('are those of the zeroed batch with `reduce: "zeroed"`', () => {
    const parts = { ...convolutions({}, {}), loss: nonSaturating() };
    const { gradients, zeroed } = gradientsOf(parts, some({ reduce: "zeroed" }));
    expectSame(gradients, zeroed);
  });

  it.each(["top", "bottom", "random"] as const)("are those of the kept rows: keep %s, k = 1", (keep) => {
    const parts = { ...convolutions({}, {}), loss: nonSaturating() };
    const { gradients, zeroed, computed, gan } = gradientsOf(parts, some({ keep, gamma: 0.01, floor: 0.01 }));
    expectSame(gradients, zeroed, BATCH);
    expect(computed).toBe(expectedSamples(gan, 1));
  });
});

/** The weights after three steps. */
function weightsOf(parts: Partial<RecipeInput>): number[][] {
  const gan = ganOf(parts);
  for (let i = 0; i < 3; i++) trainingStep(gan).dispose();
  return [...gan.generator.parameters(), ...gan.discriminator.parameters()].map(flat);
}

describe("a step with k = B", () => {
  it.each(Object.entries(gans))("is the ordinary step: %s", (_, parts) => {
    expect(weightsOf({ ...parts, techniques: [topK({ gamma: 1 })] })).toEqual(weightsOf(parts));
  });
});

/** Hinge whose reading of the score is broken for the first `broken` rows. */
const brokenHinge = defineLoss(
  "testBroken",
  z.strictObject({ broken: z.int() }),
  ({ broken }): Loss => ({
    ...(hinge().build() as Loss),
    realness: (score) => {
      const values = Array.from({ length: score.numel }, (_, row) => (row < broken ? Number.NaN : row));
      return Tensor.fromArray(Float32Array.from(values));
    },
  }),
);

describe("a step with scores that are not numbers", () => {
  it("learns from the others, also where k would be B", () => {
    for (const gamma of [1, 0.75]) {
      const kept: number[][] = [];
      const spy = technique("rowSpy", () => ({
        extraUpdate: ({ rows }) => void kept.push([...new Set(flat(rows!))].sort()),
      }));
      const techniques = [topK({ gamma, floor: 0.1, everySteps: 1 }), spy];
      const gan = ganOf({ loss: brokenHinge({ broken: 3 }) as RecipeInput["loss"], techniques });
      trainingStep(gan).dispose();
      trainingStep(gan).dispose();
      expect(kept).toEqual([
        [3, 4, 5, 6, 7],
        [3, 4, 5, 6, 7],
      ]);
      expect(gan.techniques[0]!.report!()).toEqual({ k: 5 });
    }
  });

  it("has a loss that is no number when there are no others, which ends training with the next line of the log", () => {
    const gan = ganOf({ loss: brokenHinge({ broken: 8 }) as RecipeInput["loss"], techniques: [topK()] });
    const numbers = trainingStep(gan);
    expect(Array.from(numbers.toArray(), Number)[1]).toBeNaN();
    numbers.dispose();
    expect(gan.techniques[0]!.report!()).toEqual({ k: 0 });
  });
});

describe("the tensors of an update with top-k", () => {
  it("are freed after each update", () => {
    const gan = ganOf({ ...convolutions({}, { dropout: 0.3, spectralNorm: true }), techniques: [some()] });
    trainingStep(gan).dispose();
    const before = liveTensors();
    for (let i = 0; i < 3; i++) trainingStep(gan).dispose();
    expect(liveTensors()).toBe(before);
  });
});
