/** Images in arrays of numbers with names, as NumPy and HDF5 files have them, and how numbers become bytes. */
import { counted } from "../../base/counted.ts";
import { UserError } from "../../base/errors.ts";
import { type NpyNumbers, quoted } from "../../formats/index.ts";
import type { RawConditions } from "../conditions.ts";
import { brightening, DARKEST } from "../dark.ts";
import { type ImageSource, type OpenSource, type StreamedImages, sha256 } from "../source.ts";
import { type Chosen, chooseArrays, labelTypes } from "./array-choice.ts";
import type { ArrayFile, ArrayForm } from "./array-form.ts";
import { isClassNames, readArrayName } from "./array-names.ts";
import type { ContainerOptions } from "./container.ts";
import { type NumberedClasses, numberedClasses, requireClass } from "./numbered-classes.ts";

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

/** The labels of one split: row by row, `width` numbers each. */
interface LabelRows {
  readonly name: string;
  readonly width: number;
  readonly values: Float64Array;
}

async function labelRows(file: ArrayFile, name: string): Promise<LabelRows> {
  const { shape } = file.arrays.get(name)!;
  const numbers = await file.numbers(name, 0, shape[0]!);
  return { name, width: shape[1] ?? 1, values: Float64Array.from(numbers as ArrayLike<number | bigint>, Number) };
}

/** Whether a number stands for a label that is not known, as those of a test split may be. */
const isAbsent = (value: number): boolean => value === -1 || Number.isNaN(value);

/**
 * The labels of an array: classes of [N] or [N, 1]; conditions of [N, D], unless each row is the one-hot form of a class. This is
 * decided once for all splits of the file.
 *
 * @param others - the arrays with the labels of the other splits
 */
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
  if (!labelTypes.has(dtype))
    throw new UserError(`${text}; labels are whole numbers; save them by \`.astype("int64")\`${without}`);
  const own = await labelRows(file, name);
  const { width, values } = own;
  const bad = width === 1 ? -1 : values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new UserError(`${text}; that of image ${Math.floor(bad / width)} holds ${values[bad]}${without}`);
  const read = await Promise.all(others.map((one) => labelRows(file, one)));
  // A split without known labels has no part in the decision.
  const known = read.filter(
    (rows) => !rows.values.every((value) => isAbsent(value) || (rows.width > 1 && value === 0)),
  );
  const splits = [own, ...known];
  const odd = splits.find((rows) => rows.width > 1 && oneHot(rows) === undefined);
  if (odd === undefined) return classesOf(own, known, where);
  const other = splits.find((rows) => rows.width !== odd.width);
  if (other === undefined) return { conditions: { names: Array.from({ length: width }, (_, i) => `c${i}`), values } };
  throw new UserError(
    `${where}: the labels of its splits are of two forms: ${quoted(odd.name)} has ${odd.width} numbers for each image, and ` +
      `${quoted(other.name)} has ${other.width}; save them in one form, or name the labels of one split by \`labelEntry\``,
  );
}

/** The classes of labels that are numbers of classes, or one-hot rows: each has one number in all splits. */
function classesOf(own: LabelRows, known: readonly LabelRows[], where: string): NumberedClasses {
  const numbersIn = (rows: LabelRows): ArrayLike<number> => oneHot(rows) ?? rows.values;
  const require = ({ name, width, values }: LabelRows, together = ""): void => {
    for (const [i, value] of width > 1 ? [] : values.entries()) {
      if (together !== "" && isAbsent(value)) continue;
      requireClass(
        value,
        i,
        `${where}: array ${quoted(name)}${together}`,
        "; `labels: false` takes the images without",
      );
    }
  };
  require(own);
  const others = known.map((rows) => {
    require(rows, `, which counts the same classes as ${quoted(own.name)}`);
    return rows.width > 1 ? [0, rows.width - 1] : rows.values.filter((value) => !isAbsent(value));
  });
  const places = own.width > 1 ? [[0, own.width - 1]] : [];
  return numberedClasses(numbersIn(own), `${where}: array ${quoted(own.name)}`, [...places, ...others]);
}

/** The class of each row where all are one-hot: 1 at its number, and 0 elsewhere. Undefined where one is not. */
function oneHot({ width, values }: LabelRows): Uint32Array | undefined {
  if (width === 1) return undefined;
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
/** Bytes that are all 0, which say nothing of other arrays. */
const black: Scale = { ...bytes };

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

/** A number in four digits, or in all where these would hide that it lies outside of [-1, 1]. */
function short(value: number): number {
  const rounded = Number(value.toPrecision(4));
  return Math.abs(rounded) === 1 && Math.abs(value) > 1 ? value : rounded;
}

/** Floats of which it is not clear which is black. */
class UnclearRange extends UserError {}

/** Least values above this one, and a smaller share of values below 0 than 1 in the second, are rather those of floats in [0, 1]. */
const [OVERSHOOT, FEW] = [-0.1, 1000];

/** @throws UnclearRange for floats that go below 0 hardly or seldom, or that lie within [-0.5, 0.5]: -1 may not be their black. */
function refuseUnclearRange(what: string, [low, high]: readonly [number, number], below: number, values: number): void {
  const otherwise = "save round(127.5 (x + 1)) as uint8 if -1 is black";
  const range = `${what} has floats from ${short(low)} to ${short(high)}`;
  if (low > OVERSHOOT || below * FEW < values) {
    throw new UnclearRange(
      `${range}, ${below} of ${counted(values, "value")} below 0; clip them to [0, 1] if 0 is black (numpy.clip), or ${otherwise}`,
    );
  }
  if (low >= -0.5 && high <= 0.5) {
    throw new UnclearRange(`${range}, of which -0.5 may be black, or -1; add 0.5 if -0.5 is black, or ${otherwise}`);
  }
}

/**
 * What the values of an array are, by all of them.
 *
 * @param where - the file, for messages
 * @throws UserError when they are in no range that is known or clear, or so small that images would be black or of one level.
 */
export async function scaleOf(
  file: Pick<ArrayFile, "numbers">,
  { name, form }: { readonly name: string; readonly form: ArrayForm },
  where: string,
  stop?: AbortSignal,
): Promise<Scale> {
  const count = form.shape[0]!;
  const step = rowsAtOnce(form);
  let [low, high, below] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  const what = `${where}: array ${quoted(name)}`;
  for (let begin = 0; begin < count; begin += step) {
    stop?.throwIfAborted();
    for (const value of (await file.numbers(name, begin, Math.min(begin + step, count))) as Float32Array) {
      if (value < low) low = value;
      if (value > high) high = value;
      if (value < 0) below++;
      if (Number.isNaN(value)) throw new UserError(`${what} has values that are no numbers (NaN)`);
    }
    if (form.dtype === "uint8" && high > DARKEST) return bytes;
  }
  if (form.dtype === "uint8") {
    if (high === 0) return black;
    throw new UserError(
      `${what} is uint8 with no value above ${high}, so it would be ${high === 1 ? "" : "almost "}black; multiply it by ` +
        `${brightening(high)}`,
    );
  }
  if (low >= -1 && high <= 1) {
    const isSigned = low < 0;
    const values = form.shape.reduce((product, length) => product * length, 1);
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
    if (isSigned && -255 * low >= 0.5) refuseUnclearRange(what, [low, high], below, values);
    // Values below 0 that round to the level 0 are those of floats in [0, 1].
    return -255 * low >= 0.5 ? signed : unsigned;
  }
  const hardly = low >= -1.01 && high <= 1.01 ? "; numpy.clip cuts off what hardly lies outside" : "";
  throw new UserError(
    `${what} has floats from ${short(low)} to ${short(high)}; accepted are floats in [0, 1] or [-1, 1], and levels from 0 to 255 as ` +
      `uint8 (numpy's astype)${hardly}`,
  );
}

/**
 * The scale of an array of images, in a file that may have those of other splits: all of them have one scale. Floats without a
 * value below 0, or with few, are in [-1, 1] where another array of such images has one; bytes that are nearly black are as they
 * are where those of another split are not.
 */
async function scaleOfFile(file: ArrayFile, chosen: Chosen, where: string, stop?: AbortSignal): Promise<Scale> {
  const own = await scaleIfAny(file, chosen, where, stop);
  if (own !== unsigned && !(own instanceof UserError)) return own;
  const image = String(chosen.form.shape.slice(1));
  const { rest } = readArrayName(chosen.name);
  for (const [name, form] of file.arrays) {
    if (name === chosen.name || form.dtype !== chosen.form.dtype || String(form.shape.slice(1)) !== image) continue;
    // An array in no range of images, such as a mask, says nothing.
    const other = await scaleIfAny(file, { name, form }, where, stop);
    if (other === signed && (own === unsigned || own instanceof UnclearRange)) return signed;
    if (other === bytes && readArrayName(name).rest === rest) return bytes;
  }
  if (own instanceof UserError) throw own;
  return own;
}

async function scaleIfAny(...given: Parameters<typeof scaleOf>): Promise<Scale | UserError> {
  return scaleOf(...given).catch((error: unknown) => {
    if (error instanceof UserError) return error;
    throw error;
  });
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
    fingerprint: sha256(
      JSON.stringify([chosen.name, chosen.labels ?? null, ...together(chosen), ...ranges(chosen), hash]),
    ),
    hashed,
    open: () => openArrays(source, chosen, options.stop),
  };
}

/** What the labels are read with. The word tells packs apart that were made before this was decided for all splits at once. */
const together = ({ otherLabels }: Chosen): string[] =>
  otherLabels.length === 0 ? [] : ["labels of all splits", ...otherLabels];

/** Tells packs of floats apart that were made before their black had to be clear. */
const ranges = ({ form }: Chosen): string[] => (form.dtype === "uint8" ? [] : ["floats with a clear black"]);

async function openArrays(source: ArraySource, chosen: Chosen, stop: AbortSignal | undefined): Promise<OpenSource> {
  const { where, what } = source;
  const { name, form, labels, leftOut, otherImages, otherLabels, layout } = chosen;
  const count = form.shape[0]!;
  const file = await source.open();
  try {
    const scale = await scaleOfFile(file, chosen, where, stop);
    const read: LabelsRead = labels === undefined ? {} : await readLabels(file, labels, otherLabels, count, where);
    const order = { NHW: "N x H x W", NHWC: "N x H x W x C", NCHW: "N x C x H x W" }[layout];
    const images = `array ${quoted(name)} of ${what} (${form.dtype} [${form.shape.join(", ")}], taken as ${order}, ${scale.note})${othersNote(otherImages)}`;
    return {
      images: streamed(source, chosen, scale),
      names: (index) => `${where} ${name}[${index}]`,
      labels: read.labels ?? new Uint8Array(count),
      classes: read.classes ?? [],
      conditions: read.conditions,
      note: `${counted(count, "image")} from ${source.name}: ${images}, ${labelsNote(labels, leftOut)}`,
    };
  } finally {
    await file.close();
  }
}

/** Says which other arrays may be the images. */
const othersNote = (names: readonly string[]): string =>
  names.length === 0 ? "" : ` (not ${names.map(quoted).join(", ")}, which \`entry\` takes)`;

/** Says which array was taken as labels, and which others may be some: those of another name, split or length. */
function labelsNote(labels: string | undefined, leftOut: readonly string[]): string {
  const namesOfClasses = leftOut.filter(isClassNames);
  const others = leftOut.filter((name) => !isClassNames(name));
  const notes = [
    ...(others.length === 0 ? [] : [`not from ${others.map(quoted).join(", ")}, which \`labelEntry\` takes`]),
    ...(namesOfClasses.length === 0
      ? []
      : [`names of classes in ${namesOfClasses.map(quoted).join(", ")} are not read`]),
  ];
  if (labels !== undefined) return `labels from ${quoted(labels)}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`;
  if (leftOut.length === 0) return "no labels";
  const names = leftOut.map(quoted).join(", ");
  return `no labels (${names} left out: not called labels, or not of these images; \`labelEntry\` takes one)`;
}
