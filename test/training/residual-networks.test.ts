import { expect, it } from "vitest";
import { wasserstein } from "../../src/losses/index.ts";
import { biggan, resnet } from "../../src/models/index.ts";
import { loadRecipe } from "../../src/recipe/index.ts";
import { gradientPenalty, topK, virtualBatchNorm } from "../../src/techniques/index.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { flat } from "../nn/oracle.ts";
import { ganOf } from "../training/tiny.ts";

const DATA = { count: 24, size: 32, classes: 10 };
const NAMES = ["fashion-mnist-sngan", "fashion-mnist-sagan", "mnist-biggan", "mnist-biggan-deep"];

it.each(NAMES)("the networks and techniques of %s train, on chosen rows as on all", async (name) => {
  const { recipe } = await loadRecipe(name);
  const { generator, discriminator, loss, optimizers } = recipe;
  const parts = { generator, discriminator, loss, optimizers, batchSize: 4 };
  const gan = ganOf(
    { ...parts, techniques: [...recipe.techniques, topK({ gamma: 0.5, floor: 0.5, everySteps: 1 })] },
    DATA,
  );
  const before = gan.generator.parameters().map((parameter) => flat(parameter));
  for (let i = 0; i < 2; i++) {
    const numbers = trainingStep(gan);
    expect(numbers.isfinite().all().item()).toBeTruthy();
    numbers.dispose();
  }
  // Attention begins with gain 0, so its convolutions begin to move one update after the gain.
  const moved = gan.generator
    .parameters()
    .filter((parameter, i) => flat(parameter).some((value, j) => value !== before[i]![j]));
  expect(moved.length).toBeGreaterThan(0.9 * before.length);
});

it("they train with virtual batch norm, and as WGAN-GP, whose penalty differentiates D twice", () => {
  const virtual = {
    generator: biggan.generator({ latent: 8, width: 1, shared: 3 }),
    discriminator: biggan.discriminator({ width: 1 }),
    techniques: [virtualBatchNorm({ size: 3 })],
  };
  const critic = {
    generator: resnet.generator({ latent: 4, width: 4 }),
    discriminator: resnet.discriminator({ width: 4, spectralNorm: false, pooling: "mean" }),
    loss: wasserstein(),
    techniques: [gradientPenalty({ weight: 10 })],
  };
  for (const parts of [virtual, critic]) {
    const gan = ganOf({ ...parts, batchSize: 4 }, DATA);
    for (let i = 0; i < 2; i++) {
      const numbers = trainingStep(gan);
      expect(numbers.isfinite().all().item()).toBeTruthy();
      numbers.dispose();
    }
  }
});
