/**
 * Adaptive discriminator augmentation, ADA (Karras et al. 2020, "Training Generative Adversarial Networks with Limited
 * Data", sections 2 and 3 and appendix B).
 */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import type { Loss } from "../losses/index.ts";
import { scheduled, valueAt } from "../optim/index.ts";
import { type Generator, keep, noGrad, Tensor } from "../tensor/index.ts";
import { drawHoles, insideOf } from "./augmentation/cutout.ts";
import { drawGeometries, inverseOf, isStill } from "./augmentation/geometry.ts";
import { computedForImages, cutOut, type Holes, type ImageForm, requireImages } from "./augmentation/images.ts";
import { PairedDraws } from "./augmentation/paired-draws.ts";
import { type ColorMaps, colorMaps, drawColorings, isFaithful, recolor } from "./augmentation/recolor.ts";
import { type WarpMatrices, warp, warpMatrices } from "./augmentation/warp.ts";
import { positive, whole } from "./options.ts";
import { prepared } from "./prepared.ts";
import { defineTechnique, type Progress } from "./technique.ts";

const groups = z.enum(["blit", "geometry", "color", "cutout"]);
const share = z.number().min(0, "must be at least 0").max(1, "must be at most 1");
const USUAL = { target: 0.6, images: 500_000, interval: 4, start: 0 };
const options = z
  .strictObject({
    target: z.number().min(-1, "must be at least -1").max(1, "must be at most 1").default(USUAL.target),
    images: positive.default(USUAL.images),
    interval: whole(1, "updates").default(USUAL.interval),
    start: share.default(USUAL.start),
    probability: scheduled(share).optional(),
    transformations: z
      .array(groups)
      .min(1, "must name at least one of blit, geometry, color, cutout")
      .default(["blit", "geometry", "color"]),
    multipliers: z
      .strictObject({
        blit: share.default(1),
        geometry: share.default(1),
        color: share.default(1),
        cutout: share.default(1),
      })
      .prefault({}),
    pairs: z.boolean().default(false),
  })
  .refine(
    (o) =>
      o.probability === undefined ||
      Object.entries(USUAL).every(([name, value]) => o[name as keyof typeof USUAL] === value),
    {
      path: ["probability"],
      message: "is not adapted: leave out `target`, `images`, `interval` and `start`",
    },
  );

type Group = z.output<typeof groups>;

/** What is done to the images of a batch; undefined where nothing is. */
type Changes = {
  readonly geometry: WarpMatrices | undefined;
  readonly colors: ColorMaps | undefined;
  readonly holes: Holes | undefined;
};

/** Draws for a batch. `p` has the probability of each group. */
function draw(form: ImageForm, p: (group: Group) => number, cutout: boolean, random: Generator): Changes {
  const [batch, , height, width] = form.shape;
  const geometries = drawGeometries(batch, { height, width }, { blit: p("blit"), geometry: p("geometry") }, random);
  const colorings = drawColorings(batch, p("color"), random);
  // Drawn only where it is wanted: other augmentations keep the draws that they had without it.
  const holes = cutout ? drawHoles(batch, p("cutout"), random) : [];
  return {
    // A batch to which nothing happens is not even resampled.
    geometry: geometries.every(isStill) ? undefined : warpMatrices(geometries.map(inverseOf), form),
    colors: colorings.every(isFaithful) ? undefined : colorMaps(colorings, form),
    holes: holes.every((hole) => hole === null) ? undefined : insideOf(holes, form),
  };
}

/** Images [B, C, H, W], each with what was drawn for it. */
function transform(images: Tensor, { geometry, colors, holes }: Changes): Tensor {
  const warped = geometry === undefined ? images : warp(images, geometry);
  const coloured = colors === undefined ? warped : recolor(warped, colors);
  return holes === undefined ? coloured : cutOut(coloured, holes);
}

/** Losses for which only differences of scores have a meaning, so that the sign of one has none. */
const withoutSign = ({ name, pairs }: Loss): boolean => name === "wasserstein" || pairs === true;

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
 * - `probability`: p itself, a number or a schedule ({@link cosine}), in place of the four above: nothing is adapted (R3GAN).
 * - `transformations` (default blit, geometry, color): groups of transformations.
 * - `multipliers` (default 1 each): of p in each group, as `{ color: 0.5 }`.
 * - `pairs` (default false): row i of the real images and row i of the generated ones have the same draws, for losses of pairs.
 *
 * The groups are 13 of the paper's 18 transformations: mirror images, quarter turns and whole translations ("blit");
 * isotropic scaling, rotation, anisotropic scaling and fractional translation ("geometry"); brightness, contrast, luma flip, hue
 * and saturation ("color"); a square hole of half the side ("cutout"). The first three are its set "bgc". Image-space
 * filtering (four) and noise are left out. The distributions are in augmentation/geometry.ts, recolor.ts and cutout.ts.
 *
 * The log has p and r as `augment` and `overfit`. Checkpoints keep p.
 *
 * @throws UserError for an option out of range, for images of other than 1 or 3 channels, for vectors, and, unless
 *   `probability` is given, with losses whose scores have no such side (wasserstein, losses of pairs).
 *
 * @example
 * techniques: [adaptiveAugmentation({ target: 0.6 })]
 */
export const adaptiveAugmentation = defineTechnique("adaptiveAugmentation", options, (o, context) => {
  requireImages(context, "adaptiveAugmentation", [1, 3]);
  const { probability, multipliers, transformations } = o;
  const paired = new PairedDraws<Changes>();
  let p = probability === undefined ? o.start : valueAt(probability, { step: 0, images: 0 });
  /** r at the last adjustment. */
  let overfit: number | undefined;
  let updates = 0;
  let seen = 0;
  let made: Tensor | undefined;
  /** The sum of signs since the last adjustment. It stays on the device until then. */
  const signs = (): Tensor => prepared(made, "adaptiveAugmentation");
  const share = (group: Group): number => (transformations.includes(group) ? p * multipliers[group] : 0);
  const follow = (progress: Progress): void => {
    if (probability !== undefined) p = valueAt(probability, progress);
  };
  return {
    name: "adaptiveAugmentation",
    graph: { refused: "which of its transformations happen is another choice in each step" },
    without: { diffAugment: "both augment all that the discriminator sees" },
    prepare({ loss }) {
      if (probability === undefined && withoutSign(loss)) {
        throw new UserError(
          `adaptiveAugmentation: it follows the sign of D(real), which has no meaning with the loss \`${loss.name}\`; give it \`probability\`, or use another loss, or diffAugment`,
        );
      }
      made = keep(Tensor.zeros([], { device: context.device }));
    },
    augment(images, of, gan) {
      follow(gan.progress);
      const compute = (form: ImageForm, random: Generator): Changes =>
        draw(form, share, transformations.includes("cutout"), random);
      const key = (): string => {
        follow(gan.progress);
        return String(p);
      };
      const drawn = (): Changes => computedForImages(images, compute, context.rng, key);
      return transform(images, o.pairs ? paired.for(of, images.shape[0]!, drawn) : drawn());
    },
    discriminatorPenalty({ realOutput: { score } }, { loss }) {
      if (probability !== undefined) return undefined;
      noGrad(() => signs().add_(loss.probability(score).sub(0.5).sign().sum()));
      seen += score.shape[0]!;
      updates++;
      return undefined;
    },
    afterStep(player) {
      paired.forget();
      if (player !== "discriminator" || probability !== undefined || updates % o.interval !== 0) return;
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
