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
import { defineTechnique, type Gan, type Technique, type TechniqueContext, type TechniqueState } from "./technique.ts";

const groups = z.enum(["blit", "geometry", "color"]);
const options = z.strictObject({
  target: z.number().min(-1, "must be at least -1").max(1, "must be at most 1").default(0.6),
  images: z.number().positive("must be above 0").default(500_000),
  interval: z.int("must be a whole number of updates").min(1, "must be at least 1").default(4),
  start: z.number().min(0, "must be at least 0").max(1, "must be at most 1").default(0),
  transformations: z.array(groups).min(1, "must name at least one of blit, geometry, color").default(groups.options),
});

/** Images [B, C, S, S] with everything that is drawn for them done. */
function transform(images: Tensor, p: number, wanted: GeometryGroups & { color: boolean }, random: Generator): Tensor {
  const [batch, , side] = images.shape as [number, number, number];
  const geometries = drawGeometries(batch, side, p, wanted, random);
  const colorings = drawColorings(batch, wanted.color ? p : 0, random);
  // Untouched where nothing happens to any of them: not even resampled.
  const warped = geometries.every(isStill) ? images : warp(images, geometries.map(inverseOf));
  return colorings.every(isFaithful) ? warped : recolor(warped, colorings);
}

/**
 * The discriminator sees augmented images only, real and generated ones alike, in its own updates and in the generator's,
 * whose gradient goes back through the augmentation. Each transformation happens to each image with probability p, which
 * follows how much the discriminator overfits:
 *
 *     r = E[sign(D(real))] over the last `interval` updates of the discriminator,
 *     p <- p + sign(r - target) * (real images in them) / images, within [0, 1].
 *
 * Of the paper's 18 transformations these 12, its set "bgc": mirror images, quarter turns and whole translations ("blit"),
 * isotropic scaling, rotation, anisotropic scaling and fractional translation ("geometry"), brightness, contrast, luma flip,
 * hue and saturation ("color"). Not here: the four of image-space filtering, noise and cutout. Their parameters are in
 * augmentation/geometry.ts and augmentation/recolor.ts.
 *
 * - `target` (default 0.6): the r that is aimed at, -1 to 1.
 * - `images` (default 500,000): real images in which p can go from 0 to 1.
 * - `interval` (default 4): discriminator updates between two adjustments.
 * - `start` (default 0): p at the beginning.
 * - `transformations` (default all three groups): those that are drawn.
 *
 * p and r are logged as `augment` and `overfit`, and p is in checkpoints. The sign is that of D's judgement: which side of
 * D(x) = 1/2 a score lies on, for any loss whose scores mean something by themselves. Unlike the paper's, p stops at 1.
 *
 * @throws UserError for an option out of range, for images of other than 1 or 3 channels, for vectors, and with the
 * Wasserstein loss, whose scores know no side.
 *
 * @example
 * techniques: [adaptiveAugmentation({ target: 0.6 })]
 */
export const adaptiveAugmentation = defineTechnique(
  "adaptiveAugmentation",
  options,
  (o, context: TechniqueContext): Technique => {
    requireImages(context, "adaptiveAugmentation", [1, 3]);
    const wanted = {
      blit: o.transformations.includes("blit"),
      geometry: o.transformations.includes("geometry"),
      color: o.transformations.includes("color"),
    };
    let p = o.start;
    /** Of the last adjustment. */
    let overfit: number | undefined;
    let updates = 0;
    let seen = 0;
    /** The sum of signs since the last adjustment; it stays on the device until then. */
    let signs: Tensor | undefined;
    const prepared = (): Tensor => {
      if (signs === undefined) throw new Error("adaptiveAugmentation: used before the run was prepared");
      return signs;
    };
    return {
      name: "adaptiveAugmentation",
      without: { diffAugment: "both augment all that the discriminator sees" },
      prepare({ loss }: Gan) {
        if (loss.name === "wasserstein") {
          throw new UserError(
            "adaptiveAugmentation: it follows the sign of D(real), which has no meaning with the loss `wasserstein`; use another loss, or diffAugment",
          );
        }
        signs = keep(Tensor.zeros([], { device: context.device }));
      },
      augment: (images) => transform(images, p, wanted, context.rng),
      discriminatorPenalty({ realOutput: judgedReal }, { loss }) {
        noGrad(() => prepared().add_(loss.probability(judgedReal.score).sub(0.5).sign().sum()));
        seen += judgedReal.score.shape[0]!;
        updates++;
        return undefined;
      },
      afterStep(player) {
        if (player !== "discriminator" || updates % o.interval !== 0) return;
        overfit = prepared().item() / seen;
        p = Math.min(1, Math.max(0, p + (Math.sign(overfit - o.target) * seen) / o.images));
        prepared().zero_();
        seen = 0;
      },
      report: () => ({ augment: p, ...(overfit === undefined ? {} : { overfit }) }),
      state: () => ({
        tensors: new Map([["signs", prepared()]]),
        numbers: { p, updates, seen, ...(overfit === undefined ? {} : { overfit }) },
      }),
      load({ tensors, numbers }: TechniqueState) {
        const [sum, strength] = [tensors.get("signs"), numbers.p];
        if (sum === undefined || strength === undefined) {
          throw new UserError("adaptiveAugmentation: the checkpoint does not say how strong the augmentation was");
        }
        noGrad(() => prepared().copy_(sum));
        p = strength;
        overfit = numbers.overfit;
        updates = numbers.updates ?? 0;
        seen = numbers.seen ?? 0;
      },
    };
  },
);
