/** What consistency regularisation is made of: a mild augmentation, and how far D changes its mind for it. */
import { z } from "zod";
import type { Generator, Tensor } from "../../tensor/index.ts";
import type { DiscriminatorPass } from "../technique.ts";
import { uniformRows, wholeNumber } from "./images.ts";
import { shift } from "./shift.ts";

/** How images are augmented, in the options of a technique. */
export const mildOptions = {
  shift: z.number().min(0, "must be at least 0").max(0.5, "must be at most 0.5").default(0.125),
  flip: z.boolean().default(true),
};

/** Of {@link mildOptions}. */
export interface MildOptions {
  /** The longest move along each axis as a fraction of the side, rounded down to whole pixels. */
  readonly shift: number;
  /** Whether half of the images are mirrored. */
  readonly flip: boolean;
}

/** Each image mirrored with probability 1/2 and moved by a few whole pixels; what comes in is its reflection. */
export function flipAndShift(images: Tensor, o: MildOptions, random: Generator): Tensor {
  const [batch, , height, width] = images.shape as [number, number, number, number];
  const moves = uniformRows(batch, 3, random).map(([u, v, w]) => ({
    mirrored: o.flip && u! < 0.5,
    down: wholeNumber(v!, Math.floor(height * o.shift)),
    right: wholeNumber(w!, Math.floor(width * o.shift)),
  }));
  return shift(images, moves, "reflection");
}

/** Either half of D's batch without any augmentation: images, labels, and D's scores. */
export interface Plain {
  readonly images: Tensor;
  readonly labels: Tensor | undefined;
  readonly score: Tensor;
}

/** The main pass's judgement, where it saw the images as they are; else another look. */
export function plain(pass: DiscriminatorPass, of: "real" | "fake"): Plain {
  const [images, seen, labels, judged] =
    of === "real"
      ? [pass.rawReal, pass.real, pass.realLabels, pass.realOutput]
      : [pass.rawFake, pass.fake, pass.fakeLabels, pass.fakeOutput];
  return { images, labels, score: images === seen ? judged.score : pass.discriminate(images, labels).score };
}

/** mean((D(T(x)) - D(x))^2), for T(x) = `changed`; the gradient goes through both. */
export function changeOfMind(pass: DiscriminatorPass, { labels, score }: Plain, changed: Tensor): Tensor {
  return pass.discriminate(changed, labels).score.sub(score).square().mean();
}
