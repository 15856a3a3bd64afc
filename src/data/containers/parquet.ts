/**
 * Parquet files of the Hugging Face hub as containers: a column of images, each a struct of `bytes` (an image file) and
 * `path`, a column of labels, and the names of the classes in the file's metadata, under the key `huggingface`:
 *
 *     { "info": { "features": { "image": { "_type": "Image" }, "label": { "names": ["cat", "dog"], "_type": "ClassLabel" } } } }
 *
 * Parquet files of other origins are read where a column holds image files as bytes.
 */
import { basename, join } from "node:path";
import { z } from "zod";
import { counted } from "../../base/counted.ts";
import { UserError } from "../../base/errors.ts";
import { firstTwice } from "../../base/twice.ts";
import { visible } from "../../base/visible.ts";
import { openParquet, type ParquetColumn, type ParquetFile, quoted } from "../../formats/index.ts";
import { nameInAll } from "../class-names.ts";
import { readContents } from "../contents.ts";
import { type BrokenFile, type ImageSource, type OpenSource, type StreamedImages, sha256 } from "../source.ts";
import { type ContainerOptions, defineContainer, filesEnding, type Place } from "./container.ts";
import { classesOfTexts } from "./named-classes.ts";
import { isClass, type NumberedClasses, numberedClasses } from "./numbered-classes.ts";
import { shardsOf } from "./shards.ts";

const isParquet = ({ head }: Place): boolean => head.subarray(0, 4).toString("latin1") === "PAR1";

defineContainer({
  what: "parquet files",
  hasEntries: true,
  recognises: (place) => isParquet(place) || filesEnding(place, ".parquet").length > 0,
  open: (place, options) => {
    const { path } = place;
    if (!place.isFolder) return openShards({ paths: [path], others: [], name: basename(path), missing: [] }, options);
    const { files, others, split, missing } = shardsOf(filesEnding(place, ".parquet"), options.split, path);
    const name = `${basename(path)}${split === undefined ? "" : ` (${split})`}`;
    const full = (file: string): string => join(path, file);
    return openShards({ paths: files.map(full), others: others.map(full), name, missing }, options);
  },
});

/** What the hub's library says of a column. */
const feature = z.looseObject({ _type: z.string().optional(), names: z.array(z.string()).optional() });
const description = z.looseObject({ info: z.looseObject({ features: z.record(z.string(), z.unknown()) }) });

type Feature = z.output<typeof feature>;

/** The columns that are used. */
interface Chosen {
  readonly images: string;
  /** Whether images are structs of `bytes` and `path`. */
  readonly isStruct: boolean;
  readonly labels: string | undefined;
  /** The names of the classes, where the file has them. */
  readonly names: readonly string[] | undefined;
  /** A column that may name the split of each row. */
  readonly splits: string | undefined;
  /** Columns that may hold labels, where none is taken as such. */
  readonly leftOut: readonly string[];
}

/** The files of a split. */
interface Files {
  readonly paths: readonly string[];
  /** The files of the other splits. */
  readonly others: readonly string[];
  /** For people. */
  readonly name: string;
  readonly missing: readonly BrokenFile[];
}

async function openShards({ paths, others, name, missing }: Files, options: ContainerOptions): Promise<ImageSource> {
  const columns = await choose(paths, options);
  const { hash, hashed } = await readContents(paths, options);
  // Classes without names are those of all splits, so that a class has one number in each.
  const needsOthers = columns.labels !== undefined && columns.names === undefined;
  const chosen = needsOthers ? columns : { ...columns, names: await namesInAll(others, columns, paths[0]!) };
  const further = needsOthers ? await labelsOfOthers(others, chosen.labels!, options.stop) : [];
  const told = further.length === 0 ? [] : [sha256(JSON.stringify(further.map(String)))];
  return {
    name,
    fingerprint: sha256(JSON.stringify([name, hash, paths.map((path) => basename(path)), missing, chosen, ...told])),
    hashed,
    open: () => openImages({ paths, name, missing }, chosen, further, options.stop),
  };
}

/** What the column of the labels holds in the files of other splits, each value once. */
async function labelsOfOthers(paths: readonly string[], column: string, stop?: AbortSignal): Promise<unknown[]> {
  const found = new Set<unknown>();
  for await (const file of eachFile(paths)) {
    stop?.throwIfAborted();
    if (!file.columns.some(({ name }) => name === column)) continue;
    for (const group of file.groups.keys()) for (const value of await file.values(column, group)) found.add(value);
  }
  return [...found].filter((value) => !isAbsent(value));
}

/**
 * The names of the classes, which may have another Unicode form in each split.
 * @throws UserError where another split names its classes otherwise: a number would mean one class here, and another there.
 */
async function namesInAll(
  others: readonly string[],
  { labels, names }: Chosen,
  path: string,
): Promise<Chosen["names"]> {
  if (labels === undefined) return names;
  const lists = names === undefined ? [] : [names];
  for await (const file of eachFile(others)) {
    const there = featuresOf(file).get(labels)?.names;
    if (there === undefined) continue;
    if (textOf(there) !== textOf(names)) {
      throw new UserError(
        `${file.path}: its column ${quoted(labels)} names other classes, or in another order, than that of ${path}; give one of these as ` +
          "the path, or save the splits as one dataset",
      );
    }
    lists.push(there);
  }
  const found = nameInAll(lists);
  return names?.map((name) => found.get(name) ?? name);
}

/** Names as a text that is the same for all Unicode forms. */
const textOf = (names: readonly string[] | undefined): string | undefined => JSON.stringify(names)?.normalize("NFC");

/** Whether a label is absent: the hub writes -1 where a split has no labels. */
const isAbsent = (value: unknown): boolean => value === null || value === undefined || Number(value) === -1;

/** Runs `use` with each open file in turn. */
async function* eachFile(paths: readonly string[]): AsyncGenerator<ParquetFile> {
  for (const path of paths) {
    const file = await openParquet(path);
    try {
      yield file;
    } finally {
      file.close();
    }
  }
}

/** The columns of the shards, which must be the same in all. */
async function choose(paths: readonly string[], options: ContainerOptions): Promise<Chosen> {
  let first: { path: string; chosen: Chosen } | undefined;
  for await (const file of eachFile(paths)) {
    const chosen = chooseIn(file, options);
    first ??= { path: file.path, chosen };
    if (JSON.stringify(chosen) !== JSON.stringify(first.chosen)) {
      throw new UserError(
        `${file.path}: it has other columns or class names than ${first.path}; give shards of one dataset`,
      );
    }
  }
  return first!.chosen;
}

function chooseIn(file: ParquetFile, { labels, entry, labelEntry }: ContainerOptions): Chosen {
  const features = featuresOf(file);
  const images = imagesIn(file, features, entry);
  const label = labels ? labelsIn(file, features, labelEntry, images.name) : undefined;
  const names = label === undefined ? undefined : features.get(label.name)?.names;
  const twice = firstTwice(names ?? []);
  if (twice !== undefined) {
    throw new UserError(
      `${file.path}: column ${quoted(label!.name)} names two classes ${quoted(twice)}; each class needs a name of its own ` +
        "(ClassLabel in the file's metadata); `labels: false` takes the images without",
    );
  }
  const splits = file.columns.find(({ name, type }) => type === "text" && SPLITS.test(name) && name !== label?.name);
  const others = file.columns.filter((column) => isLabel(column) && column !== splits && column !== images);
  return {
    images: images.name,
    isStruct: images.fields.length > 0,
    labels: label?.name,
    names,
    splits: splits?.name,
    leftOut: labels && label === undefined ? others.map(({ name }) => name) : [],
  };
}

function featuresOf({ metadata, path }: ParquetFile): ReadonlyMap<string, Feature> {
  const text = metadata.get("huggingface");
  if (text === undefined) return new Map();
  let parsed: ReturnType<typeof description.safeParse> | undefined;
  try {
    parsed = description.safeParse(JSON.parse(text));
  } catch {
    // Reported below.
  }
  if (parsed?.success !== true) throw new UserError(`${path}: its metadata \`huggingface\` is not that of a dataset`);
  const entries = Object.entries(parsed.data.info.features).flatMap(([name, value]) => {
    const found = feature.safeParse(value);
    return found.success ? [[name, found.data] as const] : [];
  });
  return new Map(entries);
}

const isImageStruct = ({ fields }: ParquetColumn): boolean => fields.includes("bytes");
const couldBeImages = (column: ParquetColumn): boolean => isImageStruct(column) || column.type === "bytes";

/** The columns that there are, in words. */
const found = ({ columns }: ParquetFile): string =>
  columns.length === 0
    ? "none"
    : columns
        .slice(0, 30)
        .map(({ name, type }) => `${quoted(name)} (${visible(type)})`)
        .join(", ");

function named(file: ParquetFile, name: string, option: string): ParquetColumn {
  const column = file.columns.find((one) => one.name === name);
  if (column !== undefined) return column;
  throw new UserError(`${file.path}: \`${option}\` (=${name}) is not one of its columns: ${found(file)}`);
}

function imagesIn(file: ParquetFile, features: ReadonlyMap<string, Feature>, entry: string | undefined): ParquetColumn {
  const { path } = file;
  if (entry !== undefined) {
    const column = named(file, entry, "entry");
    if (couldBeImages(column)) return column;
    throw new UserError(
      `${path}: column ${quoted(entry)} is ${column.type}, not image files; its columns: ${found(file)}`,
    );
  }
  const declared = file.columns.filter(
    (column) => features.get(column.name)?._type === "Image" && couldBeImages(column),
  );
  const structs = file.columns.filter(isImageStruct);
  const bytes = file.columns.filter(couldBeImages);
  const fitting = [declared, structs, bytes].find((some) => some.length > 0) ?? [];
  if (fitting.length === 1) return fitting[0]!;
  const problem =
    fitting.length === 0 ? "no column of images" : "several columns of images, of which `entry` must name one";
  throw new UserError(`${path}: it has ${problem}; its columns: ${found(file)}`);
}

const integers: ReadonlySet<string> = new Set(["int32", "int64", "boolean"]);
const isLabel = ({ type }: ParquetColumn): boolean => integers.has(type) || type === "text";
const SPLITS = /^(split|subset|partition|set)$/i;
const LABELS = /^(labels?|class(es)?|targets?|y|category|fine_label|coarse_label)$/i;

function labelsIn(
  file: ParquetFile,
  features: ReadonlyMap<string, Feature>,
  labelEntry: string | undefined,
  images: string,
): ParquetColumn | undefined {
  if (labelEntry !== undefined) {
    const column = named(file, labelEntry, "labelEntry");
    if (isLabel(column)) return column;
    throw new UserError(
      `${file.path}: column ${quoted(labelEntry)} is ${column.type}; labels are whole numbers or texts`,
    );
  }
  const declared = file.columns.filter(({ name }) => features.get(name)?._type === "ClassLabel");
  const others = file.columns.filter((column) => column.name !== images && LABELS.test(column.name) && isLabel(column));
  const fitting = declared.length > 0 ? declared : others;
  // pandas makes floats of whole numbers where one is absent.
  const odd = file.columns.find((column) => column.name !== images && LABELS.test(column.name) && !isLabel(column));
  if (fitting.length === 0 && odd !== undefined)
    throw new UserError(
      `${file.path}: column ${quoted(odd.name)} is ${odd.type}; labels are whole numbers or texts, and \`labels: false\` takes the images without`,
    );
  if (fitting.length <= 1) return fitting[0];
  throw new UserError(
    `${file.path}: ${fitting.map(({ name }) => quoted(name)).join(" and ")} may be the labels; \`labelEntry\` must name one, or ` +
      "`labels: false` takes none",
  );
}

/** What is known of a shard before its images are read. */
interface Shard {
  readonly path: string;
  /** The number of its first image among all. */
  readonly first: number;
  readonly count: number;
}

async function openImages(
  { paths, name, missing }: Omit<Files, "others">,
  chosen: Chosen,
  further: readonly unknown[],
  stop: AbortSignal | undefined,
): Promise<OpenSource> {
  const shards: Shard[] = [];
  const values: unknown[] = [];
  let count = 0;
  for await (const file of eachFile(paths)) {
    shards.push({ path: file.path, first: count, count: file.count });
    count += file.count;
    if (chosen.labels === undefined) continue;
    for (const group of file.groups.keys()) {
      stop?.throwIfAborted();
      for (const value of await file.values(chosen.labels, group)) values.push(value);
    }
  }
  if (count === 0) throw new UserError(`${paths[0]}: it has no rows`);
  const shardOf = (index: number): Shard => shards.findLast(({ first }) => first <= index)!;
  const place = (index: number): string => `${basename(shardOf(index).path)} row ${index - shardOf(index).first}`;
  const where = `${name}: column ${quoted(chosen.labels ?? "")}`;
  const classes = chosen.labels === undefined ? undefined : classesOf(values, further, chosen, where, place);
  return {
    images: streamed(shards, chosen, stop),
    names: place,
    labels: classes?.labels ?? new Uint8Array(count),
    classes: classes?.classes ?? [],
    broken: missing,
    note: `${counted(count, "image")} from ${counted(paths.length, "parquet file")} of ${name}, column ${quoted(chosen.images)}, ${classes?.note ?? `no labels${leftOutNote(chosen)}`}${splitNote(chosen)}`,
  };
}

const leftOutNote = ({ leftOut }: Chosen): string =>
  leftOut.length === 0
    ? ""
    : ` (${leftOut.map(quoted).join(", ")} left out: not called labels; \`labelEntry\` takes one)`;

const splitNote = ({ splits }: Chosen): string =>
  splits === undefined ? "" : `; column ${quoted(splits)} is not read: the rows of all splits are taken`;

/** @param further - labels of other splits */
function classesOf(
  values: readonly unknown[],
  further: readonly unknown[],
  { labels: column = "", names }: Chosen,
  where: string,
  place: (index: number) => string,
): NumberedClasses & { note: string } {
  const note = `labels from ${quoted(column)}`;
  const absent = values.findIndex(isAbsent);
  if (absent >= 0) {
    if (values.every(isAbsent)) {
      return {
        labels: new Uint32Array(values.length),
        classes: [],
        note: `no labels (all of ${quoted(column)} are absent)`,
      };
    }
    throw new UserError(`${where}: ${place(absent)} has no label; \`labels: false\` takes the images without`);
  }
  if (names === undefined) {
    if (values.every((value) => typeof value === "string")) {
      const { forms, ...found } = classesOfTexts(values, where, further.map(String));
      return { ...found, note: `${note}${forms}` };
    }
    return { ...numberedClasses(values.map(Number), where, [further.map(Number).filter(isClass)]), note };
  }
  const outside = values.findIndex((value) => !(Number(value) >= 0 && Number(value) < names.length));
  if (outside >= 0) {
    throw new UserError(
      `${where}: ${place(outside)} has the label ${values[outside]}; the file names ${names.length} classes, from 0`,
    );
  }
  return { labels: Uint32Array.from(values, Number), classes: names, note: `${note} with the file's names` };
}

function streamed(
  shards: readonly Shard[],
  { images, isStruct }: Chosen,
  stop: AbortSignal | undefined,
): StreamedImages {
  return {
    form: "streamed",
    async *read(indices) {
      let at = 0;
      for (const { path, first, count } of shards) {
        if (at === indices.length) return;
        if (indices[at]! >= first + count) continue;
        for await (const file of eachFile([path])) {
          for (const [number, group] of file.groups.entries()) {
            const begin = first + group.first;
            if (at === indices.length) return;
            if (indices[at]! >= begin + group.count) continue;
            stop?.throwIfAborted();
            const values = await file.values(images, number);
            for (; at < indices.length && indices[at]! < begin + group.count; at++) {
              yield bytesOf(values[indices[at]! - begin], isStruct, `${path}: row ${indices[at]! - first}`);
            }
          }
        }
      }
    },
  };
}

/** The image file of a value; empty where there is none. */
function bytesOf(value: unknown, isStruct: boolean, where: string): Uint8Array {
  if (!isStruct) return value instanceof Uint8Array ? value : new Uint8Array();
  const { bytes, path } = (value ?? {}) as { bytes?: unknown; path?: unknown };
  if (bytes instanceof Uint8Array) return bytes;
  if (typeof path === "string") {
    throw new UserError(
      `${where}: it has the path of an image, ${quoted(path)}, and not its bytes; save the dataset with the images in it`,
    );
  }
  return new Uint8Array();
}
