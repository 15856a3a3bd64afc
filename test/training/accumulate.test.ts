import { describe, expect, it } from "vitest";
import { leastSquares, nonSaturating } from "../../src/losses/index.ts";
import { dcgan, mlp } from "../../src/models/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import {
  featureMatching,
  gradientPenalty,
  historicalAveraging,
  mine,
  r1,
  r2,
  topK,
} from "../../src/techniques/index.ts";
import { Generator, liveTensors, manualSeed, Tensor } from "../../src/tensor/index.ts";
import type { BuiltGan } from "../../src/training/step/gan.ts";
import { MicroBatchPass } from "../../src/training/step/micro-batch-pass.ts";
import { Sharding } from "../../src/training/step/sharding.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { ganOf, technique, tinyRecipe } from "./tiny.ts";

const without: Partial<RecipeInput> = {
  generator: dcgan.generator({ latent: 4, width: 2, batchNorm: false, spectralNorm: true }),
  discriminator: dcgan.discriminator({ width: 2, spectralNorm: true }),
};
/** Draws for each image, so that what it drew for the whole batch is what each part gets. */
const brightness = technique("testBrightness", (context) => ({
  augment: (images) => images.mul(Tensor.rand([images.shape[0]!, 1, 1, 1], { generator: context.rng })),
}));

const cases: Record<string, Partial<RecipeInput>> = {
  "a plain GAN": {},
  "convolutions with spectral norm": without,
  "several discriminator updates": { discriminatorSteps: 3, loss: leastSquares() },
  labels: {
    generator: mlp.generator({ latent: 4, hidden: [8], conditional: true }),
    discriminator: mlp.discriminator({ hidden: [8], conditional: true }),
  },
  "top-k": { techniques: [topK({ gamma: 0.8, floor: 0.25, everySteps: 1 })] },
  "penalties and augmentation": { ...without, techniques: [brightness, r1({ weight: 0.1 }), gradientPenalty()] },
  "slopes of the main pass": { ...without, techniques: [brightness, r2({ every: 2 }), r1({ weight: 0.1 })] },
  "hidden activations": { techniques: [featureMatching({ layer: -1 })], loss: nonSaturating() },
  everything: {
    ...without,
    techniques: [
      brightness,
      topK({ gamma: 0.8, everySteps: 1 }),
      featureMatching({ mode: "add" }),
      r1(),
      historicalAveraging(),
    ],
  },
  "mutual information": { ...without, techniques: [brightness, mine({ width: 2, hidden: [4] })] },
};

function threeSteps(parts: Partial<RecipeInput>): { gan: BuiltGan; numbers: number[][] } {
  const gan = ganOf(parts);
  return { gan, numbers: [1, 2, 3].map(() => flat(trainingStep(gan))) };
}

describe("a batch in parts", () => {
  it.each(Object.entries(cases))("gives the updates of the whole batch: %s", (_name, parts) => {
    const whole = threeSteps(parts);
    for (const accumulate of [2, 4]) {
      const divided = threeSteps({ ...parts, accumulate });
      for (const [i, numbers] of divided.numbers.entries())
        expectClose(Tensor.fromArray(numbers), whole.numbers[i]!, { atol: 1e-5, rtol: 1e-5, label: `numbers ${i}` });
      for (const player of ["generator", "discriminator"] as const) {
        const expected = whole.gan[player].stateDict();
        for (const [name, tensor] of divided.gan[player].stateDict())
          expectClose(tensor, flat(expected.get(name)!), { atol: 2e-5, rtol: 1e-4, label: `${player}.${name}` });
      }
    }
  });

  it("shows techniques the whole batch, and calls each hook as often as undivided", () => {
    const calls: string[] = [];
    const spy = technique("testSpy", () => ({
      discriminatorPenalty: (pass) => void calls.push(`D ${pass.real.shape[0]} ${pass.fakeOutput.hidden[0]!.shape}`),
      select: (realness) => {
        calls.push(`select ${realness.shape}`);
        return null;
      },
      generatorPenalty: (pass) => void calls.push(`G ${pass.rawFake.shape[0]} ${pass.selectedOutput.features.shape}`),
      gradients: (player, gradients) => {
        calls.push(`gradients ${player}`);
        return gradients;
      },
      afterStep: (player) => void calls.push(`after ${player}`),
    }));
    const gan = ganOf({ accumulate: 4, techniques: [spy] });
    trainingStep(gan).dispose();
    expect(calls).toEqual([
      "D 8 8,8",
      "gradients discriminator",
      "after discriminator",
      "select 8",
      "G 8 8,8",
      "gradients generator",
      "after generator",
    ]);
  });

  it("draws other dropout for each micro-batch, and the same again for its gradient", () => {
    const parts = { discriminator: dcgan.discriminator({ width: 2, dropout: 0.5 }), generator: without.generator! };
    const first = threeSteps({ ...parts, accumulate: 2 });
    const again = threeSteps({ ...parts, accumulate: 2 });
    const other = threeSteps({ ...parts, accumulate: 2, seed: 1 });
    expect(again.numbers).toEqual(first.numbers);
    expect(other.numbers).not.toEqual(first.numbers);
    // The score's gradient at a weight of the last layer is the feature that the value was computed of: it must be the
    // second computation's too.
    const seen: number[][] = [];
    const spy = technique("testDropout", () => ({
      discriminatorLoss: (pass) => {
        expect(flat(pass.realOutput.features)).toContain(0);
        seen.push(flat(pass.realOutput.features.sum([0])));
        return pass.realOutput.score.sum();
      },
      gradients: (player, gradients) => {
        if (player === "discriminator") seen.push(flat(gradients.at(-2)!));
        return gradients;
      },
    }));
    const gan = ganOf({ ...parts, accumulate: 2, techniques: [spy] });
    trainingStep(gan).dispose();
    const [features, gradient] = seen;
    expectClose(Tensor.fromArray(gradient!), features!, { atol: 1e-6, rtol: 1e-5, label: "gradient" });
  });

  it("draws other dropout in each update, of one step and of the next", () => {
    const dropped: boolean[][] = [];
    const spy = technique("testDropped", () => ({
      discriminatorPenalty: ({ realOutput }) =>
        void dropped.push(flat(realOutput.features).map((value) => value === 0)),
    }));
    const discriminator = dcgan.discriminator({ width: 2, dropout: 0.5 });
    const gan = ganOf({ discriminator, accumulate: 2, discriminatorSteps: 2, techniques: [spy] });
    for (let i = 0; i < 2; i++) trainingStep(gan).dispose();
    expect(new Set(dropped.map(String)).size).toBe(4);
  });

  it("continues drawing after gradients where it was before them", () => {
    const weight = Tensor.ones([1]).requiresGrad_();
    const pass = new MicroBatchPass({
      sharding: new Sharding(8, 2),
      forward: ({ size }) => [Tensor.rand([size]).mul(weight)],
      seed: (part) => (part === "whole" ? 7 : part.index),
      device: "cpu",
    });
    pass.value(0);
    const [gradient] = pass.gradients(() => Tensor.ones([8]), [weight]);
    const drawn = flat(Tensor.rand([3]));
    const ofParts = [0, 1].map((seed) =>
      Tensor.rand([4], { generator: new Generator(seed) })
        .sum()
        .item(),
    );
    expect(gradient!.item()).toBeCloseTo(ofParts[0]! + ofParts[1]!, 5);
    expect(drawn).toEqual(flat(Tensor.rand([3], { generator: new Generator(7) })));
  });

  it("leaves the default generator where no part's draws have moved it", () => {
    // Each worker has parts of its own, and what follows them must be drawn alike in all.
    const following = (rank: number): number[] => {
      const sharding = new Sharding(8, 2, { rank, size: 2 });
      const forward = ({ size }: { size: number }): Tensor[] => [Tensor.rand([size])];
      new MicroBatchPass({ sharding, forward, seed: (part) => (part === "whole" ? 7 : part.index), device: "cpu" });
      return flat(Tensor.rand([3]));
    };
    manualSeed(7);
    const expected = flat(Tensor.rand([3]));
    expect([following(0), following(1)]).toEqual([expected, expected]);
  });

  it("leaves no tensors behind", () => {
    const gan = ganOf({ ...cases.everything, accumulate: 4 });
    trainingStep(gan).dispose();
    const before = liveTensors();
    for (let i = 0; i < 3; i++) trainingStep(gan).dispose();
    expect(liveTensors()).toBe(before);
  });

  it("must divide it evenly", () => {
    expect(() => tinyRecipe({ accumulate: 3 })).toThrow("`accumulate` (=3) must divide `batchSize` (=8) evenly");
  });
});
