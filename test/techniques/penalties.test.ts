import { describe, expect, it } from "vitest";
import { wasserstein } from "../../src/losses/index.ts";
import { type DiscriminatorOutput, dcgan } from "../../src/models/index.ts";
import { Conv2d, Flatten, LeakyReLU, Linear, Sequential, Tanh } from "../../src/nn/index.ts";
import {
  type DiscriminatorPass,
  dragan,
  type Gan,
  gradientPenalty,
  r1,
  type Technique,
} from "../../src/techniques/index.ts";
import { Generator, grad, type Tensor } from "../../src/tensor/index.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { contextOf, expectClose, expectGradients, fill, fixture, flat, noise } from "../nn/oracle.ts";
import { ganOf, technique } from "../training/tiny.ts";
import { labelsGiven } from "./labels-given.ts";

const stored = fixture<{
  seed: number;
  penalties: Record<string, { value: number; gradients: (number[] | null)[] }>;
}>("techniques");

const critics = {
  mlp: {
    shape: [6, 5],
    make: () => fill(new Sequential(new Linear(contextOf(), 5, 7), new Tanh(), new Linear(contextOf(), 7, 1))),
  },
  conv: {
    shape: [3, 2, 8, 8],
    make: () =>
      fill(
        new Sequential(
          new Conv2d(contextOf(), 2, 3, 4, { stride: 2, padding: 1 }),
          new LeakyReLU(0.2),
          new Conv2d(contextOf(), 3, 4, 4, { stride: 2, padding: 1 }),
          new Tanh(),
          new Flatten(),
          new Linear(contextOf(), 16, 1),
        ),
      ),
  },
};
const techniques = { gradientPenalty, r1, dragan };

/** The technique with the random stream that the fixture drew from, and a pass through the critic. */
function setUp(kind: keyof typeof techniques, critic: Sequential, shape: readonly number[], options = {}) {
  const context = { batchSize: shape[0]!, image: { features: 1 }, classes: 0, device: "cpu" as const };
  const built = (): Technique => techniques[kind](options).build({ ...context, rng: new Generator(stored.seed) });
  const discriminate = (images: Tensor): DiscriminatorOutput => {
    const logits = critic.forward(images);
    return { score: logits.select(1, 0), logits, features: logits, hidden: [logits] };
  };
  const real = noise(shape, 31);
  const pass = { real, fake: noise(shape, 32), discriminate } as unknown as DiscriminatorPass;
  return () => built().discriminatorPenalty!(pass, {} as Gan)!;
}

const cases = (Object.keys(techniques) as (keyof typeof techniques)[]).flatMap((kind) =>
  (Object.keys(critics) as (keyof typeof critics)[]).map((critic) => [kind, critic] as const),
);

describe.each(cases)("%s of a critic made of %s layers", (kind, name) => {
  it("has PyTorch's value and parameter gradients", () => {
    const critic = critics[name].make();
    const penalty = setUp(kind, critic, critics[name].shape)();
    const expected = stored.penalties[`${name}.${kind}`]!;
    expect(penalty.shape).toEqual([]);
    // Where the points are made of float32 draws, the order of operations shows in terms that then cancel.
    const largest = Math.max(...expected.gradients.flatMap((values) => values ?? []).map(Math.abs));
    const precise = kind === "r1" ? { atol: 1e-9, rtol: 1e-9 } : { atol: 1e-7 * largest, rtol: 1e-6 };
    expectClose([penalty.item()], [expected.value], precise);
    const gradients = grad(penalty, critic.parameters(), { allowUnused: true });
    for (const [i, parameter] of [...critic.namedParameters().keys()].entries()) {
      // Where PyTorch finds no path at all, a path that carries zero is as right.
      const values = expected.gradients[i] ?? flat(critic.parameters()[i]!).map(() => 0);
      if (gradients[i]) expectClose(gradients[i], values, { ...precise, label: parameter });
      else
        expectClose(
          values,
          values.map(() => 0),
          { label: parameter },
        );
    }
  });

  it("has parameter gradients that finite differences confirm", () => {
    const critic = critics[name].make();
    const weights = [...critic.namedParameters()].filter(([key]) => key.endsWith("weight")).map(([, tensor]) => tensor);
    expectGradients(weights, setUp(kind, critic, critics[name].shape), 1e-6);
  });

  it("grows with its weight", () => {
    const critic = critics[name].make();
    const { shape } = critics[name];
    const [one, three] = [1, 3].map((weight) => setUp(kind, critic, shape, { weight })().item());
    expectClose([three!], [3 * one!], { rtol: 1e-12 });
  });
});

describe("closed forms, of a linear critic with slope w", () => {
  const critic = fill(new Sequential(new Linear(contextOf(), 5, 1)));
  const length = Math.hypot(...flat(critic.parameters()[0]!));

  it("gradientPenalty and dragan are 10 (|w| - 1)^2, r1 is 5 |w|^2, wherever they look", () => {
    expectClose([setUp("gradientPenalty", critic, [6, 5])().item()], [10 * (length - 1) ** 2], { rtol: 1e-9 });
    expectClose([setUp("dragan", critic, [6, 5])().item()], [10 * (length - 1) ** 2], { rtol: 1e-9 });
    expectClose([setUp("r1", critic, [6, 5])().item()], [5 * length ** 2], { rtol: 1e-9 });
  });

  it("a critic without any slope has a finite penalty and finite gradients", () => {
    const flatCritic = new Sequential(new Linear(contextOf(), 5, 1, { init: (tensor) => tensor.zero_() }));
    for (const kind of ["gradientPenalty", "dragan", "r1"] as const) {
      const penalty = setUp(kind, flatCritic, [6, 5])();
      const [slope] = grad(penalty, [flatCritic.parameters()[0]!], { allowUnused: true });
      expect(Number.isFinite(penalty.item())).toBe(true);
      if (slope) expect(flat(slope).every(Number.isFinite)).toBe(true);
    }
  });
});

describe("in a training step", () => {
  it.each(["gradientPenalty", "r1", "dragan"] as const)(
    "%s is added to the critic's loss and moves no state",
    (kind) => {
      const parts = {
        generator: dcgan.generator({ latent: 4, width: 2 }),
        discriminator: dcgan.discriminator({ width: 2, spectralNorm: true }),
        loss: wasserstein(),
      };
      const spy = technique("penaltySpy", () => ({ discriminatorPenalty: () => undefined }));
      const [plain, penalised] = [[spy], [spy, techniques[kind]({ weight: 1e-3 })]].map((list) => {
        const gan = ganOf({ ...parts, techniques: list });
        const [lossD] = flat(trainingStep(gan));
        const state = [...gan.discriminator.stateDict()].filter(([name]) => /weight_[uv]$/.test(name));
        return { lossD: lossD!, state: state.map(([, tensor]) => flat(tensor)) };
      });
      expect(penalised!.lossD).toBeGreaterThan(plain!.lossD);
      expect(penalised!.state).toEqual(plain!.state);
    },
  );

  it.each(["gradientPenalty", "r1", "dragan"] as const)("%s asks under the labels of the real images", (kind) => {
    const { real, fake, seenByD } = labelsGiven(techniques[kind]());
    expect(seenByD).toEqual([real]);
    expect(fake).not.toEqual(real);
  });

  it("draws from streams of their own: a penalty changes no latent and no batch", () => {
    const seen: number[][] = [];
    const spy = technique("drawSpy", () => ({
      discriminatorLoss(pass) {
        seen.push(flat(pass.real), flat(pass.fake));
        return pass.realOutput.score.mean();
      },
    }));
    trainingStep(ganOf({ techniques: [spy] })).dispose();
    trainingStep(ganOf({ techniques: [gradientPenalty(), dragan(), spy] })).dispose();
    expect(seen.slice(2)).toEqual(seen.slice(0, 2));
  });

  it("refuses a weight that is not above 0 by name", () => {
    expect(() => gradientPenalty({ weight: 0 })).toThrow("gradientPenalty.weight (= 0): must be above 0");
    expect(() => r1({ weight: -1 })).toThrow("r1.weight (= -1): must be above 0");
    expect(() => dragan({ noise: 0 })).toThrow("dragan.noise (= 0): must be above 0");
  });
});
