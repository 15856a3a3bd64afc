/** A closed path through latents, and between classes, as an animation. */
import { UserError } from "../../base/errors.ts";
import {
  type Animation,
  type AnimationOptions,
  enlarge,
  joinImages,
  type PixelBatch,
  quantise,
  requireDuration,
  requireWritable,
  writeAnimation,
} from "../../formats/index.ts";
import { sampleShape } from "../../models/index.ts";
import { Generator, scope, Tensor } from "../../tensor/index.ts";
import type { Samplable } from "../trainable.ts";
import { type ConditionValues, refuseWithoutConditions } from "./conditions.ts";
import { inGroups, type Watching } from "./groups.ts";
import { closedPath, type Interpolation } from "./interpolation.ts";
import { drawSamples, refuseBlind, type SampleInputs } from "./sample.ts";
import { inputsOfSeeds } from "./seeds.ts";
import { refuseUnfitPath, refuseVectors } from "./sheets.ts";

/** What {@link writePathAnimation} shows. */
export interface AnimatedPath extends AnimationOptions {
  /** With `fixed` the latent is the first seed's, and the class changes. */
  readonly kind: Interpolation;
  /** The path goes through the latent of each, and from the last back to the first. */
  readonly seeds: readonly number[];
  /** The classes that the path goes through, in as many steps as the seeds; default: one class. */
  readonly classes?: readonly number[] | undefined;
  /** The class of all frames; default, where the generator takes labels: the first. */
  readonly classIndex?: number | undefined;
  /** Values of conditions, for data with conditions; the others are those that the first seed draws. */
  readonly condition?: ConditionValues | undefined;
  readonly frames: number;
  readonly truncation?: number | undefined;
  /** Averaged weights, where the run keeps them. */
  readonly averaged: boolean;
  /** Each pixel becomes scale x scale. Default 1. */
  readonly scale?: number | undefined;
}

/**
 * Draws a path and writes it as a GIF or WebP that is played without end: its last frame is followed by the first as by
 * any other.
 *
 * @throws UserError before anything is drawn for a path that does not fit the run or a file that cannot be written, and
 * the reason of `stop` when that is raised.
 *
 * @example
 * const path = { kind: "spherical", seeds: [1, 2, 3], frames: 60, seconds: 3, format: "webp", averaged: true } as const;
 * await writePathAnimation(gan, "path.webp", path);
 */
export async function writePathAnimation(
  gan: Samplable,
  path: string,
  options: AnimatedPath,
  watching: Watching = {},
): Promise<Animation> {
  const { kind, seeds, classes, classIndex, condition, frames, seconds, averaged, scale = 1 } = options;
  refuseVectors(gan);
  refuseUnfitPath(gan, kind, classes !== undefined);
  if (classIndex !== undefined) refuseBlind(gan, `class (=${classIndex})`);
  if (condition !== undefined) refuseWithoutConditions(gan, condition);
  if (classes !== undefined && kind !== "fixed" && classes.length !== seeds.length) {
    throw new UserError(`a path through ${seeds.length} seeds needs as many classes, not ${classes.length}`);
  }
  const points = kind === "fixed" ? (classes?.length ?? 1) : seeds.length;
  if (points < 2 || frames < points) {
    throw new UserError(`a path needs at least two points and a frame for each: ${points} points, ${frames} frames`);
  }
  const [, height, width] = sampleShape({ image: gan.shape.sample });
  requireDuration(frames, seconds, width! * scale, height! * scale);
  requireWritable(path);
  const inputs = scope(() => inputsOf(gan, options));
  try {
    const draw = (first: number, count: number): Tensor =>
      scope(() => {
        const rows = {
          latents: inputs.latents.narrow(0, first, count),
          labels: inputs.labels?.narrow(0, first, count),
        };
        return drawSamples(gan, { count, random: new Generator(0), averaged, inputs: rows });
      });
    const drawn: PixelBatch[] = [];
    for await (const { samples } of inGroups(gan, frames, watching, draw)) {
      drawn.push(enlarge(quantise(samples), scale));
    }
    return await writeAnimation(path, joinImages(drawn), options);
  } finally {
    inputs.latents.dispose();
    inputs.labels?.dispose();
  }
}

function inputsOf(gan: Samplable, options: AnimatedPath): SampleInputs {
  const { kind, seeds, classes, classIndex = 0, condition, frames, truncation } = options;
  const { device } = gan.recipe;
  const ofSeeds = inputsOfSeeds(gan, seeds, { truncation, classIndex, condition });
  const latents = closedPath(ofSeeds.latents, frames, kind).to({ device });
  if (classes !== undefined) {
    const corners = Tensor.fromArray(BigInt64Array.from(classes, BigInt)).oneHot(gan.shape.classes.length);
    return { latents, labels: closedPath(corners, frames, "linear").to({ device }) };
  }
  const first = Tensor.zeros([frames], { dtype: "int64", device });
  return { latents, labels: ofSeeds.labels?.indexSelect(0, first) };
}
