/** A generator's samples as a set of images to score, drawn batch by batch from a seed. */
import { UserError } from "../../base/errors.ts";
import { sidesOf } from "../../base/image-size.ts";
import { seedOf } from "../../base/seed.ts";
import { quantise } from "../../formats/index.ts";
import { type Drawing, type FakeImages, type ImageSet, QUANTISER } from "../../metrics/index.ts";
import { Generator, scope, Tensor } from "../../tensor/index.ts";
import { drawSamples, SAMPLE_BATCH, samplingOf } from "../sampling/sample.ts";
import type { Samplable } from "../trainable.ts";

/** How to draw. */
export interface DrawingOptions {
  readonly count: number;
  readonly seed: number;
  /** Averaged weights, where the run keeps them. */
  readonly averaged: boolean;
  readonly mode: Drawing["mode"];
  readonly truncation?: number | undefined;
}

/** Images drawn at once: averaged weights are swapped in and out once for each group. */
const GROUP = 8 * SAMPLE_BATCH;

/**
 * The samples of a generator as bytes, with a description of how they are drawn. Every pass over the set draws the same
 * images.
 *
 * @throws UserError when the data are no images; drawing throws it when a sample is not finite.
 */
export function generatedImages(gan: Samplable, name: string, options: DrawingOptions): FakeImages {
  const { sample, classes, conditions } = gan.shape;
  const takes = gan.generator.takesLabels !== "none";
  const labels = takes && conditions !== undefined ? "drawn" : takes && classes.length > 0 ? "in turn" : "none";
  if ("features" in sample) throw new UserError(`${name} makes vectors; these scores are computed of images`);
  const { count, seed, averaged, mode, truncation } = options;
  const images: ImageSet = {
    name,
    count,
    channels: sample.channels,
    ...sidesOf(sample.size),
    *batches(size) {
      const random = new Generator(seedOf(seed, "evaluation"));
      for (let first = 0; first < count; first += GROUP) {
        const group = Math.min(GROUP, count - first);
        const bytes = drawBytes(gan, name, { count: group, first, random, averaged, mode, truncation });
        try {
          for (let begin = 0; begin < group; begin += size) {
            yield scope(() => bytes.narrow(0, begin, Math.min(size, group - begin)).clone());
          }
        } finally {
          bytes.dispose();
        }
      }
    },
  };
  const drawing: Drawing = {
    ...samplingOf(gan, averaged, mode),
    batch: SAMPLE_BATCH,
    truncation: truncation ?? null,
    labels,
  };
  return { images, drawing, quantiser: QUANTISER };
}

/** A few images like those of {@link generatedImages}, to measure how long they take. */
export function trialImages(gan: Samplable, name: string, options: DrawingOptions): ImageSet {
  // Where statistics are collected for every group, a smaller group would seem to take longer.
  const least = gan.techniques.some(({ standing }) => standing) ? GROUP : SAMPLE_BATCH;
  return generatedImages(gan, name, { ...options, count: Math.min(options.count, least) }).images;
}

function drawBytes(gan: Samplable, name: string, options: Parameters<typeof drawSamples>[1]): Tensor {
  return scope(() => {
    const drawn = drawSamples(gan, options);
    if (drawn.isfinite().all().item() !== 1) {
      throw new UserError(`${name} draws images that are not finite, so it cannot be scored`);
    }
    return Tensor.fromArray(quantise(drawn).pixels, drawn.shape);
  });
}
