/** Images in arrays of numbers with names, as NumPy and HDF5 files have them, and how numbers become bytes. */
import { counted } from "../../base/counted.ts";
import { UserError } from "../../base/errors.ts";
import { type NpyNumbers, quoted } from "../../formats/index.ts";
import type { RawConditions } from "../conditions.ts";
import { type ImageSource, type OpenSource, type StreamedImages, sha256 } from "../source.ts";
import { type Chosen, chooseArrays, labelTypes } from "./array-choice.ts";
import type { ArrayFile, ArrayForm } from "./array-form.ts";
import type { ContainerOptions } from "./container.ts";
import { isClass, type NumberedClasses, numberedClasses } from "./numbered-classes.ts";

/** A file of arrays that can be opened again and again. */
export interface ArraySource {
  /** For messages. */
  readonly where: string;
  /** Name for people. */
  readonly name: string;
  /** "an .npz archive". */
  readonly what: string;
  readonly hash: string;
  readonly hashed: string;
  open(): Promise<ArrayFile>;
}

/** Labels of images: classes, or conditions. */
interface LabelsRead extends Partial<NumberedClasses> {
  readonly conditions?: RawConditions;
}

/** The labels of an array: classes of [N] or [N, 1]; conditions of [N, D], unless each row is the one-hot form of a class. */
async function readLabels(
  file: ArrayFile,
  name: string,
  others: readonly string[],
  count: number,
  where: string,
): Promise<LabelsRead> {
  const { dtype, shape } = file.arrays.get(name)!;
  const text = `${where}: array ${quoted(name)} of labels is ${dtype} [${shape.join(", ")}]`;
  const without = "; `labels: false` takes the images without";
  if (shape[0] !== count) throw new UserError(`${text}, and there are ${count} images${without}`);
  if (shape.length > 2) throw new UserError(`${text}; labels have one dimension or two${without}`);
  if (!labelTypes.has(dtype)) throw new UserError(`${text}; labels are numbers${without}`);
  const numbers = await file.numbers(name, 0, count);
  const width = shape[1] ?? 1;
  if (width === 1) {
    const lists = await Promise.all(others.map((one) => file.numbers(one, 0, file.arrays.get(one)!.shape[0]!)));
    // A split whose labels are absent, as -1 says, has no part in the classes.
    const known = lists.filter((list) => Array.prototype.every.call(list, isClass));
    return numberedClasses(numbers, `${where}: array ${quoted(name)}`, known);
  }
  const values = Float64Array.from(numbers as ArrayLike<number | bigint>, Number);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new UserError(`${text}; that of image ${Math.floor(bad / width)} holds ${values[bad]}${without}`);
  const classOf = oneHot(values, width);
  if (classOf !== undefined) return { labels: classOf, classes: Array.from({ length: width }, (_, i) => String(i)) };
  return { conditions: { names: Array.from({ length: width }, (_, i) => `c${i}`), values } };
}

/** The class of each row where all are one-hot: 1 at its number, and 0 elsewhere. Undefined where one is not. */
function oneHot(values: Float64Array, width: number): Uint32Array | undefined {
  const classes = new Uint32Array(values.length / width);
  for (let row = 0; row < classes.length; row++) {
    const numbers = values.subarray(row * width, (row + 1) * width);
    const one = numbers.indexOf(1);
    if (one < 0 || numbers.some((value, i) => value !== (i === one ? 1 : 0))) return undefined;
    classes[row] = one;
  }
  return classes;
}

/** How numbers become levels from 0 to 255. */
export interface Scale {
  readonly note: string;
  level(value: number): number;
}

const bytes: Scale = { note: "bytes", level: (value) => value };

const unsigned: Scale = { note: "floats in [0, 1], as round(255 x)", level: (x) => Math.round(255 * x) };
const signed: Scale = {
  note: "floats in [-1, 1], as round(127.5 (x + 1))",
  level: (x) => Math.round(127.5 * (x + 1)),
};

/** Bytes that are read at once. */
const AT_ONCE = 2 ** 24;

function rowsAtOnce({ dtype, shape, rows = 1 }: ArrayForm): number {
  const width = { uint8: 1, float32: 4 }[dtype] ?? 8;
  const row = shape.slice(1).reduce((product, size) => product * size, width);
  return Math.max(1, Math.floor(AT_ONCE / row / rows)) * rows;
}

/**
 * What the values of an array are, by all of them.
 *
 * @param where - the file, for messages
 * @throws UserError when they are in no range that is known, or so small that images would be black or of one level.
 */
export async function scaleOf(
  file: Pick<ArrayFile, "numbers">,
  { name, form }: { readonly name: string; readonly form: ArrayForm },
  where: string,
  stop?: AbortSignal,
): Promise<Scale> {
  const count = form.shape[0]!;
  const step = rowsAtOnce(form);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const what = `${where}: array ${quoted(name)}`;
  for (let begin = 0; begin < count; begin += step) {
    stop?.throwIfAborted();
    for (const value of (await file.numbers(name, begin, Math.min(begin + step, count))) as Float32Array) {
      if (value < low) low = value;
      if (value > high) high = value;
      if (Number.isNaN(value)) throw new UserError(`${what} has values that are no numbers (NaN)`);
    }
    if (form.dtype === "uint8" && high > 1) return bytes;
  }
  if (form.dtype === "uint8") {
    if (high === 0) return bytes;
    throw new UserError(`${what} is uint8 with no value above 1, so it would be black; multiply it by 255`);
  }
  const short = (value: number) => Number(value.toPrecision(4));
  if (low >= -1 && high <= 1) {
    const isSigned = low < 0;
    const [black, levels] = isSigned ? [-1, 127.5] : [0, 255];
    const range = `${what} has floats from ${short(low)} to ${short(high)}, so its images would be`;
    // Fewer than two levels: values in a unit of their own. An array of one value may be meant.
    if (high > black && levels * (high - black) < 2) {
      throw new UserError(
        `${range} almost black; ${isSigned ? "scale it to [0, 1]" : "divide it by its largest value"}`,
      );
    }
    if (high > low && levels * (high - low) < 2) {
      throw new UserError(`${range} of one gray level; scale it to [0, 1]`);
    }
    return isSigned ? signed : unsigned;
  }
  throw new UserError(
    `${what} has floats from ${short(low)} to ${short(high)}; accepted are floats in [0, 1] or [-1, 1], and levels from 0 to 255 as ` +
      "uint8 (numpy's astype)",
  );
}

/**
 * The scale of an array of images, in a file that may have those of other splits: all of them have one scale. Floats without a
 * value below 0 are in [-1, 1] where another array of such images has one.
 */
async function scaleOfFile(file: ArrayFile, chosen: Chosen, where: string, stop?: AbortSignal): Promise<Scale> {
  const own = await scaleOf(file, chosen, where, stop);
  if (own !== unsigned) return own;
  const image = String(chosen.form.shape.slice(1));
  for (const [name, form] of file.arrays) {
    if (name === chosen.name || form.dtype !== chosen.form.dtype || String(form.shape.slice(1)) !== image) continue;
    // An array in no range of images, such as a mask, says nothing.
    const other = await scaleOf(file, { name, form }, where, stop).catch((error: unknown) => {
      if (error instanceof UserError) return undefined;
      throw error;
    });
    if (other === signed) return signed;
  }
  return own;
}

/** One image of some rows as planar bytes. */
function planarOf(rows: NpyNumbers, index: number, { layout, form }: Chosen, { level }: Scale): Uint8Array {
  const length = form.shape.slice(1).reduce((product, size) => product * size, 1);
  const from = index * length;
  const values = rows as Float32Array;
  const channels = layout === "NHWC" ? form.shape[3]! : 1;
  const area = length / channels;
  const planar = new Uint8Array(length);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < area; i++) planar[c * area + i] = level(values[from + i * channels + c]!);
  }
  return planar;
}

function streamed(source: ArraySource, chosen: Chosen, scale: Scale): StreamedImages {
  const { layout, form, name } = chosen;
  const [count, a, b, c] = form.shape as [number, number, number, number];
  const [channels, height, width] = layout === "NHW" ? [1, a, b] : layout === "NHWC" ? [c, a, b] : [a, b, c];
  const step = rowsAtOnce(form);
  return {
    form: "streamed",
    planar: { channels: channels as 1 | 3, height, width },
    async *read(indices) {
      const file = await source.open();
      try {
        for (let at = 0; at < indices.length; ) {
          const begin = indices[at]! - (indices[at]! % step);
          const end = Math.min(begin + step, count);
          const rows = await file.numbers(name, begin, end);
          for (; at < indices.length && indices[at]! < end; at++)
            yield planarOf(rows, indices[at]! - begin, chosen, scale);
        }
      } finally {
        await file.close();
      }
    },
  };
}

/**
 * The source of a file of arrays.
 * @throws UserError when it has no array of images, or several and none is named.
 */
export async function arraysSource(source: ArraySource, options: ContainerOptions): Promise<ImageSource> {
  const { where, hash, hashed } = source;
  const file = await source.open();
  let chosen: Chosen;
  try {
    chosen = chooseArrays(file, options, where);
  } finally {
    await file.close();
  }
  return {
    name: `${source.name}${chosen.split === undefined ? "" : ` (${chosen.split})`}`,
    fingerprint: sha256(JSON.stringify([chosen.name, chosen.labels ?? null, ...chosen.otherLabels, hash])),
    hashed,
    open: () => openArrays(source, chosen, options.stop),
  };
}

async function openArrays(source: ArraySource, chosen: Chosen, stop: AbortSignal | undefined): Promise<OpenSource> {
  const { where, what } = source;
  const { name, form, labels, leftOut, otherLabels, layout } = chosen;
  const count = form.shape[0]!;
  const file = await source.open();
  try {
    const scale = await scaleOfFile(file, chosen, where, stop);
    const read: LabelsRead = labels === undefined ? {} : await readLabels(file, labels, otherLabels, count, where);
    const order = { NHW: "N x H x W", NHWC: "N x H x W x C", NCHW: "N x C x H x W" }[layout];
    const images = `array ${quoted(name)} of ${what} (${form.dtype} [${form.shape.join(", ")}], taken as ${order}, ${scale.note})`;
    return {
      images: streamed(source, chosen, scale),
      names: (index) => `${where} ${name}[${index}]`,
      labels: read.labels ?? new Uint8Array(count),
      classes: read.classes ?? [],
      conditions: read.conditions,
      note: `${counted(count, "image")} from ${source.name}: ${images}, ${labels === undefined ? noLabels(leftOut) : `labels from ${quoted(labels)}`}`,
    };
  } finally {
    await file.close();
  }
}

/** Says which arrays were not taken as labels: those of another split, or of another length. */
function noLabels(leftOut: readonly string[]): string {
  if (leftOut.length === 0) return "no labels";
  return `no labels (${leftOut.map(quoted).join(", ")} left out: not of these images by name or length; \`labelEntry\` takes one)`;
}
