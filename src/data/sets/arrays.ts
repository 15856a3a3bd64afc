/**
 * Data from arrays in memory: images or vectors that a program made or loaded itself.
 *
 * A recipe is stored as text, and arrays are not. What is stored is their shape and the hash of their contents; the arrays
 * themselves are kept by this process under that hash. So a run can be resumed wherever the same arrays were given to
 * {@link dataFromArrays} before: in the same program, or in the recipe's file, which the command line imports again.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { counted } from "../../base/counted.ts";
import type { PlainDescriptor } from "../../base/descriptor.ts";
import { UserError } from "../../base/errors.ts";
import { sizeOf } from "../../base/image-size.ts";
import { keep, scope, Tensor, type TypedArray } from "../../tensor/index.ts";
import { brightening, DARKEST } from "../dark.ts";
import type { DataDescriptor, Dataset } from "../dataset.ts";
import { defineDataset } from "../define.ts";
import { ShuffledLoader, type ShuffledSamples } from "../shuffled.ts";
import type { VectorData, VectorDescriptor } from "../vectors.ts";
import {
  type ArrayLabels,
  type ConditionArrays,
  classCounts,
  labelled,
  labelTensor,
  refuse,
  refuseTwice,
} from "./array-labels.ts";

/** Images in memory, for {@link dataFromArrays}. */
export interface ImageArrays {
  /**
   * [N, C, H, W]. C of 1 is gray, 3 red, green and blue, 4 these and alpha; with any other number the channels have no colours,
   * and pictures show the first three, or of two the first. Bytes (Uint8Array, or a tensor uint8) are gray levels or colours from 0 to 255.
   * Floats (Float32Array, Float64Array, or a tensor of floats) lie in [-1, 1] and are rounded to the nearest of the 256 levels. Those of
   * images in [0, 1] are refused, which have no value below 0: give these as 2 x - 1.
   */
  readonly images: TypedArray | Uint8ClampedArray | Tensor;
  /** [N, C, H, W] of a typed array; a tensor has its own. */
  readonly shape?: readonly number[] | undefined;
  /** The class of each image, a whole number from 0. Default: no classes. */
  readonly labels?: ArrayLike<number | bigint> | Tensor | undefined;
  /** Names of the classes. Default: their numbers, up to the largest label. */
  readonly classes?: readonly string[] | undefined;
  /**
   * Several numbers for each image in place of a class: by the name of each, N finite numbers. Columns of 0 and 1, or of -1 and 1,
   * are flags; others are standardised, (x - mean) / deviation.
   */
  readonly conditions?: ConditionArrays | undefined;
  /** Whether batches mirror each image with probability one half. Default false. */
  readonly flip?: boolean | undefined;
  /** Name for people. Default "arrays". */
  readonly name?: string | undefined;
}

/** Vectors in memory, for {@link dataFromArrays}. */
export interface VectorArrays {
  /** [N, F] of finite floats. */
  readonly vectors: TypedArray | Tensor;
  /** [N, F] of a typed array; a tensor has its own. */
  readonly shape?: readonly number[] | undefined;
  /** Classes or conditions of the vectors, as of {@link ImageArrays}. */
  readonly labels?: ArrayLike<number | bigint> | Tensor | undefined;
  readonly classes?: readonly string[] | undefined;
  readonly conditions?: ConditionArrays | undefined;
  /** Name for people. Default "arrays". */
  readonly name?: string | undefined;
}

/** What is kept of each call: bytes or floats, and labels. */
interface Held extends ArrayLabels {
  readonly values: Uint8Array | Float32Array;
}

/** By the hash of the contents. Never cleared: a stored run may ask for its arrays at any time. */
const held = new Map<string, Held>();

/** Images with more channels are taken for ones in another order. */
const MOST_CHANNELS = 64;

/** The kind under which recipes store arrays. */
export const ARRAYS = "dataFromArrays";

const options = z.strictObject({
  name: z.string(),
  shape: z.array(z.int().min(1)),
  classes: z.array(z.string()),
  conditions: z.array(z.string()).optional(),
  flip: z.boolean(),
  contents: z.string("is made by dataFromArrays({ images }), which only code can call"),
});

type Options = z.output<typeof options>;

const describe = defineDataset(ARRAYS, options, async (stored): Promise<Dataset | VectorData> => {
  const arrays = held.get(stored.contents);
  if (arrays === undefined) throw absent(stored);
  refuseMisfit(stored, arrays);
  return stored.shape.length === 4 ? openImages(stored, arrays) : openVectors(stored, arrays);
});

/** @throws UserError for options, set from outside, that the arrays cannot have. */
function refuseMisfit({ shape, classes, conditions, flip }: Options, { values, labels, conditions: own }: Held): void {
  if (String(conditions) !== String(own?.names))
    throw refuse("`conditions` are not those of the arrays, which code alone can give");
  if (shape.reduce((product, size) => product * size, 1) !== values.length) {
    throw refuse(`\`shape\` (=${shape.join(",")}) is not that of the ${values.length} values`);
  }
  if (flip && shape.length !== 4) throw refuse("`flip` mirrors images, and these are vectors");
  const needed = labels === undefined ? 0 : labels.reduce((most, label) => Math.max(most, Number(label) + 1), 0);
  refuseTwice(classes);
  if (classes.length < needed) throw refuse(`\`classes\` names ${classes.length}, and the labels go to ${needed - 1}`);
  if (classes.length > 0 && labels === undefined) throw refuse("`classes` are given, and there are no labels");
}

const short = (hash: string): string => hash.slice(0, 12);

/** @throws UserError when both are arrays in memory, and their contents differ. */
export function refuseOtherArrays(given: PlainDescriptor, stored: PlainDescriptor): void {
  if (given.kind !== ARRAYS || stored.kind !== ARRAYS) return;
  const [mine, before] = [given.options as Options, stored.options as Options];
  if (mine.contents === before.contents) return;
  throw new UserError(
    `the run was trained on arrays in memory with contents ${short(before.contents)}, and the trainer given here has the ` +
      `arrays ${short(mine.contents)}; give it the same arrays, or start another run`,
  );
}

function absent({ name, shape, contents }: Options): UserError {
  const what = `the data of this run are arrays in memory: ${name} [${shape.join(", ")}], contents ${short(contents)}`;
  if (held.size > 0) {
    const others = [...held.keys()].map(short).join(", ");
    return new UserError(
      `${what}; the arrays given here have other contents (${others}), and a run continues with its own`,
    );
  }
  return new UserError(
    `${what}; give the same arrays to dataFromArrays in a program and continue the run there. The command line can continue ` +
      "runs of a recipe file that calls dataFromArrays itself",
  );
}

/**
 * Data from arrays in memory, for recipes and trainers. The arrays are copied.
 *
 * Batches come in the same shuffled order as those of any other dataset, from the run's seed, and an interrupted run
 * continues with the same bits. The run stores the shape and the hash of the contents: it is resumed where the same arrays
 * were given to this function, and refused with others. The command line resumes it if the recipe's file makes the arrays.
 *
 * @throws UserError when shapes, values, labels or classes do not fit.
 *
 * @example
 * const images = new Uint8Array(100 * 16 * 16).map(() => 255 * Math.random());
 * const labels = Array.from({ length: 100 }, (_, i) => i % 2);
 * const data = dataFromArrays({ images, shape: [100, 1, 16, 16], labels, classes: ["even", "odd"] });
 *
 * @example
 * const images = Tensor.rand([100, 3, 32, 32]).mul(2).sub(1);
 * const smiling = Array.from({ length: 100 }, (_, i) => i % 2); // a flag
 * const age = Array.from({ length: 100 }, (_, i) => 20 + (i % 50)); // a number
 * const faces = dataFromArrays({ images, conditions: { smiling, age } });
 *
 * @example
 * const points = dataFromArrays({ vectors: Tensor.randn([1000, 2]) });
 */
export function dataFromArrays(arrays: ImageArrays): DataDescriptor;
export function dataFromArrays(arrays: VectorArrays): VectorDescriptor;
export function dataFromArrays(arrays: ImageArrays | VectorArrays): DataDescriptor | VectorDescriptor {
  if (!("vectors" in arrays)) return fromImages(arrays);
  if ("images" in arrays) throw refuse("`images` and `vectors` are both given; data are one of them");
  return fromVectors(arrays);
}

function fromImages({ images, shape, flip = false, name = "arrays", ...labelling }: ImageArrays): DataDescriptor {
  const given = valuesOf("images", images, shape, ["N", "C", "H", "W"]);
  const [count, channels, height, width] = given.shape as [number, number, number, number];
  if (channels > MOST_CHANNELS || (channels > 4 && width <= 4)) {
    throw refuse(
      `\`images\` of shape [${given.shape.join(", ")}] would have ${channels} channels of ${height} x ${width} pixels; the order is ` +
        `[N, C, H, W], the channels (at most ${MOST_CHANNELS}) before height and width`,
    );
  }
  const values = bytesOf(given.values);
  return hold(values, labelled(labelling, count, "images"), { name, shape: [...given.shape], flip }) as DataDescriptor;
}

function fromVectors({ vectors, shape, name = "arrays", ...labelling }: VectorArrays): VectorDescriptor {
  const given = valuesOf("vectors", vectors, shape, ["N", "F"]);
  if (!isFloats(given.values)) {
    throw refuse("`vectors` are whole numbers; give floats: a Float32Array, a Float64Array or a tensor of floats");
  }
  const bad = given.values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw refuse(`\`vectors\` has the value ${given.values[bad]} in row ${Math.floor(bad / given.shape[1]!)}`);
  const values = Float32Array.from(given.values);
  const large = values.findIndex((value) => !Number.isFinite(value));
  if (large >= 0) {
    throw refuse(
      `\`vectors\` has the value ${given.values[large]} in row ${Math.floor(large / given.shape[1]!)}; networks take float32, ` +
        "which ends at 3.4e38: scale the values",
    );
  }
  const labels = labelled(labelling, given.shape[0]!, "vectors");
  return hold(values, labels, { name, shape: [...given.shape], flip: false }) as VectorDescriptor;
}

/** Keeps arrays under the hash of their contents, and describes them by it. */
function hold(
  values: Held["values"],
  { labels, classes, conditions }: ReturnType<typeof labelled>,
  rest: Pick<Options, "name" | "shape" | "flip">,
): DataDescriptor | VectorDescriptor {
  const hash = createHash("sha256").update(JSON.stringify(rest.shape));
  const arrays = [values, labels ?? new Uint8Array(), ...(conditions === undefined ? [] : [conditions.values])];
  for (const { buffer, byteOffset, byteLength } of arrays) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  if (conditions !== undefined) hash.update(JSON.stringify(conditions.names));
  const contents = hash.digest("hex");
  held.set(contents, { values, labels, conditions });
  const named = conditions === undefined ? {} : { conditions: [...conditions.names] };
  return describe({ ...rest, classes: [...classes], ...named, contents }) as DataDescriptor | VectorDescriptor;
}

type Values = Exclude<TypedArray, BigInt64Array> | Uint8ClampedArray;

/** The numbers of an array or a tensor with their shape, which has the wanted dimensions. */
function valuesOf(
  key: string,
  array: TypedArray | Uint8ClampedArray | Tensor,
  given: readonly number[] | undefined,
  dimensions: readonly string[],
): { values: Values; shape: readonly number[] } {
  const wanted = `[${dimensions.join(", ")}]`;
  const isTensor = array instanceof Tensor;
  if (!isTensor && !(ArrayBuffer.isView(array) && "length" in array)) {
    throw refuse(`\`${key}\` must be a typed array with \`shape\` ${wanted}, or a tensor of this shape`);
  }
  const shape = isTensor ? array.shape : given;
  if (isTensor && given !== undefined && given.join() !== array.shape.join()) {
    throw refuse(
      `\`shape\` is [${given.join(", ")}], and the tensor \`${key}\` has the shape [${array.shape.join(", ")}]; leave \`shape\` out, or reshape the tensor`,
    );
  }
  if (shape === undefined) throw refuse(`\`${key}\` is a typed array; give its \`shape\`, ${wanted}`);
  if (shape.length !== dimensions.length || !shape.every((size) => Number.isInteger(size) && size >= 1)) {
    throw refuse(`\`${key}\` has the shape [${shape.join(", ")}]; it must be ${wanted} with sizes of at least 1`);
  }
  const values = (isTensor ? (isFloatTensor(array) ? array.float() : array).toArray() : array) as
    | Values
    | BigInt64Array;
  if (values instanceof BigInt64Array) throw refuse(`\`${key}\` are 64-bit whole numbers; give bytes or floats`);
  const numel = shape.reduce((product, size) => product * size, 1);
  if (values.length !== numel) {
    throw refuse(`\`${key}\` has ${values.length} numbers; the shape [${shape.join(", ")}] needs ${numel}`);
  }
  return { values, shape };
}

const isFloatTensor = ({ dtype }: Tensor): boolean => dtype.startsWith("float") || dtype === "bfloat16";

function isFloats(values: Values): values is Float32Array | Float64Array {
  return values instanceof Float32Array || values instanceof Float64Array;
}

/** Images as bytes: bytes as they are, floats in [-1, 1] as round((x + 1) * 127.5). */
function bytesOf(values: Values): Uint8Array {
  if (values instanceof Uint8Array || values instanceof Uint8ClampedArray) {
    refuseDark(values);
    return Uint8Array.from(values);
  }
  if (!isFloats(values)) {
    throw refuse(`\`images\` is a ${values.constructor.name}; give bytes (Uint8Array, 0 to 255) or floats in [-1, 1]`);
  }
  const outside = values.findIndex((value) => !(value >= -1 && value <= 1));
  if (outside >= 0) {
    throw refuse(
      `\`images\` has the value ${values[outside]} at position ${outside}; floats must lie in [-1, 1]. Levels from 0 to 255 ` +
        "are given as bytes, in a Uint8Array",
    );
  }
  refuseUnsigned(values);
  return Uint8Array.from(values, (value) => Math.round((value + 1) * 127.5));
}

/** Floats that are all above this are rather in [0, 1], or overshoot it, than in [-1, 1] without anything dark. */
const OVERSHOOT = -0.1;

/** @throws UserError for floats of which 0 is rather black than gray. */
function refuseUnsigned(values: Float32Array | Float64Array): void {
  let least = 1;
  for (const value of values) least = Math.min(least, value);
  if (least <= OVERSHOOT) return;
  throw refuse(
    `\`images\` has floats of which the least is ${Number(least.toPrecision(4))}, so they seem to be in [0, 1], and floats must lie in ` +
      "[-1, 1], where -1 is black; give 2 x - 1 if 0 is black, or else bytes, round((x + 1) * 127.5)",
  );
}

/** @throws UserError for bytes that would be nearly black. */
function refuseDark(values: Uint8Array | Uint8ClampedArray): void {
  let most = 0;
  for (const value of values) {
    most = Math.max(most, value);
    if (most > DARKEST) return;
  }
  if (most === 0) return;
  throw refuse(
    `\`images\` are bytes with no value above ${most}, so they would be ${most === 1 ? "" : "almost "}black; multiply them by ` +
      `${brightening(most)}`,
  );
}

function openImages({ name, shape, classes, flip, contents }: Options, arrays: Held): Dataset {
  const [count, channels, height, width] = shape as [number, number, number, number];
  return scope(() => ({
    name,
    count,
    channels,
    size: sizeOf({ height, width }),
    classes,
    images: keep(Tensor.fromArray(arrays.values as Uint8Array, shape)),
    ...labelTensor(arrays, count),
    flip,
    broken: [],
    protocolNote: `${counted(count, "image")} from arrays in memory, contents ${contents.slice(0, 12)}; not resized`,
    fingerprint: contents.slice(0, 32),
  }));
}

function openVectors({ name, shape, classes }: Options, arrays: Held): VectorData {
  const [count, features] = shape as [number, number];
  const samples: ShuffledSamples = scope(() => ({
    name,
    count,
    classes,
    images: keep(Tensor.fromArray(arrays.values as Float32Array, shape)),
    ...labelTensor(arrays, count),
    flip: false,
  }));
  const { conditions } = samples;
  return {
    name,
    features,
    samplesPerEpoch: count,
    mixture: undefined,
    classes,
    ...(classes.length === 0 ? {} : { classCounts: classCounts(arrays.labels!, classes.length) }),
    ...(conditions === undefined ? {} : { conditions: { columns: conditions, rows: samples.labels } }),
    loader: (loaderOptions) => new ShuffledLoader(samples, loaderOptions),
  };
}
