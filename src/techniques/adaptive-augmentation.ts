/**
 * Adaptive discriminator augmentation, ADA (Karras et al. 2020, "Training Generative Adversarial Networks with Limited
 * Data", sections 2 and 3 and appendix B).
 */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { type Generator, keep, noGrad, Tensor } from "../tensor/index.ts";
import { drawGeometries, type GeometryGroups, inverseOf, isStill } from "./augmentation/geometry.ts";
import { requireImages } from "./augmentation/images.ts";
import { drawColorings, isFaithful, recolor } from "./augmentation/recolor.ts";
import { warp } from "./augmentation/warp.ts";
import { positive, whole } from "./options.ts";
import { prepared } from "./prepared.ts";
import { defineTechnique } from "./technique.ts";

const groups = z.enum(["blit", "geometry", "color"]);
const options = z.strictObject({
  target: z.number().min(-1, "must be at least -1").max(1, "must be at most 1").default(0.6),
  images: positive.default(500_000),
  interval: whole(1, "updates").default(4),
  start: z.number().min(0, "must be at least 0").max(1, "must be at most 1").default(0),
  transformations: z.array(groups).min(1, "must name at least one of blit, geometry, color").default(groups.options),
});

/** Images [B, C, H, W], each with the transformations that are drawn for it. */
function transform(images: Tensor, p: number, wanted: GeometryGroups & { color: boolean }, random: Generator): Tensor {
  const [batch, , height, width] = images.shape as [number, number, number, number];
  const geometries = drawGeometries(batch, { height, width }, p, wanted, random);
  const colorings = drawColorings(batch, wanted.color ? p : 0, random);
  // A batch to which nothing happens is not even resampled.
  const warped = geometries.every(isStill) ? images : warp(images, geometries.map(inverseOf));
  return colorings.every(isFaithful) ? warped : recolor(warped, colorings);
}

/**
 * D sees augmented images only, real and generated ones alike, in its own updates and in G's, whose gradient goes through the
 * augmentation. Each transformation happens to each image with probability p, which follows how much D overfits:
 *
 *     r = E[sign(D(x))] over real images of the last `interval` updates of D,
 *     p <- p + sign(r - target) * (real images in them) / images, within [0, 1]
 *
 * The sign says on which side of D(x) = 1/2 a score lies. Unlike the paper's, p stops at 1.
 *
 * - `target` (default 0.6): of r, -1 to 1.
 * - `images` (default 500,000): real images in which p can go from 0 to 1.
 * - `interval` (default 4): updates of D between two adjustments.
 * - `start` (default 0): p at the beginning.
 * - `transformations` (default all): groups of transformations.
 *
 * The groups are 12 of the paper's 18 transformations, its set "bgc": mirror images, quarter turns and whole translations
 * ("blit"); isotropic scaling, rotation, anisotropic scaling and fractional translation ("geometry"); brightness, contrast,
 * luma flip, hue and saturation ("color"). Image-space filtering (four), noise and cutout are left out. The distributions are
 * in augmentation/geometry.ts and augmentation/recolor.ts.
 *
 * The log has p and r as `augment` and `overfit`. Checkpoints keep p.
 *
 * @throws UserError for an option out of range, for images of other than 1 or 3 channels, for vectors, and with the Wasserstein
 *   loss, whose scores have no such side.
 *
 * @example
 * techniques: [adaptiveAugmentation({ target: 0.6 })]
 */
export const adaptiveAugmentation = defineTechnique("adaptiveAugmentation", options, (o, context) => {
  requireImages(context, "adaptiveAugmentation", [1, 3]);
  const has = (group: z.output<typeof groups>): boolean => o.transformations.includes(group);
  const wanted = { blit: has("blit"), geometry: has("geometry"), color: has("color") };
  let p = o.start;
  /** r at the last adjustment. */
  let overfit: number | undefined;
  let updates = 0;
  let seen = 0;
  let made: Tensor | undefined;
  /** The sum of signs since the last adjustment. It stays on the device until then. */
  const signs = (): Tensor => prepared(made, "adaptiveAugmentation");
  return {
    name: "adaptiveAugmentation",
    without: { diffAugment: "both augment all that the discriminator sees" },
    prepare({ loss }) {
      if (loss.name === "wasserstein") {
        throw new UserError(
          "adaptiveAugmentation: it follows the sign of D(real), which has no meaning with the loss `wasserstein`; use another loss, or diffAugment",
        );
      }
      made = keep(Tensor.zeros([], { device: context.device }));
    },
    augment: (images) => transform(images, p, wanted, context.rng),
    discriminatorPenalty({ realOutput: { score } }, { loss }) {
      noGrad(() => signs().add_(loss.probability(score).sub(0.5).sign().sum()));
      seen += score.shape[0]!;
      updates++;
      return undefined;
    },
    afterStep(player) {
      if (player !== "discriminator" || updates % o.interval !== 0) return;
      overfit = signs().item() / seen;
      p = Math.min(1, Math.max(0, p + (Math.sign(overfit - o.target) * seen) / o.images));
      signs().zero_();
      seen = 0;
    },
    report: () => ({ augment: p, ...(overfit === undefined ? {} : { overfit }) }),
    state: () => ({
      tensors: new Map([["signs", signs()]]),
      numbers: { p, updates, seen, ...(overfit === undefined ? {} : { overfit }) },
    }),
    load({ tensors, numbers }) {
      const [sum, strength] = [tensors.get("signs"), numbers.p];
      if (sum === undefined || strength === undefined) {
        throw new UserError("adaptiveAugmentation: the checkpoint does not say how strong the augmentation was");
      }
      noGrad(() => signs().copy_(sum));
      p = strength;
      overfit = numbers.overfit;
      updates = numbers.updates ?? 0;
      seen = numbers.seen ?? 0;
    },
  };
});
