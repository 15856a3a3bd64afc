/** What augmentations of images share: a check, and random numbers with one row per sample. */
import { UserError } from "../../base/errors.ts";
import { computedFor, type DType, type Generator, type NamedTensors, Tensor } from "../../tensor/index.ts";
import type { TechniqueContext } from "../technique.ts";

/**
 * @throws UserError, in the name of `technique`, when the samples are vectors, or have other channels than it can take.
 */
export function requireImages({ image }: TechniqueContext, technique: string, channels?: readonly number[]): void {
  if ("features" in image) {
    throw new UserError(
      `${technique}: it changes images, and the samples of this data are vectors of ${image.features} numbers`,
    );
  }
  if (channels !== undefined && !channels.includes(image.channels)) {
    throw new UserError(
      `${technique}: images of ${image.channels} channels; it can take those of ${channels.join(" or ")}`,
    );
  }
}

/** What is known of a batch [B, C, H, W] before its values are. */
export interface ImageForm {
  readonly shape: readonly [batch: number, channels: number, height: number, width: number];
  readonly dtype: DType;
}

export function formOf({ shape, dtype }: Tensor): ImageForm {
  const [batch, channels, height, width] = shape as [number, number, number, number];
  return { shape: [batch, channels, height, width], dtype };
}

/**
 * What an augmentation needs for a batch, on the batch's device: `compute` draws it on the CPU. In a training step it arrives with
 * all other draws.
 *
 * @param key - What the result depends on besides the stream and the form of the images.
 */
export function computedForImages<T extends NamedTensors>(
  images: Tensor,
  compute: (form: ImageForm, random: Generator) => T,
  random: Generator,
  key: () => string = () => "",
): T {
  const form = formOf(images);
  const formKey = `${form.shape} ${form.dtype}`;
  const computed = {
    key: () => `${formKey} ${key()}`,
    compute: (generator: Generator) => compute(form, generator),
  };
  return computedFor(images.device, computed, random);
}

/** 1 inside of a hole and 0 elsewhere: rows [B, 1, H, 1] and columns [B, 1, 1, W], whose product is the hole. */
export type Holes = { readonly holeRows: Tensor; readonly holeColumns: Tensor };

/** Images with what is inside of their holes set to 0. */
export function cutOut(images: Tensor, { holeRows, holeColumns }: Holes): Tensor {
  return images.mul(holeRows.mul(holeColumns).rsub(1));
}

/** [rows, columns] of U(0, 1). */
export function uniformRows(rows: number, columns: number, generator: Generator): number[][] {
  return Tensor.rand([rows, columns], { generator, dtype: "float64" }).tolist() as number[][];
}

/** [rows, columns] of N(0, 1). */
export function normalRows(rows: number, columns: number, generator: Generator): number[][] {
  return Tensor.randn([rows, columns], { generator, dtype: "float64" }).tolist() as number[][];
}

/** A whole number from -most to most, each equally likely, from u ~ U(0, 1). */
export function wholeNumber(u: number, most: number): number {
  return Math.floor(u * (2 * most + 1)) - most;
}
