/**
 * Images in arrays of numbers with names, as NumPy and HDF5 files have them: which array is the images, which the labels, and
 * how numbers become bytes.
 *
 * Known names: those of MedMNIST (`train_images`, `train_labels`, and the same of `val` and `test`), of Keras (`x_train`,
 * `y_train`, `x_test`, `y_test`), `images` and `labels` and the like, and `arr_0` with `arr_1`. Other arrays are found by
 * their shape, or named by `entry` and `labelEntry`.
 */
import { counted } from "../../base/counted.ts";
import { suggestion, UserError } from "../../base/errors.ts";
import { type NpyNumbers, quoted } from "../../formats/index.ts";
import type { RawConditions } from "../conditions.ts";
import { type ImageSource, type OpenSource, type StreamedImages, sha256 } from "../source.ts";
import type { ContainerOptions } from "./container.ts";
import { isClass, type NumberedClasses, numberedClasses } from "./numbered-classes.ts";

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

/** How the dimensions of an array of images lie. */
export type Layout = "NHW" | "NHWC" | "NCHW";

/** An array of images. */
interface Chosen {
  readonly name: string;
  readonly form: ArrayForm;
  readonly layout: Layout;
  readonly split: string | undefined;
  /** The name of the labels, if there are any. */
  readonly labels: string | undefined;
  /** The names of the labels of the other splits. */
  readonly otherLabels: readonly string[];
}

const imageTypes: ReadonlySet<string> = new Set(["uint8", "float32", "float64"]);

/** Smaller sides are those of no image. */
const SMALLEST = 4;

/** Why an array is not read as images, and whether only its shape is not clear. */
interface Unfit {
  readonly reason: string;
  readonly ambiguous?: boolean;
}

const SPLITS = "train|training|val|valid|validation|test|testing|unlabeled";
const IMAGES = "images?|imgs?|x|data|samples";
const LABELS = "labels?|targets?|y";

/** Whether an array of labels has a row for each of `count` images. */
const hasLabelsFor = (count: number, arrays: ReadonlyMap<string, ArrayForm>): boolean =>
  [...arrays].some(([name, { shape }]) => {
    const last = name.split("/").at(-1)!;
    const isLike = new RegExp(`^(${LABELS}|arr_1)$`, "i").test(last) || splitIn(last, LABELS) !== undefined;
    return isLike && shape.length <= 2 && shape[0] === count;
  });

/** Where the dimensions of an array of images lie, or why it is none. `arrays` are those of its file: labels tell how many images it has. */
export function layoutOf({ dtype, shape }: ArrayForm, arrays: ReadonlyMap<string, ArrayForm>): Layout | Unfit {
  const text = `${dtype} [${shape.join(", ")}]`;
  const accepted = "[N, H, W], [N, H, W, 1 or 3] or [N, 1 or 3, H, W]";
  if (!imageTypes.has(dtype)) return { reason: `it is ${text}; images are uint8, float32 or float64` };
  const isChannels = (size: number) => size === 1 || size === 3;
  const large = (...sizes: (number | undefined)[]) => sizes.every((size) => size !== undefined && size >= SMALLEST);
  if (shape[0] === 0) return { reason: `it is ${text}, without any image` };
  const either = (first: string, second: string, saved: string): Unfit => ({
    ambiguous: true,
    reason: `it is ${text}, which may be ${first} or ${second}; save it as ${saved}`,
  });
  if (shape.length === 3 && large(shape[1], shape[2])) {
    if (hasLabelsFor(shape[0]!, arrays)) return "NHW";
    const [n, a, b] = shape as [number, number, number];
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
  return { reason: `it is ${text}; images are ${accepted}` };
}

/** The split in an array's name, such as `train` in `train_images` and `X_train`. */
function splitIn(name: string, of: string): string | undefined {
  const before = new RegExp(`^(${SPLITS})_?(${of})$`, "i").exec(name);
  if (before !== null) return before[1];
  return new RegExp(`^(${of})_?(${SPLITS})$`, "i").exec(name)?.[2];
}

/** Whether an array's name is that of the images of a split. */
export const hasSplit = (name: string): boolean => splitIn(name, IMAGES) !== undefined;

/** The array of images and that of labels. @throws UserError when there is no one choice. */
function choose(file: ArrayFile, options: ContainerOptions, where: string): Chosen {
  const name = options.entry ?? imagesIn(file, options.split, where);
  const form = named(file, name, "entry", where);
  const layout = layoutOf(form, file.arrays);
  if (typeof layout !== "string")
    throw new UserError(`${where}: array ${quoted(name)} holds no images: ${layout.reason}`);
  const split = splitIn(name, IMAGES);
  if (options.split !== undefined && split?.toLowerCase() !== options.split.toLowerCase()) {
    throw new UserError(
      `${where}: \`split\` (=${options.split}) is not that of array ${quoted(name)}; leave one of the two out`,
    );
  }
  const labels = labelsFor(file, name, split, options, where);
  return { name, form, layout, split, labels, otherLabels: labels === undefined ? [] : labelsLike(file, labels) };
}

/** What arrays there are, in words. */
function found({ arrays, refused = new Map() }: ArrayFile): string {
  const readable = Array.from(
    arrays,
    ([name, { dtype, shape }]) => `${quoted(name)} is ${dtype} [${shape.join(", ")}]`,
  );
  return [...readable, ...refused.values()].slice(0, 20).join("; ");
}

function named(file: ArrayFile, name: string, option: string, where: string): ArrayForm {
  const form = file.arrays.get(name);
  if (form !== undefined) return form;
  const reason = file.refused?.get(name);
  if (reason !== undefined) throw new UserError(reason);
  throw new UserError(`${where}: \`${option}\` (=${name}) is not one of its arrays: ${found(file)}`);
}

/** How likely an array of this name is the images: those of the training split, before others that are called so, and the rest. */
function rankOf(name: string): number {
  const last = name.split("/").at(-1)!;
  if (/^train(ing)?$/i.test(splitIn(name, IMAGES) ?? "")) return 2;
  return new RegExp(`^(${IMAGES}|arr_0)$`, "i").test(last) ? 1 : 0;
}

/** @throws UserError for an array that is called like the images more than the best that can be read. */
function refusePassedOver(file: ArrayFile, best: number, where: string): void {
  const unread = [
    ...Array.from(file.refused ?? []),
    ...Array.from(file.arrays, ([name, form]) => {
      const layout = layoutOf(form, file.arrays);
      // Other shapes may be anything, such as features.
      const isOfImages = form.shape.length >= 3 && typeof layout !== "string";
      return [name, isOfImages ? `${where}: array ${quoted(name)}: ${layout.reason}` : undefined] as const;
    }),
  ];
  const passed = unread.find(([name, reason]) => reason !== undefined && rankOf(name) > Math.max(best, 0));
  if (passed === undefined) return;
  const other = best < 0 ? "" : "; `entry` names another array of images";
  throw new UserError(`${passed[1]}${other}`);
}

function imagesIn(file: ArrayFile, wanted: string | undefined, where: string): string {
  const fitting = Array.from(file.arrays.keys()).filter(
    (name) => typeof layoutOf(file.arrays.get(name)!, file.arrays) === "string",
  );
  const splits = new Map(
    fitting.flatMap((name) => {
      const split = splitIn(name, IMAGES);
      return split === undefined ? [] : [[split.toLowerCase(), name] as const];
    }),
  );
  if (wanted !== undefined) {
    const name = splits.get(wanted.toLowerCase());
    if (name !== undefined) return name;
    const names = [...splits.keys()];
    const known = names.length > 0 ? suggestion(wanted, names) : `; its arrays: ${found(file)}`;
    throw new UserError(`${where}: there is no array of images of the split \`${wanted}\`${known}`);
  }
  const best = Math.max(0, ...fitting.map(rankOf));
  const choice = fitting.filter((name) => rankOf(name) === best);
  refusePassedOver(file, choice.length === 0 ? -1 : best, where);
  if (choice.length === 1) return choice[0]!;
  const ambiguous = Array.from(file.arrays, ([name, form]) => [name, layoutOf(form, file.arrays)] as const).find(
    ([, layout]) => choice.length === 0 && typeof layout === "object" && layout.ambiguous,
  );
  if (ambiguous !== undefined) {
    throw new UserError(`${where}: array ${quoted(ambiguous[0])}: ${(ambiguous[1] as Unfit).reason}`);
  }
  const problem =
    choice.length === 0
      ? "no array of images, which are uint8, float32 or float64 of [N, H, W], [N, H, W, 1 or 3] or [N, 1 or 3, H, W]"
      : `${choice.length} arrays of images, of which \`entry\` must name one`;
  throw new UserError(`${where}: it has ${problem}: ${found(file)}`);
}

function labelsFor(
  file: ArrayFile,
  images: string,
  split: string | undefined,
  { labels, labelEntry }: ContainerOptions,
  where: string,
): string | undefined {
  if (!labels) return undefined;
  if (labelEntry !== undefined) {
    refuseUnread(file, labelEntry);
    named(file, labelEntry, "labelEntry", where);
    return labelEntry;
  }
  const folder = images.slice(0, images.lastIndexOf("/") + 1);
  const fits = (name: string): boolean => {
    if (!name.startsWith(folder)) return false;
    const own = name.slice(folder.length);
    if (split !== undefined) return splitIn(own, LABELS)?.toLowerCase() === split.toLowerCase();
    return new RegExp(`^(${LABELS})$`, "i").test(own) || (images === "arr_0" && own === "arr_1");
  };
  const partners = [...file.arrays.keys(), ...(file.refused?.keys() ?? [])].filter(
    (name) => name !== images && fits(name),
  );
  if (partners.length > 1) {
    throw new UserError(
      `${where}: ${partners.map(quoted).join(" and ")} may be the labels; \`labelEntry\` must name one, or \`labels: false\` takes none`,
    );
  }
  const [partner] = partners;
  if (partner !== undefined) refuseUnread(file, partner);
  return partner;
}

/** @throws UserError for labels that cannot be read, such as texts. */
function refuseUnread({ refused }: ArrayFile, labels: string): void {
  const reason = refused?.get(labels);
  if (reason === undefined) return;
  throw new UserError(
    `${reason}; labels are numbers, such as numpy.unique(labels, return_inverse=True)[1] gives for texts; \`labels: false\` takes the ` +
      "images without",
  );
}

/** A name of labels without its split: `train_labels` and `val_labels` have one, and so have `train/y` and `test/y`. */
function withoutSplit(name: string): string {
  const parts = name.split("/").map((part) => {
    const split = splitIn(part, LABELS) ?? new RegExp(`^(${SPLITS})$`, "i").exec(part)?.[0];
    return split === undefined ? part : part.replace(split, "").replace(/^_|_$/, "");
  });
  return parts.join("/");
}

/** The arrays with the labels of other splits than that of `labels`. */
function labelsLike({ arrays }: ArrayFile, labels: string): string[] {
  const wanted = withoutSplit(labels);
  if (wanted === labels) return [];
  const width = ({ shape }: ArrayForm) => shape.slice(1).join(" ") || "1";
  return [...arrays].flatMap(([name, form]) => {
    const isLike = name !== labels && name !== withoutSplit(name) && withoutSplit(name) === wanted;
    return isLike && form.shape[0] !== 0 && whole.has(form.dtype) && width(form) === width(arrays.get(labels)!)
      ? [name]
      : [];
  });
}

/** Labels of images: classes, or conditions. */
interface LabelsRead extends Partial<NumberedClasses> {
  readonly conditions?: RawConditions;
}

const whole: ReadonlySet<string> = new Set(["uint8", "int8", "int16", "int32", "int64", "bool", "float32", "float64"]);

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
  if (!whole.has(dtype)) throw new UserError(`${text}; labels are numbers${without}`);
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
 * @throws UserError when they are in no range that is known.
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
  if (low >= 0 && high <= 1) return { note: "floats in [0, 1], as round(255 x)", level: (x) => Math.round(255 * x) };
  if (low >= -1 && high <= 1) {
    return { note: "floats in [-1, 1], as round(127.5 (x + 1))", level: (x) => Math.round(127.5 * (x + 1)) };
  }
  const short = (value: number) => Number(value.toPrecision(4));
  throw new UserError(
    `${what} has floats from ${short(low)} to ${short(high)}; accepted are floats in [0, 1] or [-1, 1], and levels from 0 to 255 as ` +
      "uint8 (numpy's astype)",
  );
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
    chosen = choose(file, options, where);
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
  const { name, form, labels, otherLabels, layout } = chosen;
  const count = form.shape[0]!;
  const file = await source.open();
  try {
    const scale = await scaleOf(file, chosen, where, stop);
    const read: LabelsRead = labels === undefined ? {} : await readLabels(file, labels, otherLabels, count, where);
    const order = { NHW: "N x H x W", NHWC: "N x H x W x C", NCHW: "N x C x H x W" }[layout];
    const images = `array ${quoted(name)} of ${what} (${form.dtype} [${form.shape.join(", ")}], taken as ${order}, ${scale.note})`;
    return {
      images: streamed(source, chosen, scale),
      names: (index) => `${where} ${name}[${index}]`,
      labels: read.labels ?? new Uint8Array(count),
      classes: read.classes ?? [],
      conditions: read.conditions,
      note: `${counted(count, "image")} from ${source.name}: ${images}, ${labels === undefined ? "no labels" : `labels from ${quoted(labels)}`}`,
    };
  } finally {
    await file.close();
  }
}
