/** Files of arrays with names, and how the dimensions of an array of images lie. */
import type { NpyNumbers } from "../../formats/index.ts";
import { isLabels } from "./array-names.ts";

/** The description of an array. */
export interface ArrayForm {
  /** NumPy's name of the element type. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Rows that are stored together and are best read together. */
  readonly rows?: number | undefined;
}

/** An open file of arrays. */
export interface ArrayFile {
  readonly arrays: ReadonlyMap<string, ArrayForm>;
  /** The arrays that cannot be read, each with the reason. */
  readonly refused?: ReadonlyMap<string, string>;
  /** Rows `begin` to `end - 1` of an array along its first dimension. */
  numbers(name: string, begin: number, end: number): Promise<NpyNumbers>;
  close(): Promise<void> | void;
}

/** How the dimensions of an array of images lie. */
export type Layout = "NHW" | "NHWC" | "NCHW";

const imageTypes: ReadonlySet<string> = new Set(["uint8", "float32", "float64"]);

/** Said of arrays of other types. */
export const IMAGE_TYPES = "images are uint8, float32 or float64";

/** Smaller sides are those of no image. */
const SMALLEST = 4;

/** Why an array is not read as images, and whether only its shape is not clear. */
export interface Unfit {
  readonly reason: string;
  readonly ambiguous?: boolean;
  /** Whether it is that of images of other channels. */
  readonly isOfChannels?: boolean;
}

/** Whether a dimension is rather that of channels than of pixels. */
const areChannels = (size: number): boolean => size >= 2 && size <= 16;

function otherChannels(text: string, channels: number, three: string): Unfit {
  const kept =
    channels === 4
      ? `keep red, green and blue (\`${three}\`), save them as PNG to keep their transparency,`
      : "keep three,";
  return {
    isOfChannels: true,
    reason: `it is ${text}, images of ${channels} channels, and files of arrays have 1 or 3; ${kept} or give all to dataFromArrays`,
  };
}

/** Whether an array of labels has a row for each of `count` images. */
const hasLabelsFor = (count: number, arrays: ReadonlyMap<string, ArrayForm>): boolean =>
  [...arrays].some(([name, { shape }]) => {
    const isLike = isLabels(name) || name === "arr_1";
    return isLike && shape.length <= 2 && shape[0] === count;
  });

/** Where the dimensions of an array of images lie, or why it is none. `arrays` are those of its file: labels tell how many images it has. */
export function layoutOf({ dtype, shape }: ArrayForm, arrays: ReadonlyMap<string, ArrayForm>): Layout | Unfit {
  const text = `${dtype} [${shape.join(", ")}]`;
  const accepted = "[N, H, W], [N, H, W, 1 or 3] or [N, 1 or 3, H, W]";
  const half = dtype === "float16" ? '; save it by `.astype("float32")`' : "";
  const whole = /^int/.test(dtype) ? '; levels from 0 to 255 are saved by `.astype("uint8")`' : "";
  const advice = `${half}${whole}`;
  if (!imageTypes.has(dtype)) return { reason: `it is ${text}; ${IMAGE_TYPES}${advice}` };
  const isChannels = (size: number) => size === 1 || size === 3;
  const large = (...sizes: (number | undefined)[]) => sizes.every((size) => size !== undefined && size >= SMALLEST);
  if (shape[0] === 0) return { reason: `it is ${text}, without any image` };
  const either = (first: string, second: string, saved: string): Unfit => ({
    ambiguous: true,
    reason: `it is ${text}, which may be ${first} or ${second}; save it as ${saved}`,
  });
  if (shape.length === 3 && large(shape[1], shape[2])) {
    const [n, a, b] = shape as [number, number, number];
    // Labels do not tell these apart: there is one for each image either way.
    if (n === a && a === b) {
      return either(
        `${n} gray images along its first dimension`,
        "along its last",
        `[${n}, ${n}, ${n}, 1] with the images along the first (numpy: array[..., None], or numpy.moveaxis(array, -1, 0)[..., None])`,
      );
    }
    if (hasLabelsFor(n, arrays)) return "NHW";
    if (n === 3 || n === 4) {
      return either(`${n} gray images`, `one image of ${n} channels`, `[${n}, ${a}, ${b}, 1] or [1, ${n}, ${a}, ${b}]`);
    }
    // One image with four channels, or images one behind the other as MATLAB has them.
    if (b === 4)
      return either(`${n} gray images`, "one image of 4 channels", `[${n}, ${a}, 4, 1] or [1, ${n}, ${a}, 4]`);
    if (n === a && a !== b) {
      return either(`${n} gray images`, `${b} of ${n} x ${a}`, `[${n}, ${a}, ${b}, 1] or [${b}, ${n}, ${a}, 1]`);
    }
    return "NHW";
  }
  const [, a = 0, b = 0, c = 0] = shape;
  if (shape.length === 4 && isChannels(c) && large(a, b)) return "NHWC";
  if (shape.length === 4 && isChannels(a) && large(b, c)) return "NCHW";
  if (shape.length === 4 && areChannels(c) && large(a, b) && c <= a) return otherChannels(text, c, "[..., :3]");
  if (shape.length === 4 && areChannels(a) && large(b, c)) return otherChannels(text, a, "[:, :3]");
  return { reason: `it is ${text}; images are ${accepted}` };
}
