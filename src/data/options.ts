/** The options that every image dataset shares, and what they mean. */
import { z } from "zod";

/** How an image gets the wanted size. */
export const fits = ["crop", "fit", "stretch", "pad"] as const;

/**
 * - `crop`: scaled until it covers the square, the overhang cut off evenly at both ends
 * - `fit`: scaled until it lies inside the square, the rest filled with the background
 * - `stretch`: both sides scaled to the square, proportions lost
 * - `pad`: centred without enlarging (scaled down only when larger), the rest filled with the background
 */
export type Fit = (typeof fits)[number];

/** The form of every prepared image. */
export interface Target {
  readonly size: number;
  readonly channels: 1 | 3;
  readonly fit: Fit;
  /** Gray level 0 to 255 behind transparent pixels and around `fit` and `pad`. */
  readonly background: number;
}

/** Which images of a source are used and how. */
export interface Choice {
  readonly flip: boolean;
  readonly classes?: readonly string[] | undefined;
  readonly first?: number | undefined;
  readonly labels: boolean;
}

/** Side of the square images, in pixels. The shipped networks take powers of two from 16 to 256. */
export const size = z
  .int("must be a whole number of pixels")
  .min(4, "must be at least 4")
  .max(1024, "must be at most 1024");

/** 1 (gray) or 3 (red, green, blue). */
export const channels = z.union([z.literal(1), z.literal(3)], "must be 1 (gray) or 3 (colour)");

/** Schema of {@link Fit}. */
export const fit = z.enum(fits, `must be one of: ${fits.join(", ")}`);

/** A gray level. */
export const background = z
  .int("must be a whole number from 0 to 255")
  .min(0, "must be at least 0")
  .max(255, "must be at most 255");

/** The options of {@link Choice}: flip, classes, first, labels. */
export const choice = {
  /** Mirror each training image left to right with probability one half, drawn each time that it is used. */
  flip: z.boolean().default(false),
  /** Names of the classes to keep, numbered 0, 1, ... in this order. Default: all. */
  classes: z
    .array(z.union([z.string(), z.number()]).transform(String), "must be a list of class names")
    .min(1, "must name at least one class")
    .optional(),
  /** Use only the first N images (of the kept classes), in the source's order. Default: all. */
  first: z.int("must be a whole number").min(1, "must be at least 1").optional(),
  /** Whether class labels are kept; without them the dataset has no classes and every label is 0. */
  labels: z.boolean().default(true),
};

/** The options of photographs, which come in all sizes: 64 pixels and colour unless said otherwise. */
export const photographs = {
  size: size.default(64),
  channels: channels.default(3),
  fit: fit.default("crop"),
  background: background.default(255),
  ...choice,
};

/** The two splits that most datasets have. */
export const trainOrTest = z.enum(["train", "test"], "must be `train` or `test`").default("train");

/** Where the files of a dataset with a name are, if not in the usual place. */
export const path = z.string().min(1, "must not be empty").optional();
