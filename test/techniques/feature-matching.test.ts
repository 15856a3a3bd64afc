import { describe, expect, it } from "vitest";
import { fromPlain, toPlain } from "../../src/base/descriptor.ts";
import { mixtureOfGaussians, type VectorData } from "../../src/data/index.ts";
import { nonSaturating } from "../../src/losses/index.ts";
import { type DiscriminatorOutput, dcgan, mlp } from "../../src/models/index.ts";
import { featureMatching, type Gan, type GeneratorPass, topK } from "../../src/techniques/index.ts";
import { squaredDiscrepancy } from "../../src/techniques/mean-discrepancy.ts";
import { Generator, grad, Tensor } from "../../src/tensor/index.ts";
import { loadCheckpoint, writeCheckpoint } from "../../src/training/run/checkpoint.ts";
import { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { TEST_DEVICE } from "../device/device.ts";
import { contextOf, expectClose, expectGradients, fill, fixture, flat, noise } from "../nn/oracle.ts";
import { ganOf, loaderOf, technique, temporaryFolder, tinyRecipe } from "../training/tiny.ts";

type Options = Parameters<typeof featureMatching>[0];

const stored = fixture<{ hidden: number[]; cases: Record<string, { value: number; gradient: number[] }> }>(
  "feature-matching",
);
const critic = fill(
  mlp.discriminator({ hidden: stored.hidden }).build({ ...contextOf(), image: { features: 4 }, classes: 0 }),
);

/** The technique's term for these generated samples, as one generator update would meet it. */
function termOf(options: Options, fake: Tensor, real = noise([6, 4], 41)): Tensor {
  const context = { batchSize: 6, image: { features: 4 }, classes: 0, device: TEST_DEVICE };
  const built = featureMatching(options).build({ ...context, rng: new Generator(1) });
  built.prepare!({} as Gan, { real: loaderOf([real]) });
  const output = critic.forward(fake);
  const discriminate = (images: Tensor): DiscriminatorOutput => critic.forward(images);
  const pass = {
    fakeOutput: output,
    selectedOutput: output,
    discriminate,
    augment: (images: Tensor) => images,
  } as unknown as GeneratorPass;
  return (built.generatorLoss ?? built.generatorPenalty)!(pass, {} as Gan)!;
}

const cases = ([["l2"], ["l1"], ["mmd"], ["mmd", [0.5]]] as const).flatMap(([norm, bandwidths]) =>
  [-1, -2, -3].map((layer) => ({ norm, layer, bandwidths: bandwidths && [...bandwidths] })),
);

describe("featureMatching", () => {
  it.each(cases)("has PyTorch's value and gradient: $norm $layer $bandwidths", (options) => {
    const { norm, layer, bandwidths } = options;
    const expected = stored.cases[`${norm}${bandwidths ? " narrow" : ""} ${layer}`]!;
    const fake = noise([5, 4], 42).requiresGrad_();
    const value = termOf(options, fake);
    expect(value.shape).toEqual([]);
    expectClose([value.item()], [expected.value], { atol: 1e-12, rtol: 1e-10 });
    expectClose(grad(value, [fake])[0]!, expected.gradient, { atol: 1e-12, rtol: 1e-9 });
  });

  it("is confirmed by finite differences", () => {
    for (const norm of ["l2", "l1"] as const) {
      const fake = noise([5, 4], 43).requiresGrad_();
      expectGradients([fake], () => termOf({ norm, layer: -2 }, fake));
    }
  });

  it("is multiplied by its weight, and by 1/F for the mean over features", () => {
    const fake = noise([5, 4], 42);
    for (const norm of ["l2", "l1", "mmd"] as const) {
      const plain = termOf({ norm }, fake).item();
      expectClose([termOf({ norm, weight: 3 }, fake).item()], [3 * plain], { rtol: 1e-12 });
      if (norm === "mmd") continue;
      const mean = termOf({ norm, reduce: "mean" }, fake).item();
      expectClose([mean], [plain / stored.hidden.at(-1)!], { rtol: 1e-12 });
    }
  });

  it("refuses a layer that is not there, and options out of range, by name", () => {
    expect(() => termOf({ layer: -4 }, noise([5, 4], 42))).toThrow(
      "`featureMatching.layer` (=-4): the discriminator has 3 hidden layers, -1 to -3",
    );
    expect(() => featureMatching({ layer: 0 })).toThrow("`featureMatching.layer` (=0) must be -1 or below");
    expect(() => featureMatching({ norm: "l3" as "l2" })).toThrow("must be one of: l2, l1, mmd");
    expect(() => featureMatching({ bandwidths: [1] })).toThrow('`featureMatching.bandwidths` needs `norm: "mmd"`');
    expect(() => featureMatching({ norm: "mmd", reduce: "mean" })).toThrow(
      '`featureMatching.reduce` (=mean) is of the norms l2 and l1: with `norm: "mmd"` leave it at sum',
    );
    // The default, as a stored recipe has it.
    expect(fromPlain(toPlain(featureMatching({ norm: "mmd" }))).options).toMatchObject({ norm: "mmd", reduce: "sum" });
  });
});

describe("squaredDiscrepancy", () => {
  const column = (...values: number[]): Tensor => Tensor.fromArray(Float64Array.from(values), [values.length, 1]);

  it("has the closed form on a few points of the line", () => {
    // One distance, which is then the median: k = exp(-1/2) between the two.
    expectClose([squaredDiscrepancy(column(3), column(-4), [1]).item()], [2 - 2 * Math.exp(-0.5)], { rtol: 1e-12 });
    // Distances 2, 1, 1: the median is 1.
    const three = (1 + Math.exp(-2)) / 2 + 1 - 2 * Math.exp(-0.5);
    expectClose([squaredDiscrepancy(column(0, 2), column(1), [1]).item()], [three], { rtol: 1e-12 });
    // Distances 1, 2, 3, 4, 6, 7 between -1, 0, 3 and 6 (3 twice): the lower median is 3. Kernels of widths 3 and 6.
    const k = (d: number) => (Math.exp(-(d ** 2) / 18) + Math.exp(-(d ** 2) / 72)) / 2;
    const four = (1 + k(3)) / 2 + (1 + k(7)) / 2 - (2 / 4) * (k(1) + k(6) + k(4) + k(3));
    expectClose([squaredDiscrepancy(column(0, 3), column(-1, 6), [1, 2]).item()], [four], { rtol: 1e-12 });
  });

  it("is 0 for equal samples and 2 for samples that are far apart, and does not see scale", () => {
    const x = noise([8, 3], 5);
    expectClose([squaredDiscrepancy(x, x, [1]).item()], [0], { atol: 1e-12 });
    expectClose([squaredDiscrepancy(x.mul(1e-7), x.mul(1e-7).add(1), [0.01]).item()], [2], { atol: 1e-6 });
    const [y, widths] = [noise([5, 3], 6), [0.5, 2]];
    expectClose([squaredDiscrepancy(x.mul(100), y.mul(100), widths).item()], [squaredDiscrepancy(x, y, widths).item()]);
  });

  it("has a gradient that finite differences confirm where the median is between two real points", () => {
    const y = column(-1).requiresGrad_(); // distances 3, 1 and 4
    expectGradients([y], () => squaredDiscrepancy(column(0, 3), y, [0.5, 1]));
  });

  it("stays finite, with its gradient, where all points are one", () => {
    const x = Tensor.ones([4, 3]);
    const y = Tensor.ones([4, 3]).requiresGrad_();
    const value = squaredDiscrepancy(x, y, [1]);
    expect(value.item()).toBeCloseTo(0, 6);
    expect(flat(grad(value, [y])[0]!)).toEqual(Array(12).fill(0));
  });
});

describe("in a training step", () => {
  const lossG = (gan: BuiltGan): number => flat(trainingStep(gan))[1]!;
  /** Draws nothing and changes nothing, but makes D see images as featureMatching does. */
  const plainWay = technique("plainWay", () => ({ generatorPenalty: () => undefined }));

  it("replaces the generator's loss or is added to it, and D's update is the plain one", () => {
    const all = (techniques: ReturnType<typeof featureMatching>[]) => {
      const gan = ganOf({ techniques, loss: nonSaturating() });
      return flat(trainingStep(gan));
    };
    const plain = all([]);
    const replaced = all([featureMatching({ weight: 2 })]);
    const added = all([featureMatching({ weight: 2, mode: "add" })]);
    expect(replaced[0]).toBe(plain[0]);
    expect(added[0]).toBe(plain[0]);
    expectClose([added[1]!], [plain[1]! + replaced[1]!], { rtol: 1e-6 });
    expect(replaced[1]).toBeGreaterThan(0);
  });

  it("holds real images in an order of their own, augmented, with their labels, against the rows that topK keeps", () => {
    const drawn: { images: number[]; labels: number[] }[] = [];
    const seenByD: typeof drawn = [];
    const expected: number[] = [];
    let realMean: Tensor | undefined;
    const spying = technique("spying", () => ({
      augment: (images, of) => images.mul(of === "real" ? 0.5 : 0.25),
      generatorPenalty({ selectedOutput: kept }) {
        const gap = kept.hidden.at(-1)!.mean([0]).sub(realMean!);
        expect(kept.hidden.at(-1)!.shape).toEqual([expected.length === 0 ? 8 : 2, 8]);
        expected.push(gap.square().sum().item());
        return undefined;
      },
    }));
    const gan = ganOf({
      discriminator: mlp.discriminator({ hidden: [9, 8], conditional: true }),
      techniques: [topK({ gamma: 0.25, floor: 0.25, everySteps: 1 }), featureMatching(), spying],
    });
    const loader = gan.auxiliaryLoaders.get("featureMatching.real")!;
    const [next, forward] = [loader.next.bind(loader), gan.discriminator.forward.bind(gan.discriminator)];
    loader.next = () => {
      const batch = next();
      drawn.push({ images: flat(batch.images.mul(0.5)), labels: flat(batch.labels!) });
      realMean = forward(batch.images.mul(0.5), batch.labels).hidden.at(-1)!.mean([0]);
      return batch;
    };
    gan.discriminator.forward = (images, labels) => {
      seenByD.push({ images: flat(images), labels: flat(labels!) });
      return forward(images, labels);
    };
    const values = [lossG(gan), lossG(gan)];
    expectClose(values, expected, { rtol: 1e-5 });
    // D sees both batches at once, the generated images, and the other real ones.
    expect(seenByD).toHaveLength(6);
    expect([seenByD[2], seenByD[5]]).toEqual(drawn);
    expect(seenByD[0]!.images.slice(0, seenByD[2]!.images.length)).not.toEqual(drawn[0]!.images);
  });

  it("moves no state of the discriminator", () => {
    const parts = {
      generator: dcgan.generator({ latent: 4, width: 2 }),
      discriminator: dcgan.discriminator({ width: 2, spectralNorm: true }),
    };
    const [plain, matched] = [plainWay, featureMatching()].map((one) => {
      const gan = ganOf({ ...parts, techniques: [one] });
      trainingStep(gan).dispose();
      return [...gan.discriminator.stateDict()].map(([, tensor]) => flat(tensor));
    });
    expect(matched).toEqual(plain);
  });

  it("resumes with the same bits", () => {
    const make = () => ganOf({ techniques: [featureMatching({ norm: "mmd", mode: "add" })] });
    const [whole, resumed] = [make(), make()];
    for (let i = 0; i < 3; i++) trainingStep(whole).dispose();
    loadCheckpoint(writeCheckpoint(temporaryFolder(), whole, 0), resumed);
    const [one, other] = [whole, resumed].map((gan) => {
      for (let i = 0; i < 3; i++) trainingStep(gan).dispose();
      return gan.generator.parameters().map(flat);
    });
    expect(other).toEqual(one);
  });

  it("works on vectors, which can be drawn a second time", async () => {
    const data = (await mixtureOfGaussians({ modes: 4 }).build({})) as VectorData;
    const recipe = tinyRecipe({ techniques: [featureMatching({ norm: "mmd" })] });
    const shape = { sample: { features: 2 }, classes: [] };
    const gan = new BuiltGan(recipe, shape, data.loader({ batchSize: 8, seed: 1 }));
    expect(Number.isFinite(lossG(gan))).toBe(true);
    gan.dispose();
  });
});
