/** DiffAugment (Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training", section 3.2). */
import { z } from "zod";
import { type ImageSize, sidesOf } from "../base/image-size.ts";
import { type Generator, Tensor } from "../tensor/index.ts";
import {
  computedForImages,
  cutOut,
  type Holes,
  type ImageForm,
  requireImages,
  uniformRows,
  wholeNumber,
} from "./augmentation/images.ts";
import { type Places, placesOf, shift } from "./augmentation/shift.ts";
import { uniformPerSample } from "./input-gradient.ts";
import { defineTechnique } from "./technique.ts";

/** The longest move and the sides of the hole, as fractions of the image's sides. */
const TRANSLATION = 1 / 8;
const CUTOUT = 1 / 2;

/** A fraction of a side in whole pixels, halves up. */
const pixels = (side: number, fraction: number): number => Math.floor(side * fraction + 0.5);

/** `amount` is added to every pixel; [B, 1, 1, 1], as in the other two. */
export function brightness(images: Tensor, amount: Tensor): Tensor {
  return images.add(amount);
}

/** Each pixel's distance from its own gray, the mean of its channels, times `factor`. */
export function saturation(images: Tensor, factor: Tensor): Tensor {
  const gray = images.mean(1, true);
  return images.sub(gray).mul(factor).add(gray);
}

/** Each pixel's distance from the mean of its image times `factor`. */
export function contrast(images: Tensor, factor: Tensor): Tensor {
  const mean = images.mean([1, 2, 3], true);
  return images.sub(mean).mul(factor).add(mean);
}

/** First row and column of the hole of one image; they may lie outside of it. */
export type Corner = readonly [top: number, left: number];

/** Inside of a hole of 0 in each image, on the CPU. */
export function holesAt(corners: readonly Corner[], hole: ImageSize, { shape, dtype }: ImageForm): Holes {
  const [batch, , height, width] = shape;
  const { height: high, width: wide } = sidesOf(hole);
  const long = [high, wide] as const;
  const inside = (axis: 0 | 1, length: number, shape: readonly number[]): Tensor => {
    const values = corners.flatMap((corner) =>
      Array.from({ length }, (_, at) => (at >= corner[axis] && at < corner[axis] + long[axis] ? 1 : 0)),
    );
    return Tensor.fromArray(values, shape, { dtype });
  };
  return { holeRows: inside(0, height, [batch, 1, height, 1]), holeColumns: inside(1, width, [batch, 1, 1, width]) };
}

/** Each with draws of its own for each sample. */
const AUGMENTATIONS: Readonly<
  Record<"color" | "translation" | "cutout", (images: Tensor, random: Generator) => Tensor>
> = {
  color: (images, random) => {
    const uniform = (): Tensor => uniformPerSample(images, random);
    const brighter = brightness(images, uniform().sub(0.5)); // -0.5 ... 0.5
    const coloured = saturation(brighter, uniform().mul(2)); // 0 ... 2
    return contrast(coloured, uniform().add(0.5)); // 0.5 ... 1.5
  },
  translation: (images, random) => shift(images, computedForImages(images, drawnPlaces, random), "zeros"),
  cutout: (images, random) => cutOut(images, computedForImages(images, drawnHoles, random)),
};

/** Moves by up to 1/8 of the side. */
function drawnPlaces(form: ImageForm, random: Generator): Places {
  const [batch, , height, width] = form.shape;
  const moves = uniformRows(batch, 2, random).map(([u, v]) => ({
    down: wholeNumber(u!, pixels(height, TRANSLATION)),
    right: wholeNumber(v!, pixels(width, TRANSLATION)),
  }));
  return placesOf(moves, form, "zeros");
}

/** Holes of half the side. */
function drawnHoles(form: ImageForm, random: Generator): Holes {
  const [batch, , height, width] = form.shape;
  const hole = { height: pixels(height, CUTOUT), width: pixels(width, CUTOUT) };
  // The hole's centre is any pixel, and for an even side any corner of one.
  const corner = (draw: number, length: number, side: number): number =>
    Math.floor(draw * (length + 1 - (side % 2))) - Math.floor(side / 2);
  const corners = uniformRows(batch, 2, random).map(
    ([u, v]): Corner => [corner(u!, height, hole.height), corner(v!, width, hole.width)],
  );
  return holesAt(corners, hole, form);
}

const policies = z.enum(["color", "translation", "cutout"]);
const options = z.strictObject({
  policy: z.array(policies).min(1, "must name at least one of color, translation, cutout").default(policies.options),
});

/**
 * D sees augmented images only, real and generated ones alike, in its own updates and in G's, whose gradient goes through the
 * augmentation.
 *
 * - `policy` (default: all three, in this order): what is done, one after the other.
 *   - color: brightness + U(-0.5, 0.5), saturation * U(0, 2), contrast * U(0.5, 1.5). Images are in [-1, 1]; the results are
 *     not clamped.
 *   - translation: shift by a whole number of pixels, up to 1/8 of the side along each axis; 0 comes in.
 *   - cutout: set a rectangle to 0, half as high and half as wide as the image, centred anywhere in it.
 *
 * Each sample has its own draws. The ranges are the authors'.
 *
 * @throws UserError for an unknown or empty policy, when the samples are vectors, and for `color` with images of other than 1
 * or 3 channels.
 *
 * @example
 * techniques: [diffAugment({ policy: ["translation", "cutout"] })]
 */
export const diffAugment = defineTechnique("diffAugment", options, ({ policy }, context) => {
  requireImages(context, "diffAugment");
  if (policy.includes("color"))
    requireImages(context, "diffAugment: the policy `color` (`policy` chooses others)", [1, 3]);
  return {
    name: "diffAugment",
    graph: {},
    without: { adaptiveAugmentation: "both augment all that the discriminator sees" },
    augment: (images) => policy.reduce((seen, name) => AUGMENTATIONS[name](seen, context.rng), images),
  };
});
