import { describe, expect, it } from "vitest";
import {
  clipWeights,
  hinge,
  type Loss,
  leastSquares,
  minimax,
  nonSaturating,
  wasserstein,
} from "../../src/losses/index.ts";
import { type ModelContext, mlp } from "../../src/models/index.ts";
import { frozenStatistics } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/index.ts";
import { Generator, grad, liveTensors, noGrad, scope, Tensor } from "../../src/tensor/index.ts";
import { TEST_DEVICE } from "../device/device.ts";
import { flat } from "../nn/oracle.ts";

const BATCH = 64;

/**
 * A small GAN: a generator of points has to find a cluster around (2, -1). Gives the mean of its points
 * before and after `steps` updates of both players, and the live tensors that the last step left behind.
 */
function play(loss: Loss, spectralNorm: boolean, steps: number): { before: number[]; after: number[]; left: number } {
  const random = new Generator(3);
  const context: ModelContext = { rng: random, device: TEST_DEVICE, image: { features: 2 }, classes: 0 };
  const generator = mlp.generator({ latent: 2, hidden: [16] }).build(context);
  const discriminator = mlp.discriminator({ hidden: [32], spectralNorm }).build(context);
  const optimizer = (network: typeof generator | typeof discriminator) =>
    adam({ lr: 0.01, betas: [0, 0.9] }).build({ parameters: network.parameters() });
  const [ours, theirs] = [optimizer(generator), optimizer(discriminator)];
  const center = Tensor.fromArray([2, -1]);
  const draw = (): Tensor => Tensor.randn([BATCH, 2], { generator: random });
  const meanOf = (): number[] => scope(() => flat(noGrad(() => generator.forward(draw()).mean(0))));

  const step = (): void => {
    const fake = noGrad(() => generator.forward(draw()));
    const real = discriminator.forward(draw().mul(0.1).add(center)).score;
    const halves = loss.discriminator(
      real,
      frozenStatistics(() => discriminator.forward(fake).score),
    );
    theirs.step(grad(halves.real.mean().add(halves.fake.mean()), theirs.parameters));
    if (loss.clip !== undefined) clipWeights(theirs.parameters, loss.clip);
    const { score } = frozenStatistics(() => discriminator.forward(generator.forward(draw())));
    ours.step(grad(loss.generator(score).mean(), ours.parameters));
  };

  const before = meanOf();
  let left = 0;
  for (let i = 0; i < steps; i++) {
    const live = liveTensors();
    scope(step);
    left = liveTensors() - live;
  }
  return { before, after: meanOf(), left };
}

describe("a generator finds the data", () => {
  const cases: [string, Loss, boolean][] = [
    ["nonSaturating", nonSaturating().build(), false],
    ["minimax", minimax().build(), false],
    ["leastSquares", leastSquares().build(), false],
    ["hinge with spectral norm", hinge().build(), true],
    ["wasserstein with clipping", wasserstein({ clip: 0.1 }).build(), false],
  ];
  it.each(cases)("%s", (_name, loss, spectralNorm) => {
    const { before, after, left } = play(loss, spectralNorm, 400);
    expect(Math.hypot(before[0]! - 2, before[1]! + 1)).toBeGreaterThan(1.5);
    expect(Math.hypot(after[0]! - 2, after[1]! + 1)).toBeLessThan(0.6);
    expect(left).toBe(0);
  });
});
