import { describe, expect, it } from "vitest";
import { hinge, type Loss, leastSquares, nonSaturating, relativistic, wasserstein } from "../../src/losses/index.ts";
import { linear } from "../../src/optim/index.ts";
import { adaptiveAugmentation } from "../../src/techniques/adaptive-augmentation.ts";
import { drawHoles, insideOf } from "../../src/techniques/augmentation/cutout.ts";
import { cutOut, formOf } from "../../src/techniques/augmentation/images.ts";
import { diffAugment } from "../../src/techniques/diff-augment.ts";
import type { DiscriminatorPass, Gan, Technique } from "../../src/techniques/index.ts";
import { Generator, scope, Tensor } from "../../src/tensor/index.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { onTestDevice, TEST_DEVICE } from "../device/device.ts";
import { expectClose, expectGradients, fixture, flat, noise } from "../nn/oracle.ts";
import { ganOf, technique } from "../training/tiny.ts";

type Options = NonNullable<Parameters<typeof adaptiveAugmentation>[0]>;

const stored = fixture<{ seed: number; adaptive: Record<string, number[]> }>("augmentations");
const images = (channels = 3): Tensor => noise([4, channels, 8, 8], 5);

/** The technique, prepared for a GAN with this loss. */
function built(options: Options = {}, { loss = hinge().build() as Loss, seed = stored.seed } = {}): Technique {
  const image = { channels: 3, size: 8 };
  const context = { batchSize: 4, image, classes: 0, device: TEST_DEVICE, rng: new Generator(seed) };
  const technique = adaptiveAugmentation(options).build(context);
  technique.prepare!({ loss } as Gan, {});
  return technique;
}

/** One update of the discriminator in which real images got these scores; gives p after it. */
function observe(technique: Technique, scores: readonly number[], loss: Loss = hinge().build()): number {
  const gan = { loss } as Gan;
  scope(() => {
    const pass = { realOutput: { score: Tensor.fromArray(scores) } } as unknown as DiscriminatorPass;
    expect(technique.discriminatorPenalty!(pass, gan)).toBeUndefined();
    technique.afterStep!("discriminator", gan);
    technique.afterStep!("generator", gan);
  });
  return technique.report!().augment!;
}

const beginning = { progress: { step: 0, epoch: 0, images: 0 } } as Gan;
const augment = (technique: Technique, batch: Tensor, gan = beginning): Tensor =>
  technique.augment!(batch, "fake", gan);

describe("the images", () => {
  it.each(Object.entries(stored.adaptive))("at p = %s are PyTorch's, for the draws of a seed", (p, expected) => {
    const result = augment(built({ start: Number(p) }), images());
    expectClose(result, expected, { atol: 1e-9, rtol: 1e-9 });
    const again = augment(built({ start: Number(p) }, { seed: stored.seed + 1 }), images());
    expect(flat(again)).not.toEqual(flat(result));
  });

  it("at p = 0 are the same tensor, while the random stream advances", () => {
    const x = images();
    expect(augment(built(), x)).toBe(x);
  });

  it("carry the gradient back", () => {
    const x = images().requiresGrad_();
    expectGradients([x], () =>
      augment(built({ start: 1 }), x)
        .pow(2)
        .sum(),
    );
  });

  it("get only the chosen transformations", () => {
    const gray = Tensor.full([4, 3, 8, 8], 0.5, { dtype: "float64" });
    const of = (...transformations: NonNullable<Options["transformations"]>): Tensor =>
      augment(built({ start: 1, transformations }), gray);
    // Moving changes nothing about an image of one color where it is reflected, and colors nothing about its flatness.
    expectClose(of("blit"), gray);
    expect(flat(of("color"))[0]).not.toBeCloseTo(0.5, 3);
    expect(of("color").std([2, 3]).amax().item()).toBeLessThan(1e-12);
  });
});

describe("groups", () => {
  it("have multipliers of p", () => {
    const only = (multipliers: NonNullable<Options["multipliers"]>): Tensor =>
      augment(built({ start: 1, transformations: ["blit", "color"], multipliers }), images());
    expect(flat(only({ blit: 0, color: 0 }))).toEqual(flat(images()));
    // Moving pixels alone keeps the values of an image; colors alone change them.
    const sorted = (values: Tensor): number[] => flat(values).sort((a, b) => a - b);
    expect(sorted(only({ blit: 1, color: 0 })).length).toBe(images().numel);
    expect(flat(only({ blit: 0, color: 1 }))).not.toEqual(flat(images()));
    const count = (p: number): number => drawHoles(4000, p, new Generator(3)).filter((hole) => hole !== null).length;
    expect(Math.abs(count(0.3) / 4000 - 0.3)).toBeLessThan((6 * Math.sqrt(0.21)) / Math.sqrt(4000));
  });

  it("cutout sets to 0 what lies within a quarter of the side of a centre anywhere in the image", () => {
    const x = Tensor.ones([3, 2, 8, 4], { dtype: "float64" });
    const cut = cutOut(x, onTestDevice(insideOf([null, [0.5, 0.5], [0, 1]], formOf(x))));
    expect(cut.sum([1, 2, 3]).tolist()).toEqual([64, 64 - 2 * 4 * 2, 64 - 2 * 2 * 1]);
    expect(cut.select(0, 1).select(0, 0).tolist()).toEqual(
      Array.from({ length: 8 }, (_, row) => (row >= 2 && row < 6 ? [1, 0, 0, 1] : [1, 1, 1, 1])),
    );
    // From above: rows beyond 3/4 of the height, columns before 1/4 of the width.
    expect(cut.select(0, 2).select(0, 0).narrow(0, 6, 2).tolist()).toEqual([
      [0, 1, 1, 1],
      [0, 1, 1, 1],
    ]);
    const holes = drawHoles(5000, 1, new Generator(2)) as (readonly [number, number])[];
    for (const axis of [0, 1] as const) {
      const mean = holes.reduce((sum, hole) => sum + hole[axis], 0) / holes.length;
      expect(Math.abs(mean - 0.5)).toBeLessThan(6 * Math.sqrt(1 / 12 / 5000));
    }
  });
});

describe("p", () => {
  it("rises where more than 4 in 5 real images are rated real, and falls where fewer are", () => {
    // r = 0.6 at 4 of 5: above it p rises by the images of the interval over `images`.
    const technique = built({ images: 100, interval: 1 });
    expect(observe(technique, [1, 2, 3, 0.1])).toBeCloseTo(0.04, 12); // r = 1
    expect(observe(technique, [1, 1, 1, 1, -1])).toBeCloseTo(0.04, 12); // r = 0.6: on target
    expect(technique.report!()).toEqual({ augment: expect.closeTo(0.04, 12), overfit: expect.closeTo(0.6, 6) });
    expect(observe(technique, [1, 1, 1, 1, 1, 1, 1, 1, 1, -1])).toBeCloseTo(0.14, 12); // r = 0.8
    expect(observe(technique, [1, 1, 1, -1, -1])).toBeCloseTo(0.09, 12); // r = 0.2
    expect(technique.report!().overfit).toBeCloseTo(0.2, 6);
  });

  it("stays within [0, 1]", () => {
    const technique = built({ images: 10, interval: 1 });
    expect(observe(technique, [-1, -1, -1, -1])).toBe(0);
    for (const p of [0.4, 0.8, 1, 1]) expect(observe(technique, [1, 1, 1, 1])).toBeCloseTo(p, 12);
    expect(observe(technique, [-1, -1, -1, -1])).toBeCloseTo(0.6, 12);
  });

  it("is adjusted every `interval` updates by all their images, and goes from 0 to 1 in `images`", () => {
    const technique = built({ interval: 4, images: 64 });
    const ps = Array.from({ length: 16 }, () => observe(technique, [1, 1, 1, 1]));
    expect(ps).toEqual([0, 0, 0, 0.25, 0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 0.5, 0.75, 0.75, 0.75, 0.75, 1]);
    // The mean over the interval decides: 3 of 4 updates say 1, one says -1, r = 0.5.
    const mixed = built({ interval: 4, images: 64, start: 0.5 });
    for (const scores of [
      [1, 1, 1, 1],
      [1, 1, 1, 1],
      [-1, -1, -1, -1],
    ])
      observe(mixed, scores);
    expect(observe(mixed, [1, 1, 1, 1])).toBe(0.25);
    expect(mixed.report!().overfit).toBe(0.5);
  });

  it("has the paper's defaults", () => {
    const { options } = adaptiveAugmentation();
    const transformations = ["blit", "geometry", "color"];
    const multipliers = { blit: 1, geometry: 1, color: 1, cutout: 1 };
    const adapted = { target: 0.6, images: 500_000, interval: 4, start: 0 };
    expect(options).toEqual({ ...adapted, transformations, multipliers, pairs: false });
  });

  it("follows the side of D(x) = 1/2, whatever the loss", () => {
    const squares = leastSquares().build();
    const p = (loss: Loss, scores: number[]): number =>
      observe(built({ images: 8, interval: 1 }, { loss }), scores, loss);
    expect(p(squares, [0.6, 0.7, 0.8, 0.9])).toBe(0.5);
    expect(p(squares, [0.4, 0.3, 0.2, 0.9])).toBe(0);
    expect(p(nonSaturating().build(), [0.1, 0.2, 3, 4])).toBe(0.5);
    expect(p(nonSaturating().build(), [-0.1, -0.2, 3, 4])).toBe(0);
  });

  it("is in the log, and in checkpoints with the interval at hand", () => {
    const technique = built({ interval: 3, images: 60, start: 0.2 });
    expect(technique.report!()).toEqual({ augment: 0.2 });
    for (let i = 0; i < 5; i++) observe(technique, [1, 1, 1, -1 + i]);
    const { tensors, numbers } = technique.state!();
    const other = built({ interval: 3, images: 60, start: 0.2 });
    other.load!({ tensors: new Map([...tensors].map(([name, tensor]) => [name, tensor.clone()])), numbers });
    expect(other.report!()).toEqual(technique.report!());
    const after = observe(technique, [1, -1, 1, 1]);
    expect(observe(other, [1, -1, 1, 1])).toBe(after);
    expect(other.report!()).toEqual(technique.report!());
    expect(() => other.load!({ tensors: new Map(), numbers: {} })).toThrow(
      "adaptiveAugmentation: the checkpoint does not say how strong the augmentation was",
    );
  });
});

describe("in training", () => {
  it("augments what the discriminator sees, trains, and logs p", () => {
    const gan = ganOf({ techniques: [adaptiveAugmentation({ start: 0.8, interval: 1, images: 80, target: 1 })] });
    for (const p of [0.7, 0.6]) {
      expect(flat(trainingStep(gan)).every(Number.isFinite)).toBe(true);
      expect(gan.techniques[0]!.report!().augment).toBeCloseTo(p, 9);
    }
  });

  it("takes a probability that is given or scheduled, adapts nothing then, and goes with every loss", () => {
    const probability = linear({ from: 0, to: 0.5, until: 16, in: "images" });
    for (const loss of [wasserstein(), relativistic(), hinge()]) {
      const gan = ganOf({ techniques: [adaptiveAugmentation({ probability })], loss });
      for (const p of [0, 0.25, 0.5, 0.5]) {
        trainingStep(gan).dispose();
        expect(gan.techniques[0]!.report!()).toEqual({ augment: p });
      }
    }
    expect(() => adaptiveAugmentation({ probability: 0.5, start: 0.1 })).toThrow(
      "leave out `target`, `images`, `interval`",
    );
    expect(() => ganOf({ techniques: [adaptiveAugmentation()], loss: relativistic() })).toThrow(
      "has no meaning with the loss `relativistic`; give it `probability`",
    );
  });

  it("gives both images of a pair the same draws, in both players' updates, where that is asked for", () => {
    const x = Tensor.rand([8, 1, 16, 16], { generator: new Generator(1) });
    for (const pairs of [true, false]) {
      const seen: Record<string, number[][]> = { real: [], fake: [] };
      const spy = technique("pairedSpy", () => ({
        augment(images, of) {
          seen[of]!.push(flat(images));
          return images;
        },
      }));
      // Both batches are the same images, so that the same draws show as the same values.
      const same = technique("sameImages", () => ({ augment: (images) => images.mul(0).add(x) }));
      const augmentation = adaptiveAugmentation({
        probability: 0.8,
        pairs,
        transformations: ["blit", "geometry", "color", "cutout"],
      });
      const gan = ganOf({ techniques: [same, augmentation, spy], loss: relativistic() });
      trainingStep(gan).dispose();
      trainingStep(gan).dispose();
      expect(seen.real).toHaveLength(4);
      for (const [i, values] of seen.real!.entries()) {
        if (pairs) expect(values).toEqual(seen.fake![i]);
        else expect(values).not.toEqual(seen.fake![i]);
      }
      // Each update has draws of its own.
      expect(new Set(seen.real!.map((values) => values.join())).size).toBe(4);
    }
  });

  it("is refused with diffAugment, with vectors, with other channels, and with the Wasserstein loss", () => {
    const refusal = "cannot stand in one recipe: both augment all that the discriminator sees";
    expect(() => ganOf({ techniques: [diffAugment(), adaptiveAugmentation()] })).toThrow(
      `\`diffAugment\` and \`adaptiveAugmentation\` ${refusal}`,
    );
    expect(() => ganOf({ techniques: [adaptiveAugmentation(), diffAugment()] })).toThrow(refusal);
    expect(() => ganOf({ techniques: [adaptiveAugmentation()], loss: wasserstein() })).toThrow(
      "it follows the sign of D(real), which has no meaning with the loss `wasserstein`",
    );
    const context = { batchSize: 4, classes: 0, device: TEST_DEVICE, rng: new Generator(1) };
    expect(() => adaptiveAugmentation().build({ ...context, image: { features: 2 } })).toThrow("vectors of 2 numbers");
    expect(() => adaptiveAugmentation().build({ ...context, image: { channels: 2, size: 8 } })).toThrow(
      "adaptiveAugmentation: images of 2 channels; it can take those of 1 or 3",
    );
    expect(() => adaptiveAugmentation({ target: 2 })).toThrow("`adaptiveAugmentation.target` (=2) must be at most 1");
  });
});
