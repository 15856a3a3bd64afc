/** Projection: the latents of given images, found by {@link LatentSearch} from the nearest of some drawn samples. */
import { setImmediate } from "node:timers/promises";
import { UserError } from "../../base/errors.ts";
import { type PixelBatch, quantise } from "../../formats/index.ts";
import { Generator, scope, Tensor } from "../../tensor/index.ts";
import { drawLatents } from "../step/gan.ts";
import type { Samplable } from "../trainable.ts";
import { type ConditionValues, refuseWithoutConditions } from "./conditions.ts";
import type { Watching } from "./groups.ts";
import { LatentSearch, type Residuals } from "./latent-search.ts";
import { labelsFor, refuseBlind, throughSamplers } from "./sample.ts";

/** How to project. */
export interface ProjectionOptions extends Watching {
  /** Gradient steps; default 500, as in the paper. */
  readonly steps?: number | undefined;
  /** Lambda: the weight of D's features against the pixels; default 0.1, and 0 where there is no discriminator. */
  readonly featureWeight?: number | undefined;
  /** Of the samples that the search begins from; default 0. */
  readonly seed?: number | undefined;
  /** Averaged weights, where the run keeps them; default true. */
  readonly averaged?: boolean | undefined;
  /** The class of all images, for a generator that takes labels. */
  readonly classIndex?: number | undefined;
  /** Values of conditions, for data with conditions; the others are those of a real image, drawn by `seed`. */
  readonly condition?: ConditionValues | undefined;
  /** How many stages are kept, the first and the last among them; default 8. */
  readonly stages?: number | undefined;
}

/** The generator's images at some step of a search. */
export interface ProjectionStage {
  readonly step: number;
  /** G(z), one for each image. */
  readonly images: PixelBatch;
  readonly distances: Residuals;
}

/** What was found. */
export interface Projection {
  /** float32 [N, latent], row by row. */
  readonly latents: Float32Array;
  readonly latent: number;
  /** Lambda, as it was used. */
  readonly featureWeight: number;
  /** By their steps; the last holds the final images. */
  readonly stages: readonly ProjectionStage[];
}

/** Drawn samples, of which the nearest to an image is where its search begins. */
export const CANDIDATES = 64;
/** Gradient steps between two looks at the event loop. */
const AT_ONCE = 5;

/**
 * Finds the latents of images [N, C, H, W] in [-1, 1], all at once, each for itself. The distance of image x is
 *
 *     (1 - lambda) sum |x - G(z)| + lambda sum |f(x) - f(G(z))|,   f: the input of D's last layer
 *
 * @throws UserError where the generator takes labels and no class is given, or a class is given to one that does not;
 * the reason of `stop` when that is raised.
 *
 * @example
 * const { latents, stages } = await projectImages(gan, images, { steps: 500 });
 */
export async function projectImages(
  gan: Samplable,
  images: Tensor,
  options: ProjectionOptions = {},
): Promise<Projection> {
  const { steps = 500, seed = 0, averaged = true, stages: count = 8, onProgress, stop } = options;
  const { discriminator } = gan;
  const { featureWeight = discriminator === undefined ? 0 : 0.1 } = options;
  const labels = labelsOf(gan, images.shape[0]!, options);
  const networks = {
    recipe: gan.recipe,
    generator: gan.generator,
    discriminator: featureWeight > 0 ? discriminator : undefined,
  };
  const within = <T>(body: () => T): T => (averaged ? throughSamplers(gan, body) : body());
  const search = new LatentSearch(networks, images, { featureWeight, labels, within, seed });
  try {
    await beginAtNearest(search, gan, images.shape[0]!, { seed, stop });
    const stages: ProjectionStage[] = [];
    const due = stageSteps(steps, count);
    for (let step = 0; ; ) {
      stop?.throwIfAborted();
      if (due.includes(step)) stages.push(stageOf(search, step));
      if (step === steps) break;
      const next = Math.min(step + AT_ONCE, due.find((stage) => stage > step)!);
      // Over the last half the rate falls to zero, so that the search settles.
      search.advance(next - step, Math.min(1, 2 * (1 - step / steps)));
      step = next;
      onProgress?.(step, steps);
      await setImmediate();
    }
    const latents = scope(() => search.latents.detach().toArray() as Float32Array);
    return { latents, latent: gan.generator.latent, featureWeight, stages };
  } finally {
    search.dispose();
    labels?.dispose();
  }
}

/** The same labels for all images. */
function labelsOf(
  gan: Samplable,
  count: number,
  { classIndex, condition, seed = 0 }: ProjectionOptions,
): Tensor | undefined {
  const { classes, conditions } = gan.shape;
  if (classIndex !== undefined) refuseBlind(gan, `class (=${classIndex})`);
  if (condition !== undefined) refuseWithoutConditions(gan, condition);
  if (classes.length > 0 && classIndex === undefined && gan.generator.takesLabels !== "none") {
    throw new UserError("the generator of this run draws images of a class: say which the images are of");
  }
  if (classes.length === 0 && conditions === undefined) return undefined;
  return scope(() => {
    const one = labelsFor(gan, 0, 1, { classIndex, condition, random: new Generator(seed) })!;
    return one.indexSelect(0, Tensor.zeros([count], { dtype: "int64", device: gan.recipe.device }));
  });
}

/** Moves each image's latent to that of {@link CANDIDATES} drawn ones whose sample is the nearest. */
async function beginAtNearest(
  search: LatentSearch,
  gan: Samplable,
  count: number,
  { seed, stop }: { seed: number; stop: AbortSignal | undefined },
): Promise<void> {
  const drawn = scope(() => drawLatents(gan, CANDIDATES, new Generator(seed)));
  const best = Array.from({ length: count }, () => ({ place: 0, distance: Number.POSITIVE_INFINITY }));
  try {
    for (let place = 0; place < CANDIDATES; place++) {
      scope(() => search.moveTo(drawn.narrow(0, place, 1)));
      for (const [i, distance] of search.residuals().total.entries()) {
        if (distance < best[i]!.distance) best[i] = { place, distance };
      }
      await setImmediate();
      stop?.throwIfAborted();
    }
    scope(() => {
      const places = Tensor.fromArray(BigInt64Array.from(best, ({ place }) => BigInt(place)));
      search.moveTo(drawn.indexSelect(0, places.to({ device: gan.recipe.device })));
    });
  } finally {
    drawn.dispose();
  }
}

/** `count` steps from 0 to the last, closer at the beginning, where most happens. */
export function stageSteps(steps: number, count: number): number[] {
  const all = Array.from({ length: count }, (_, i) => Math.round(steps * (i / (count - 1)) ** 2));
  return [...new Set(all)];
}

function stageOf(search: LatentSearch, step: number): ProjectionStage {
  const { images, residuals } = search.images();
  try {
    return { step, images: quantise(images), distances: residuals };
  } finally {
    images.dispose();
  }
}
