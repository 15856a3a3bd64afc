/** The options that every image dataset shares, and what they mean. */
import { z } from "zod";
import { type ImageSize, type Sides, sizeOf } from "../base/image-size.ts";

/** How an image gets the wanted size. */
export const fits = ["crop", "fit", "stretch", "pad"] as const;

/**
 * - `crop`: scaled until it covers the target, the overhang cut off evenly at both ends
 * - `fit`: scaled until it lies inside the target, the rest filled with the background
 * - `stretch`: each side scaled to the target's, proportions lost
 * - `pad`: centred without enlarging (scaled down only when larger), the rest filled with the background
 */
export type Fit = (typeof fits)[number];

/** The form of every prepared image. */
export interface Target {
  readonly size: ImageSize;
  readonly channels: 1 | 3 | 4;
  readonly fit: Fit;
  readonly background: Background;
}

/**
 * What is behind transparent pixels and around `fit` and `pad`: a gray level from 0 to 255, or red, green and blue. Images
 * of four channels keep their transparency: the background is the colour of what cannot be seen, with alpha 0.
 */
export type Background = number | readonly [red: number, green: number, blue: number];

/** Which images of a source are used and how. */
export interface Choice {
  readonly flip: boolean;
  readonly classes?: readonly string[] | undefined;
  readonly first?: number | undefined;
  readonly labels: boolean;
}

const side = z.int("must be a whole number of pixels").min(4, "must be at least 4").max(1024, "must be at most 1024");
const sides = z.strictObject({ height: side, width: side });
const SIZE = "must be a whole number of pixels, or a height and a width such as 64x48";

/**
 * Side of square images in pixels, or `{ height: 64, width: 48 }`, also as the text "64x48": the height first. What sizes a
 * network can make is in docs/models/sizes.md.
 */
export const size = z
  .union(
    [
      side,
      sides,
      z
        .string(SIZE)
        .regex(/^\d+\s*x\s*\d+$/, SIZE)
        .meta({ examples: ["64x48"] })
        .transform((text): Sides => {
          const [height, width] = text.split("x").map(Number) as [number, number];
          return { height, width };
        })
        .pipe(sides),
    ],
    SIZE,
  )
  .transform((given): ImageSize => (typeof given === "number" ? given : sizeOf(given)));

/** 1 (gray), 3 (red, green, blue) or 4 (these and alpha). */
export const channels = z.union(
  [z.literal(1), z.literal(3), z.literal(4)],
  "must be 1 (gray), 3 (colour) or 4 (colour and alpha)",
);

/** Schema of {@link Fit}. */
export const fit = z.enum(fits, `must be one of: ${fits.join(", ")}`);

const level = z
  .int("must be a whole number from 0 to 255")
  .min(0, "must be at least 0")
  .max(255, "must be at most 255");
const LEVEL = "must be a gray level from 0 to 255, or a colour such as [255, 128, 0] or #ff8000";

/** A gray level, or a colour: `[255, 128, 0]`, or the text "#ff8000". */
export const background = z
  .union(
    [
      level,
      z.tuple([level, level, level]),
      z
        .string(LEVEL)
        .regex(/^#[0-9a-f]{6}$/i, LEVEL)
        .meta({ examples: ["#ff8000"] })
        .transform((text) => [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16))),
    ],
    LEVEL,
  )
  .transform((given): Background => {
    if (typeof given === "number") return given;
    const [red, green, blue] = given as [number, number, number];
    return red === green && red === blue ? red : [red, green, blue];
  });

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
