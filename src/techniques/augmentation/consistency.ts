/** The augmentation T and the term E[(D(T(x)) - D(x))^2] of consistency regularisation. */
import { z } from "zod";
import type { Generator, Tensor } from "../../tensor/index.ts";
import type { DiscriminatorPass } from "../technique.ts";
import { computedForImages, type ImageForm, uniformRows, wholeNumber } from "./images.ts";
import { type Places, placesOf, shift } from "./shift.ts";

/** T, in the options of a technique: the longest move as a fraction of the side, and whether half of the images are mirrored. */
export const flipAndShiftOptions = {
  shift: z.number().min(0, "must be at least 0").max(0.5, "must be at most 0.5").default(0.125),
  flip: z.boolean().default(true),
};

/** T(x): each image mirrored with probability 1/2 and moved by whole pixels, reflected at its edges. */
export function flipAndShift(
  images: Tensor,
  o: { readonly shift: number; readonly flip: boolean },
  random: Generator,
): Tensor {
  const drawn = (form: ImageForm, generator: Generator): Places => {
    const [batch, , height, width] = form.shape;
    const moves = uniformRows(batch, 3, generator).map(([u, v, w]) => ({
      mirrored: o.flip && u! < 0.5,
      down: wholeNumber(v!, Math.floor(height * o.shift)),
      right: wholeNumber(w!, Math.floor(width * o.shift)),
    }));
    return placesOf(moves, form, "reflection");
  };
  return shift(images, computedForImages(images, drawn, random), "reflection");
}

/** Images without any augmentation, their labels, and D's scores of them. */
export interface Unaugmented {
  readonly images: Tensor;
  readonly labels: Tensor | undefined;
  readonly score: Tensor;
}

/** The scores that penalties of an update had computed. */
const computed = new WeakMap<DiscriminatorPass, Map<"real" | "fake", Tensor>>();

/**
 * The real or the generated batch. D's main pass has the scores already if nothing augments the images; otherwise one
 * pass of D computes them for all penalties of the update.
 */
export function unaugmented(pass: DiscriminatorPass, of: "real" | "fake"): Unaugmented {
  const [images, seen, labels, output] =
    of === "real"
      ? [pass.rawReal, pass.real, pass.realLabels, pass.realOutput]
      : [pass.rawFake, pass.fake, pass.fakeLabels, pass.fakeOutput];
  if (images === seen) return { images, labels, score: output.score };
  const scores = computed.get(pass) ?? new Map<"real" | "fake", Tensor>();
  const score = scores.get(of) ?? pass.discriminate(images, labels).score;
  computed.set(pass, scores.set(of, score));
  return { images, labels, score };
}

/** E[(D(T(x)) - D(x))^2] for T(x) = `changed`. The gradient goes through both scores. */
export function squaredChange(pass: DiscriminatorPass, { labels, score }: Unaugmented, changed: Tensor): Tensor {
  return pass.discriminate(changed, labels).score.sub(score).square().mean();
}
