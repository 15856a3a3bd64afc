import { describe, expect, it } from "vitest";
import { wasserstein } from "../../src/losses/index.ts";
import { DiscriminatorNetwork, type DiscriminatorOutput, dcgan, mlp } from "../../src/models/index.ts";
import { Conv2d, Flatten, LeakyReLU, Linear, Sequential, Tanh } from "../../src/nn/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import {
  adaptiveAugmentation,
  type DiscriminatorPass,
  diffAugment,
  dragan,
  type Gan,
  gradientPenalty,
  type InputPlace,
  r1,
  r2,
  squaredGradientNorms,
  type Technique,
} from "../../src/techniques/index.ts";
import { Generator, grad, type Tensor } from "../../src/tensor/index.ts";
import { loadCheckpoint, writeCheckpoint } from "../../src/training/run/checkpoint.ts";
import { Augmented } from "../../src/training/step/augmented.ts";
import { discriminateBoth } from "../../src/training/step/main-pass.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { TEST_DEVICE } from "../device/device.ts";
import { contextOf, expectClose, expectGradients, fill, fixture, flat, noise, slopeAt } from "../nn/oracle.ts";
import { ganOf, technique, temporaryFolder, tinyConvolutions } from "../training/tiny.ts";
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
/** The critic as a discriminator. */
class Critic extends DiscriminatorNetwork {
  readonly layers: Sequential;

  constructor(layers: Sequential) {
    super();
    this.layers = this.registerModule("layers", layers);
  }

  override forward(images: Tensor): DiscriminatorOutput {
    const logits = this.layers.forward(images);
    return { score: logits.select(1, 0), logits, features: logits, hidden: [logits] };
  }
}

/** Techniques of this test: all but the first two are made of slopes at points that the main pass does not see. */
const techniques = {
  r1,
  r2,
  gradientPenalty,
  dragan,
  "r1.finiteDifference": (options = {}) => r1({ finiteDifference: 0.01, ...options }),
  "r2.finiteDifference": (options = {}) => r2({ finiteDifference: 0.01, ...options }),
};
type Kind = keyof typeof techniques;
const KINDS = Object.keys(techniques) as Kind[];

/** The technique with the random stream that the fixture drew from, after the main pass of D's given update. */
function setUp(
  kind: Kind,
  layers: Sequential,
  shape: readonly number[],
  { update = 0, ...options }: { update?: number; weight?: number; every?: number } = {},
) {
  const critic = new Critic(layers);
  const context = { batchSize: shape[0]!, image: { features: 1 }, classes: 0, device: TEST_DEVICE };
  const built = (): Technique => techniques[kind](options).build({ ...context, rng: new Generator(stored.seed) });
  const [real, fake] = [noise(shape, 31), noise(shape, 32)];
  const gan = { progress: { step: 0, epoch: 0, images: 0 } } as Gan;
  return (): Tensor | undefined => {
    const made = built();
    // Nothing augments these images: those before and after the augmentation are the same.
    const seen = (of: InputPlace): "real" | "fake" => (of === "real" || of === "rawReal" ? "real" : "fake");
    const wanted = (made.inputGradients?.(update, gan) ?? []).map(seen);
    const sides = [real, fake].map((images) => ({ images, labels: undefined }));
    const { outputs, inputGradients = [] } = discriminateBoth(critic, sides[0]!, sides[1]!, wanted);
    const pass = {
      update,
      real,
      fake,
      realOutput: outputs[0]!,
      fakeOutput: outputs[1]!,
      inputGradient: (of: InputPlace) => inputGradients[wanted.indexOf(seen(of))]!,
      augmentedChange: (_of: "real" | "fake", change: Tensor) => change,
      discriminate: (images: Tensor) => critic.forward(images),
    } as Partial<DiscriminatorPass> as DiscriminatorPass;
    return made.discriminatorPenalty!(pass, gan);
  };
}

const cases = KINDS.flatMap((kind) =>
  (Object.keys(critics) as (keyof typeof critics)[]).map((critic) => [kind, critic] as const),
);

describe.each(cases)("%s of a critic made of %s layers", (kind, name) => {
  it("has PyTorch's value and parameter gradients", () => {
    const critic = critics[name].make();
    const penalty = setUp(kind, critic, critics[name].shape)()!;
    const expected = stored.penalties[`${name}.${kind}`]!;
    expect(penalty.shape).toEqual([]);
    // Where the points are made of float32 draws, the order of operations shows in terms that then cancel.
    const largest = Math.max(...expected.gradients.flatMap((values) => values ?? []).map(Math.abs));
    const precise = ["r1", "r2"].includes(kind)
      ? { atol: 1e-9 * largest, rtol: 1e-9 }
      : { atol: 1e-7 * largest, rtol: 1e-6 };
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
    const penalty = setUp(kind, critic, critics[name].shape);
    expectGradients(weights, () => penalty()!, 1e-6);
  });

  it("grows with its weight", () => {
    const critic = critics[name].make();
    const { shape } = critics[name];
    const [one, three] = [1, 3].map((weight) => setUp(kind, critic, shape, { weight })()!.item());
    expectClose([three!], [3 * one!], { rtol: 1e-12 });
  });
});

describe("closed forms, of a linear critic with slope w", () => {
  const critic = fill(new Sequential(new Linear(contextOf(), 5, 1)));
  const length = Math.hypot(...flat(critic.parameters()[0]!));

  it("gradientPenalty and dragan are 10 (|w| - 1)^2, r1 and r2 are 5 |w|^2, wherever they look", () => {
    const penaltyOf = (kind: Kind): number[] => [setUp(kind, critic, [6, 5])()!.item()];
    for (const kind of ["gradientPenalty", "dragan"] as const) {
      expectClose(penaltyOf(kind), [10 * (length - 1) ** 2], { rtol: 1e-9 });
    }
    for (const kind of ["r1", "r2"] as const) expectClose(penaltyOf(kind), [5 * length ** 2], { rtol: 1e-9 });
  });

  it("finite differences are 5 |w|^2 in the mean over the noise", () => {
    // (w e)^2 is |w|^2 times a chi-squared number: the mean of 40,000 has a standard deviation of 0.7 %.
    for (const kind of ["r1.finiteDifference", "r2.finiteDifference"] as const) {
      expectClose([setUp(kind, critic, [40_000, 5])()!.item()], [5 * length ** 2], { rtol: 0.03 });
    }
  });

  it("a critic without any slope has a finite penalty and finite gradients", () => {
    const flatCritic = new Sequential(new Linear(contextOf(), 5, 1, { init: (tensor) => tensor.zero_() }));
    for (const kind of KINDS) {
      const penalty = setUp(kind, flatCritic, [6, 5])()!;
      const [slope] = grad(penalty, [flatCritic.parameters()[0]!], { allowUnused: true });
      expect(Number.isFinite(penalty.item())).toBe(true);
      if (slope) expect(flat(slope).every(Number.isFinite)).toBe(true);
    }
  });
});

describe("lazy regularisation", () => {
  const kinds = ["r1", "r2", "gradientPenalty", "r1.finiteDifference"] as const;

  it.each(kinds)(
    "%s in every third update has three times the weight: the sum over three updates is the same",
    (kind) => {
      const critic = critics.mlp.make();
      const penalties = (every: number): number[] =>
        [0, 1, 2, 3, 4, 5].map(
          (update) => setUp(kind, critic, critics.mlp.shape, { every, update })()?.item() ?? Number.NaN,
        );
      const [always, lazy] = [penalties(1), penalties(3)];
      expect(new Set(always).size).toBe(1);
      expectClose([lazy[0]!, lazy[3]!], [3 * always[0]!, 3 * always[3]!], { rtol: 1e-12 });
      expect([1, 2, 4, 5].map((update) => lazy[update])).toEqual(Array(4).fill(Number.NaN));
    },
  );

  it("counts D's updates over the run, and a resumed run continues the count", () => {
    const due: number[] = [];
    const spy = technique("dueSpy", () => ({
      inputGradients(update) {
        due.push(update);
        return [];
      },
    }));
    const lazy = [r1({ every: 3 }), r2({ every: 2 }), gradientPenalty({ every: 4 }), spy];
    const parts: Partial<RecipeInput> = { ...tinyConvolutions, techniques: lazy, discriminatorSteps: 2, steps: 8 };
    const [whole, resumed] = [ganOf(parts), ganOf(parts)];
    const step = (gan: typeof whole): number[] => flat(trainingStep(gan));
    step(whole);
    const middle = writeCheckpoint(temporaryFolder(), whole, 0);
    const numbers = [step(whole), step(whole)];
    expect(due.splice(0)).toEqual([0, 1, 2, 3, 4, 5]);
    loadCheckpoint(middle, resumed);
    expect([step(resumed), step(resumed)]).toEqual(numbers);
    expect(due).toEqual([2, 3, 4, 5]);
    expect([...resumed.discriminator.stateDict().values()].map(flat)).toEqual(
      [...whole.discriminator.stateDict().values()].map(flat),
    );
  });
});

describe("the slopes of D's main pass", () => {
  /** R1 and R2 as version 0.1 had R1: by a pass of their own. */
  const apart = (name: string, ...sides: ("real" | "fake")[]) =>
    technique(name, () => ({
      discriminatorPenalty: (pass) =>
        sides
          .map((of) => squaredGradientNorms(pass, pass[of], pass[`${of}Labels`]).mean().mul(5))
          .reduce((sum, term) => sum.add(term)),
    }));
  const twoClasses = { latent: 4, hidden: [8], conditional: true };
  const networks: Record<string, Partial<RecipeInput>> = {
    perceptrons: {},
    "convolutions with spectral norm": tinyConvolutions,
    "batch norm, whose samples are coupled": { discriminator: dcgan.discriminator({ width: 2, batchNorm: true }) },
    labels: {
      generator: mlp.generator(twoClasses),
      discriminator: mlp.discriminator({ hidden: [8], conditional: true }),
    },
    "micro-batches": { ...tinyConvolutions, accumulate: 4 },
  };

  /** What two updates of D with these techniques end with. */
  function end(parts: Partial<RecipeInput>, list: NonNullable<RecipeInput["techniques"]>): number[] {
    const gan = ganOf({ ...parts, techniques: list, discriminatorSteps: 2 });
    const [lossD] = flat(trainingStep(gan));
    return [lossD!, ...[...gan.discriminator.stateDict().values()].flatMap(flat)];
  }

  it.each(Object.entries(networks))("are those of a pass of their own: %s", (_name, parts) => {
    const close = { atol: 2e-5, rtol: 1e-4 };
    const both = end(parts, [apart("bothApart", "real", "fake")]);
    expectClose(end(parts, [r1(), r2()]), both, close);
    expectClose(end(parts, [r2(), r1()]), both, close);
    const real = end(parts, [apart("realApart", "real")]);
    expectClose(end(parts, [r1()]), real, close);
    const fake = end(parts, [apart("fakeApart", "fake")]);
    expectClose(end(parts, [r2()]), fake, close);
    // Each has its own effect on the loss.
    const losses = [both[0]!, real[0]!, fake[0]!, end(parts, [])[0]!];
    expect(new Set(losses.map((loss) => loss.toFixed(4))).size).toBe(4);
  });

  it("are with respect to the images as D sees them, augmented, where that is asked for", () => {
    const augmented = diffAugment({ policy: ["color", "translation", "cutout"] });
    const expected = end(tinyConvolutions, [augmented, apart("augmentedApart", "real", "fake")]);
    const images = "augmented" as const;
    expectClose(end(tinyConvolutions, [augmented, r1({ images }), r2({ images })]), expected, {
      atol: 2e-5,
      rtol: 1e-4,
    });
  });

  describe("are with respect to the images before the augmentation by default", () => {
    /** Augmentations with draws, the factor of D's slope that each makes, and their networks. */
    const triple = technique("triple", () => ({ augment: (images) => images.mul(3).add(0.1) }));
    const all = adaptiveAugmentation({ probability: 1, transformations: ["blit", "geometry", "color", "cutout"] });
    const some = diffAugment({ policy: ["color", "translation", "cutout"] });

    it.each(["real", "fake"] as const)(
      "a factor of 3 makes the slope 3 times, and the penalty 9 times, as large: %s",
      (of) => {
        const norms: number[][] = [];
        const spy = technique("rawSpy", () => ({
          inputGradients: () => [of, of === "real" ? "rawReal" : "rawFake"],
          discriminatorPenalty(pass) {
            const raw = pass.inputGradient(of === "real" ? "rawReal" : "rawFake");
            norms.push(flat(raw), flat(pass.inputGradient(of).mul(3)));
            expect([pass.real.requiresGrad, pass.fake.requiresGrad]).toEqual([false, false]);
            return undefined;
          },
        }));
        for (const accumulate of [1, 2])
          trainingStep(ganOf({ ...tinyConvolutions, accumulate, techniques: [triple, spy] })).dispose();
        for (const i of [0, 2]) expectClose(norms[i]!, norms[i + 1]!, { atol: 1e-7, rtol: 1e-5 });
      },
    );

    it.each([
      ["diffAugment", some],
      ["adaptiveAugmentation", all],
    ] as const)(
      "the penalty has a gradient by D's weights through %s, which finite differences confirm",
      (_name, augmentation) => {
        const gan = ganOf({
          generator: mlp.generator({ latent: 4, hidden: [8] }),
          discriminator: mlp.discriminator({ hidden: [] }),
        });
        const weight = gan.discriminator.parameters()[0]!;
        const { shape } = gan.loader.next().images;
        const context = { batchSize: 8, image: { channels: 1, size: 16 }, classes: 0, device: TEST_DEVICE };
        const made = augmentation.build({ ...context, rng: new Generator(4) });
        made.prepare?.({ loss: gan.loss } as Gan, {});
        const raw = noise(shape, 7).to({ dtype: "float32" });
        const augmented = new Augmented(raw, (images) => made.augment!(images, "real", gan), true);
        // D(y) = sum of (w y)^2 over pixels, one weight for each: its slope at y is 2 w^2 y.
        const penalty = (w: Tensor): Tensor => {
          const y = augmented.images.flatten(1);
          const slope = w.square().mul(y).mul(2).view(augmented.images.shape);
          return augmented.back(slope).square().sum().double();
        };
        const w = noise([1, weight.shape[1]!], 5, "float32").requiresGrad_();
        const [slope] = grad(penalty(w), [w]);
        const at = slope!.abs().argmax().item();
        const expected = slopeAt(w, at, () => penalty(w).item(), 1e-2);
        expectClose([flat(slope!)[at]!], [expected], { rtol: 0.01, atol: 1e-3 });
        expect(Math.abs(expected)).toBeGreaterThan(0.01);
      },
    );

    it("a change before the augmentation and its result are each other's transposes", () => {
      for (const augmentation of [some, all, triple]) {
        const spy = technique("transposeSpy", () => ({
          inputGradients: () => ["real", "rawReal"],
          throughAugmentation: true,
          discriminatorPenalty(pass) {
            const change = noise(pass.rawReal.shape, 9, "float32");
            const along = pass.augmentedChange("real", change);
            const [left, right] = [pass.inputGradient("rawReal").mul(change), pass.inputGradient("real").mul(along)];
            expectClose([left.sum().item()], [right.sum().item()], { atol: 1e-5, rtol: 1e-3 });
            expect(along.abs().amax().item()).toBeGreaterThan(0.1);
            return undefined;
          },
        }));
        trainingStep(ganOf({ ...tinyConvolutions, techniques: [augmentation, spy] })).dispose();
      }
    });

    it("finite differences go the same way: with a linear D they are (slope . e)^2 at the same draws", () => {
      const flatD = { discriminator: mlp.discriminator({ hidden: [] }) };
      const value = (images: "raw" | "augmented"): number => {
        const gan = ganOf({ ...flatD, techniques: [triple, r1({ weight: 2, finiteDifference: 0.01, images })] });
        const plain = ganOf({ ...flatD, techniques: [triple] });
        return flat(trainingStep(gan))[0]! - flat(trainingStep(plain))[0]!;
      };
      expectClose([value("raw")], [9 * value("augmented")], { rtol: 0.01, atol: 1e-6 });
    });

    it("must be declared", () => {
      const forgetful = technique("changing", () => ({
        discriminatorPenalty: (pass) => pass.augmentedChange("real", pass.rawReal).sum(),
      }));
      expect(() => trainingStep(ganOf({ techniques: [forgetful] }))).toThrow(
        "a technique that calls it must declare `throughAugmentation: true`",
      );
    });
  });

  it.each([1, 2])("have the dropout of the scores, in %i micro-batches", (accumulate) => {
    // Without biases D is homogeneous in the image: D(x) = dD/dx . x, with the same units dropped on both sides.
    const spy = technique("dropoutSpy", () => ({
      inputGradients: () => ["real", "fake"],
      discriminatorPenalty(pass) {
        for (const of of ["real", "fake"] as const) {
          expect(flat(pass[`${of}Output`].features)).toContain(0);
          const products = pass.inputGradient(of).mul(pass[of]).flatten(1).sum(1);
          expect(Math.max(...flat(products.abs()))).toBeGreaterThan(1e-4);
          expectClose(products, pass[`${of}Output`].score, { atol: 1e-7, rtol: 1e-4 });
        }
        return undefined;
      },
    }));
    const discriminator = dcgan.discriminator({ width: 2, dropout: 0.5 });
    trainingStep(ganOf({ discriminator, accumulate, techniques: [spy] })).dispose();
  });

  it("leave the images of the pass without a graph, for the techniques that compare or keep them", () => {
    const spy = technique("leafSpy", () => ({
      discriminatorPenalty(pass) {
        expect([pass.real.requiresGrad, pass.fake.requiresGrad]).toEqual([false, false]);
        expect(pass.real).toBe(pass.rawReal);
        return undefined;
      },
    }));
    trainingStep(ganOf({ techniques: [r1(), spy] })).dispose();
  });

  it("must be asked for", () => {
    const forgetful = technique("forgetful", () => ({
      inputGradients: () => ["fake"],
      discriminatorPenalty: (pass) => pass.inputGradient("real").sum(),
    }));
    expect(() => trainingStep(ganOf({ techniques: [forgetful] }))).toThrow(
      '`pass.inputGradient("real")` in the discriminator\'s update: a technique that calls it must name "real" in its hook `inputGradients`',
    );
  });
});

describe("in a training step", () => {
  it.each(KINDS)("%s is added to the critic's loss and moves no state", (kind) => {
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
  });

  it.each([
    ["gradientPenalty", "real"],
    ["dragan", "real"],
    ["r1.finiteDifference", "real"],
    ["r2.finiteDifference", "fake"],
  ] as const)("%s asks under the labels of the %s images", (kind, of) => {
    const { seenByD, ...labels } = labelsGiven(techniques[kind]());
    expect(seenByD).toEqual([labels[of]]);
    expect(labels.fake).not.toEqual(labels.real);
  });

  it("finite differences are refused where D draws in each pass", () => {
    const discriminator = dcgan.discriminator({ width: 2, dropout: 0.5 });
    const gan = ganOf({ discriminator, techniques: [r2({ finiteDifference: 0.1 })] });
    expect(() => trainingStep(gan)).toThrow(
      "`r2.finiteDifference` (=0.1): the discriminator draws in each pass (dropout, noise), so its scores of close images are not close; leave `finiteDifference` out",
    );
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
    trainingStep(ganOf({ techniques: [gradientPenalty(), dragan(), r1({ finiteDifference: 0.1 }), spy] })).dispose();
    expect(seen.slice(2)).toEqual(seen.slice(0, 2));
  });

  it("refuses options out of range by name", () => {
    expect(() => gradientPenalty({ weight: 0 })).toThrow("`gradientPenalty.weight` (=0) must be above 0");
    expect(() => r1({ weight: -1 })).toThrow("`r1.weight` (=-1) must be above 0");
    expect(() => r2({ every: 0 })).toThrow("`r2.every` (=0) must be at least 1");
    expect(() => r1({ finiteDifference: 0 })).toThrow("`r1.finiteDifference` (=0) must be above 0");
    expect(() => dragan({ noise: 0 })).toThrow("`dragan.noise` (=0) must be above 0");
  });
});
