import { describe, expect, it } from "vitest";
import { nonSaturating } from "../../src/losses/index.ts";
import { type DiscriminatorOutput, dcgan } from "../../src/models/index.ts";
import { Conv2d, Flatten, LeakyReLU, Linear, Sequential, Tanh } from "../../src/nn/index.ts";
import { flipAndShift } from "../../src/techniques/augmentation/consistency.ts";
import {
  balancedConsistency,
  consistencyRegularisation,
  type DiscriminatorPass,
  diffAugment,
  type Gan,
  type GeneratorPass,
  latentConsistency,
  type Technique,
} from "../../src/techniques/index.ts";
import { Generator, grad, type Tensor } from "../../src/tensor/index.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { TEST_DEVICE } from "../device/device.ts";
import { contextOf, expectClose, expectGradients, fill, fixture, flat, noise } from "../nn/oracle.ts";
import { ganOf, technique } from "../training/tiny.ts";
import { labelsGiven } from "./labels-given.ts";

interface Value {
  value: number;
  gradients: number[][];
}
const stored = fixture<{
  seed: number;
  mildly: number[];
  consistencyRegularisation: Value;
  balancedConsistency: Value;
  latentConsistency: { discriminator: Value; generator: Value };
}>("consistency");

const precise = { atol: 1e-9, rtol: 1e-9 };
const critic = fill(
  new Sequential(
    new Conv2d(contextOf(), 2, 3, 4, { stride: 2, padding: 1 }),
    new LeakyReLU(0.2),
    new Conv2d(contextOf(), 3, 4, 4, { stride: 2, padding: 1 }),
    new Tanh(),
    new Flatten(),
    new Linear(contextOf(), 16, 1),
  ),
);
const maker = fill(new Sequential(new Linear(contextOf(), 3, 128), new Tanh()), 20);
const make = (z: Tensor): Tensor => maker.forward(z).view([-1, 2, 8, 8]);
const gan = { generator: { forward: make } } as unknown as Gan;

const outputOf = (images: Tensor): DiscriminatorOutput =>
  ({ score: critic.forward(images).select(1, 0) }) as DiscriminatorOutput;

/** A technique with the stream that the fixture drew from. */
function built(descriptor: ReturnType<typeof latentConsistency>): Technique {
  const context = { batchSize: 5, image: { channels: 2, size: 8 }, classes: 0, device: TEST_DEVICE };
  return descriptor.build({ ...context, rng: new Generator(stored.seed) });
}

/** A pass over the fixture's images, of which D saw `seen` of each. */
function passOf(seen: (images: Tensor) => Tensor = (images) => images): DiscriminatorPass {
  const [rawReal, latents] = [noise([5, 2, 8, 8], 31), noise([5, 3], 33)];
  const rawFake = make(latents).detach();
  const [real, fake] = [seen(rawReal), seen(rawFake)];
  const outputs = { realOutput: outputOf(real), fakeOutput: outputOf(fake) };
  return {
    rawReal,
    rawFake,
    real,
    fake,
    latents,
    discriminate: outputOf,
    generate: make,
    ...outputs,
  } as unknown as DiscriminatorPass;
}

function generatorPass(): GeneratorPass {
  const latents = noise([5, 3], 33);
  return { latents, rawFake: make(latents), generate: make } as unknown as GeneratorPass;
}

const penalties: readonly [string, () => Tensor, Value][] = [
  [
    "consistencyRegularisation",
    () => built(consistencyRegularisation()).discriminatorPenalty!(passOf(), gan)!,
    stored.consistencyRegularisation,
  ],
  [
    "balancedConsistency",
    () => built(balancedConsistency({ realWeight: 4, fakeWeight: 7 })).discriminatorPenalty!(passOf(), gan)!,
    stored.balancedConsistency,
  ],
  [
    "latentConsistency",
    () => built(latentConsistency()).discriminatorPenalty!(passOf(), gan)!,
    stored.latentConsistency.discriminator,
  ],
];

describe.each(penalties)("what %s adds for D", (_, penalty, expected) => {
  it("has PyTorch's value and gradients", () => {
    const value = penalty();
    expect(value.shape).toEqual([]);
    expectClose([value.item()], [expected.value], precise);
    for (const [i, gradient] of grad(value, critic.parameters(), { allowUnused: true }).entries()) {
      // The last bias cancels: PyTorch finds a path that carries zero.
      expectClose(gradient ?? expected.gradients[i]!.map(() => 0), expected.gradients[i]!, precise);
    }
  });

  it("has gradients that finite differences confirm", () => {
    const weights = [...critic.namedParameters()].filter(([name]) => name.endsWith("weight"));
    expectGradients(
      weights.map(([, weight]) => weight),
      penalty,
    );
  });
});

it("latentConsistency has PyTorch's value and gradients for G", () => {
  const zcr = built(latentConsistency());
  zcr.discriminatorPenalty!(passOf(), gan); // the stream's first draw
  const value = zcr.generatorPenalty!(generatorPass(), gan)!;
  expectClose([value.item()], [stored.latentConsistency.generator.value], precise);
  expect(value.item()).toBeLessThan(0);
  for (const [i, gradient] of grad(value, maker.parameters()).entries()) {
    expectClose(gradient, stored.latentConsistency.generator.gradients[i]!, precise);
  }
});

it("the mild augmentation is PyTorch's for the draws of a seed, and can do without the mirror", () => {
  const images = noise([5, 2, 8, 8], 31);
  const random = (): Generator => new Generator(stored.seed);
  expectClose(flipAndShift(images, { shift: 0.25, flip: true }, random()), stored.mildly, precise);
  expect(flipAndShift(images, { shift: 0, flip: false }, random()).tolist()).toEqual(images.tolist());
  // 0.124 of 8 is less than a pixel.
  const mirrored = flat(flipAndShift(images, { shift: 0.124, flip: true }, random()).sub(images).abs().amax([1, 2, 3]));
  expect(mirrored.some((change) => change === 0) && mirrored.some((change) => change > 0)).toBe(true);
});

it("D scores images without augmentation: again, when it saw augmented ones", () => {
  const penalty = (seen?: (images: Tensor) => Tensor): { value: number; looks: number } => {
    let looks = 0;
    const pass = passOf(seen);
    const counting = {
      ...pass,
      discriminate: (images: Tensor) => outputOf(images.mul(++looks && 1)),
    } as DiscriminatorPass;
    const value = built(balancedConsistency()).discriminatorPenalty!(counting, gan)!.item();
    return { value, looks };
  };
  const [once, again] = [penalty(), penalty((images) => images.mul(0.5))];
  expect([once.looks, again.looks]).toEqual([2, 4]);
  expect(again.value).toBeCloseTo(once.value, 12);
});

it("penalties that need the same scores share them: ICR on augmented images takes five passes of D", () => {
  let looks = 0;
  const pass = {
    ...passOf((images) => images.mul(0.5)),
    discriminate: (images: Tensor) => outputOf(images.mul(++looks && 1)),
  } as DiscriminatorPass;
  const bcr = built(balancedConsistency()).discriminatorPenalty!(pass, gan)!.item();
  const zcr = built(latentConsistency()).discriminatorPenalty!(pass, gan)!;
  expect(looks).toBe(5); // D of T(x), x, T(G(z)), G(z) and G(z')
  expectClose([zcr.item()], [stored.latentConsistency.discriminator.value], precise);
  expect(bcr).toBeGreaterThan(0);
  // The next update has its own.
  built(latentConsistency()).discriminatorPenalty!({ ...pass }, gan);
  expect(looks).toBe(7);
});

it("a weight of 0 leaves a term of latentConsistency out", () => {
  const { discriminatorPenalty } = built(latentConsistency({ discriminatorWeight: 0 }));
  expect(discriminatorPenalty!(passOf(), gan)).toBeUndefined();
  const { generatorPenalty } = built(latentConsistency({ generatorWeight: 0 }));
  expect(generatorPenalty!(generatorPass(), gan)).toBeUndefined();
});

describe("in training", () => {
  const parts = {
    generator: dcgan.generator({ latent: 4, width: 2, conditional: true, spectralNorm: true }),
    discriminator: dcgan.discriminator({ width: 2, conditional: true, spectralNorm: true }),
    loss: nonSaturating(),
  };
  const spy = technique("plainSpy", () => ({
    discriminatorPenalty: () => undefined,
    generatorPenalty: () => undefined,
  }));

  it("ICR is added to both losses, changes no state, and changes no other draws", () => {
    const carried = /running_|weight_[uv]$/;
    const [plain, regularised] = [[spy], [spy, balancedConsistency(), latentConsistency()]].map((techniques) => {
      const gan = ganOf({ ...parts, techniques });
      const [lossD, lossG, dReal, dFake] = flat(trainingStep(gan));
      const state = [...gan.generator.stateDict(), ...gan.discriminator.stateDict()];
      const kept = state.filter(([name]) => carried.test(name)).map(([name, tensor]) => [name, ...flat(tensor)]);
      return { lossD: lossD!, lossG: lossG!, same: { dReal, dFake, kept } };
    });
    expect(regularised!.lossD).toBeGreaterThan(plain!.lossD);
    expect(regularised!.lossG).not.toBe(plain!.lossG);
    expect(plain!.same.kept.length).toBeGreaterThan(8);
    expect(regularised!.same).toEqual(plain!.same);
  });

  it("goes together with augmentation and with each other, and CR with bCR does not", () => {
    const gan = ganOf({ ...parts, techniques: [diffAugment(), balancedConsistency(), latentConsistency()] });
    expect(flat(trainingStep(gan)).every(Number.isFinite)).toBe(true);
    expect(() => ganOf({ techniques: [balancedConsistency(), consistencyRegularisation()] })).toThrow(
      "`consistencyRegularisation` and `balancedConsistency` cannot stand in one recipe: balancedConsistency has the same term",
    );
  });

  it("asks about each half under its own labels, with augmentation and without", () => {
    for (const before of [[], [diffAugment()]]) {
      // D looks at images as they are once more where its own pass saw them augmented.
      const times = (labels: number[]): number[][] => Array(1 + before.length).fill(labels);
      const cr = labelsGiven(consistencyRegularisation(), before);
      expect(cr.seenByD).toEqual(times(cr.real));
      const bcr = labelsGiven(balancedConsistency(), before);
      expect(bcr.seenByD).toEqual([...times(bcr.real), ...times(bcr.fake)]);
      const zcr = labelsGiven(latentConsistency(), before);
      expect(zcr.seenByD).toEqual(times(zcr.fake));
      expect([zcr.made, zcr.madeAgain]).toEqual([[zcr.fake], [zcr.generated]]);
      expect(new Set([zcr.real, zcr.fake, zcr.generated].map(String)).size).toBe(3);
    }
  });

  it("refuses vectors, and options out of range by name", () => {
    const context = { batchSize: 4, classes: 0, device: TEST_DEVICE, rng: new Generator(1) };
    for (const make of [consistencyRegularisation, balancedConsistency]) {
      expect(() => make().build({ ...context, image: { features: 2 } })).toThrow("vectors of 2 numbers");
      expect(() => make({ shift: 0.6 })).toThrow(/Consistency\.shift|consistencyRegularisation\.shift/);
    }
    expect(() => latentConsistency({ sigma: 0 })).toThrow("`latentConsistency.sigma` (=0) must be above 0");
    expect(() => balancedConsistency({ fakeWeight: 0 })).toThrow("`balancedConsistency.fakeWeight` (=0)");
  });
});
