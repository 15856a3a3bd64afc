/** What augmentations of images share: a check, and random numbers with one row per sample. */
import { UserError } from "../../base/errors.ts";
import { type Generator, Tensor } from "../../tensor/index.ts";
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
