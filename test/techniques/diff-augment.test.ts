import { describe, expect, it } from "vitest";
import { cutOut, formOf } from "../../src/techniques/augmentation/images.ts";
import { brightness, contrast, diffAugment, holesAt, saturation } from "../../src/techniques/diff-augment.ts";
import type { Gan, Technique } from "../../src/techniques/index.ts";
import { Generator, Tensor } from "../../src/tensor/index.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { onTestDevice, TEST_DEVICE } from "../device/device.ts";
import { expectClose, expectGradients, fixture, flat, noise } from "../nn/oracle.ts";
import { ganOf, technique } from "../training/tiny.ts";

const stored = fixture<{ seed: number; color: number[]; holed: number[]; diffAugment: number[] }>("augmentations");
const images = (channels = 3): Tensor => noise([4, channels, 8, 8], 5);
const precise = { atol: 1e-10, rtol: 1e-10 };

type Policy = NonNullable<Parameters<typeof diffAugment>[0]>["policy"];

/** The technique with a stream of its own. */
function built(policy?: Policy, seed = stored.seed, channels = 3): (images: Tensor) => Tensor {
  const image = { channels, size: 8 };
  const context = { batchSize: 4, image, classes: 0, device: TEST_DEVICE, rng: new Generator(seed) };
  const made: Technique = diffAugment(policy === undefined ? {} : { policy }).build(context);
  return (batch) => made.augment!(batch, "real", {} as Gan);
}

describe("the transformations", () => {
  it("of colors are PyTorch's", () => {
    const [b, s, c] = [0, 1, 2].map((i) => noise([3, 4, 1, 1, 1], 8).select(0, i)) as [Tensor, Tensor, Tensor];
    expectClose(contrast(saturation(brightness(images(), b), s.add(1)), c.add(1)), stored.color, precise);
  });

  it("cut holes where PyTorch's slices do, also over the edge", () => {
    const corners = [
      [-2, 3],
      [0, 0],
      [6, 6],
      [-5, 1],
    ] as const;
    expectClose(cutOut(images(1), onTestDevice(holesAt(corners, 4, formOf(images(1))))), stored.holed, precise);
  });

  it("one after the other, with the draws of a seed, are PyTorch's", () => {
    expectClose(built()(images()), stored.diffAugment, { atol: 1e-7 });
    expectClose(built(["color", "translation", "cutout"])(images()), built()(images()), precise);
  });

  it.each<[Policy]>([[["color"]], [["translation"]], [["cutout"]], [undefined]])(
    "carry the gradient back: %s",
    (policy) => {
      const x = images().requiresGrad_();
      expectGradients([x], () => built(policy)(x).pow(2).sum());
    },
  );
});

describe("the draws", () => {
  it("are one per sample, over the paper's ranges, others for each batch", () => {
    const many = Tensor.ones([4000, 1, 8, 8], { dtype: "float64" });
    const augment = built(["color"], 1, 1);
    // Of constant images contrast and saturation change nothing: what is left is brightness.
    const amounts = augment(many).select(2, 0).sub(1).select(2, 0).flatten();
    expect(amounts.amin().item()).toBeGreaterThanOrEqual(-0.5);
    expect(amounts.amax().item()).toBeLessThanOrEqual(0.5);
    expect(Math.abs(amounts.mean().item())).toBeLessThan(6 * Math.sqrt(1 / 12 / 4000));
    expect(amounts.std().item()).toBeCloseTo(Math.sqrt(1 / 12), 2);
    const again = augment(many).select(2, 0).sub(1).select(2, 0).flatten();
    expect(again.eq(amounts).any().item()).toBe(0);
  });

  it("move by every number of pixels up to an eighth of the side, each as likely", () => {
    // A single white pixel shows where it went.
    const at = (row: number, column: number): number => row * 16 + column;
    const pixels = new Float64Array(256);
    pixels[at(8, 8)] = 1;
    const many = Tensor.fromArray(pixels, [1, 1, 16, 16]).expand([2500, 1, 16, 16]);
    const places = flat(built(["translation"], 2, 1)(many).flatten(1).argmax(1));
    const counts = new Map<number, number>();
    for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
    const moves = [-2, -1, 0, 1, 2];
    const expected = moves.flatMap((down) => moves.map((right) => at(8 + down, 8 + right)));
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(expected);
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(60);
  });

  it("cut a hole half as high and half as wide out of images that are not square", () => {
    const cut = built(["cutout"], 3, 1)(Tensor.ones([500, 1, 8, 12], { dtype: "float64" }));
    const holes = flat(cut.rsub(1).sum([1, 2, 3]));
    expect(Math.max(...holes)).toBe(4 * 6);
    // Whole, or cut by an edge: at least half of it along each axis.
    expect(Math.min(...holes)).toBe(2 * 3);
  });

  it("put the hole's centre anywhere, over the edges too", () => {
    const many = Tensor.ones([4000, 1, 8, 8], { dtype: "float64" });
    const cut = built(["cutout"], 3, 1)(many);
    const hole = cut.rsub(1).sum([1, 2, 3]);
    // Half of 8 is 4; the centre is one of 9 places along each axis, and near an edge 3, 2 pixels are left.
    expect([...new Set(flat(hole))].sort((a, b) => a - b)).toEqual([4, 6, 8, 9, 12, 16]);
    expect(flat(hole).filter((area) => area === 16).length / 4000).toBeCloseTo((5 / 9) ** 2, 1);
    // The middle is hidden by 4 of the 9 places along each axis.
    expect(cut.select(2, 4).select(2, 4).mean().item()).toBeCloseTo(1 - (4 / 9) ** 2, 1);
  });
});

describe("in training", () => {
  it("augments real and generated images in both players' updates, and trains", () => {
    const seen: string[] = [];
    const spy = technique("augmentSpy", () => ({
      discriminatorPenalty(pass) {
        for (const [raw, shown] of [
          [pass.rawReal, pass.real],
          [pass.rawFake, pass.fake],
        ] as const) {
          expect(flat(raw)).not.toEqual(flat(shown));
          seen.push("D");
        }
        return undefined;
      },
      generatorPenalty(pass) {
        expect(flat(pass.rawFake)).not.toEqual(flat(pass.fake));
        seen.push("G");
        return undefined;
      },
    }));
    const gan = ganOf({ techniques: [diffAugment(), spy] });
    const before = flat(gan.generator.parameters()[0]!);
    expect(flat(trainingStep(gan)).every(Number.isFinite)).toBe(true);
    expect(seen).toEqual(["D", "D", "G"]);
    expect(flat(gan.generator.parameters()[0]!)).not.toEqual(before);
  });

  it("refuses vectors, an unknown policy and an empty one", () => {
    const context = { batchSize: 4, classes: 0, device: TEST_DEVICE, rng: new Generator(1) };
    expect(() => diffAugment().build({ ...context, image: { features: 2 } })).toThrow(
      "diffAugment: it changes images, and the samples of this data are vectors of 2 numbers",
    );
    expect(() => diffAugment({ policy: ["colour" as "color"] })).toThrow("`diffAugment.policy.0` (=colour)");
    expect(() => diffAugment({ policy: [] })).toThrow("must name at least one of color, translation, cutout");
  });
});
