import { expect, it } from "vitest";
import { relativistic } from "../../src/losses/index.ts";
import type { DiscriminatorPass, Gan } from "../../src/techniques/index.ts";
import { logitCentring } from "../../src/techniques/index.ts";
import { Generator, Tensor } from "../../src/tensor/index.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { TEST_DEVICE } from "../device/device.ts";
import { expectClose, expectGradients, flat } from "../nn/oracle.ts";
import { ganOf } from "../training/tiny.ts";

const gan = { progress: { step: 0, epoch: 0, images: 0 } } as Gan;

it("logitCentring is the weighted mean square of each pair's sum, with its gradient", () => {
  const context = { batchSize: 3, image: { features: 1 }, classes: 0, device: TEST_DEVICE, rng: new Generator(1) };
  const made = logitCentring({ weight: 0.5 }).build(context);
  const vector = (...values: number[]): Tensor => Tensor.fromArray(Float64Array.from(values)).requiresGrad_();
  const [real, fake] = [vector(1, -2, 3), vector(0.5, 2, -4)];
  const penalty = (): Tensor => {
    const pass = { realOutput: { score: real }, fakeOutput: { score: fake } } as unknown as DiscriminatorPass;
    return made.discriminatorPenalty!(pass, gan)!;
  };
  expectClose([penalty().item()], [(0.5 * (1.5 ** 2 + 0 + 1)) / 3], { rtol: 1e-12 });
  expectGradients([real, fake], penalty);
  expect(logitCentring().options).toEqual({ weight: 0.01 });
});

it("it pulls the scores of a relativistic D to 0 and leaves their differences free", () => {
  const level = (techniques: ReturnType<typeof logitCentring>[]): number => {
    const trained = ganOf({ loss: relativistic(), techniques });
    // D's last bias begins far from 0, and the loss does not know it.
    const bias = trained.discriminator.namedParameters().get("head.linear.bias")!;
    bias.detach().fill_(5);
    for (let i = 0; i < 40; i++) trainingStep(trained).dispose();
    return flat(bias)[0]!;
  };
  expect(level([logitCentring({ weight: 1 })])).toBeLessThan(level([]) - 0.1);
});
