/**
 * A recipe for a folder of images of which only what a look at them shows is known: SN-DCGAN (Miyato et al. 2018) with the
 * hinge loss, as the shipped recipe `cifar10`, with averaged weights, and DiffAugment (Zhao et al. 2020) for few images.
 */
import { counted } from "../base/counted.ts";
import { type ImageSurvey, imageFolder } from "../data/index.ts";
import { hinge } from "../losses/index.ts";
import { dcgan } from "../models/index.ts";
import { adam, linearDecay } from "../optim/index.ts";
import { diffAugment, weightAveraging } from "../techniques/index.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";

/** Below this many images D learns them by heart without augmentation (Zhao et al. 2020, figure 1). */
const FEW_IMAGES = 10_000;

/** Classes with fewer images than this teach a conditional generator little but these images. */
const FEW_OF_A_CLASS = 20;

const BATCH = 64;

/** A setting that was chosen, as `--set` takes it, and why. */
export interface Choice {
  readonly setting: string;
  readonly reason: string;
}

/** A recipe, and why it is so. */
export interface ChosenRecipe {
  readonly recipe: Recipe;
  readonly choices: readonly Choice[];
}

/**
 * Chooses a recipe for the images of a folder or zip archive.
 *
 * - Size: 64 where nine in ten images have at least 48 pixels on their shorter side, else 32.
 * - Channels: 1 if all images are stored as gray. Colour images are also trained on mirrored.
 * - Classes: both networks see them where there are at least two and each has at least 20 images.
 * - Fewer than 10,000 images: DiffAugment. Fewer than 64: batches as large as the data.
 *
 * @example
 * const { recipe, choices } = recipeForImages("photos", await surveyImages("photos"), "photos");
 */
export function recipeForImages(path: string, survey: ImageSurvey, name: string): ChosenRecipe {
  const { count, classes, smallestClass, side, gray } = survey;
  const size = side >= 48 ? 64 : 32;
  const channels = gray ? 1 : 3;
  const conditional = classes.length > 1 && smallestClass >= FEW_OF_A_CLASS;
  const few = count < FEW_IMAGES;
  const batchSize = Math.min(BATCH, count);
  const optimizer = adam({ lr: 2e-4, betas: [0, 0.9] });
  const recipe = defineRecipe({
    name,
    data: imageFolder({ path, size, channels, flip: !gray }),
    generator: dcgan.generator({ latent: 128, width: 64, conditional }),
    discriminator: dcgan.discriminator({ width: 64, spectralNorm: true, conditional }),
    loss: hinge(),
    techniques: [...(few ? [diffAugment()] : []), weightAveraging({ decay: 0.999, warmUp: true })],
    optimizers: { generator: optimizer, discriminator: optimizer },
    schedule: linearDecay(),
    batchSize,
    steps: 20_000,
    samples: { every: 250 },
    checkpoint: { every: 500 },
  });
  const choices: Choice[] = [
    { setting: `data.size=${size}`, reason: sizeReason(size, side) },
    {
      setting: `data.channels=${channels}`,
      reason: gray ? "all images are gray" : "the images have colour",
    },
    {
      setting: `data.flip=${!gray}`,
      reason: gray
        ? "gray images are often of digits or letters, which have no mirror images"
        : "mirrored images double the data; set it to false for images with writing",
    },
    { setting: `generator.conditional=${conditional}`, reason: classReason(classes.length, smallestClass) },
    few
      ? {
          setting: "techniques+=diffAugment",
          reason: `${counted(count, "image is", "images are")} few: D sees them augmented`,
        }
      : { setting: "no augmentation", reason: `${counted(count, "image is", "images are")} enough without` },
    {
      setting: `batchSize=${batchSize}`,
      reason: batchSize < BATCH ? "as many as there are images" : "that of the recipe cifar10",
    },
    { setting: "steps=20000", reason: "that of the recipe cifar10" },
    { setting: "schedule=linearDecay", reason: "learning rates fall to 0 at the last step, as in the recipe cifar10" },
    { setting: "optimizers.generator.lr=0.0002", reason: "that of the recipe cifar10; D's is the same" },
    { setting: "no evaluate", reason: "score it with gantry evaluate, or add --set evaluate.every=2000" },
  ];
  return { recipe, choices };
}

function sizeReason(size: number, side: number): string {
  const measured = `nine in ten images have at least ${side} pixels on their shorter side`;
  if (side < size) return `${measured}, and are enlarged`;
  return side >= 2 * size ? `${measured}; larger sizes take longer, such as data.size=${2 * size}` : measured;
}

function classReason(classes: number, smallest: number): string {
  if (classes === 0) return "the images have no classes";
  if (classes === 1) return "there is one class";
  if (smallest < FEW_OF_A_CLASS)
    return `of ${classes} classes the smallest has ${counted(smallest, "image")}, too few to learn it`;
  return `the ${classes} folders are classes, of at least ${counted(smallest, "image")} each; discriminator.conditional is the same`;
}
