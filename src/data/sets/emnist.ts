/**
 * EMNIST: handwritten digits and letters in MNIST's form, 28 x 28 pixels (Cohen, Afshar, Tapson and van Schaik 2017, "EMNIST:
 * an extension of MNIST to handwritten letters", arXiv 1702.05373), in six subsets of up to 697,932 training images.
 *
 * The images are stored column by column, so that a reader of MNIST's files sees them transposed. The labels of `letters` count
 * from 1. Each subset has a mapping file, whose lines are a label and the codes of its character (of `letters` upper and lower
 * case).
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { counted } from "../../base/counted.ts";
import { UserError } from "../../base/errors.ts";
import { readBytes } from "../../formats/index.ts";
import { defineContainer, type Place } from "../containers/container.ts";
import { defineImageDataset } from "../define.ts";
import { datasetFolder, howToGet } from "../named.ts";
import type { ImageSource, OpenSource, RawImages } from "../source.ts";
import { type IdxSplit, idxFilesSource, idxOptions, readIdxPair } from "./idx.ts";

const subsets = ["balanced", "byclass", "bymerge", "digits", "letters", "mnist"] as const;

/** See {@link emnist}. */
type Subset = (typeof subsets)[number];

/** Where the files may be in the given folder: the archive's own folder, and torchvision's. */
const PLACES = ["", "gzip", "raw", "raw/gzip", "EMNIST/raw", "EMNIST/raw/gzip"];

function find(root: string, names: readonly string[]): string | undefined {
  return PLACES.flatMap((place) => names.map((name) => join(root, place, name))).find((path) => existsSync(path));
}

async function emnistSource(path: string | undefined, subset: Subset, split: IdxSplit): Promise<ImageSource> {
  const root = datasetFolder("emnist", path);
  const file = (part: string): string => {
    const name = `emnist-${subset}-${split}-${part}-ubyte`;
    const found = find(root, [name, `${name}.gz`]);
    if (found !== undefined) return found;
    throw new UserError(`emnist: ${name} (or ${name}.gz) is not in ${root}; ${howToGet("emnist")}`);
  };
  const mapping = find(root, [`emnist-${subset}-mapping.txt`]);
  const [images, labels] = [file("images-idx3"), file("labels-idx1")];
  const source = await idxFilesSource(`emnist ${subset} (${split})`, images, labels, async () =>
    openEmnist(images, labels, mapping, subset, split),
  );
  const classes = mapping === undefined ? standard(subset) : readMapping(mapping);
  return { ...source, fingerprint: `${source.fingerprint} ${JSON.stringify([...classes])}` };
}

/** The names of the classes by their labels. */
type Mapping = ReadonlyMap<number, string>;

/** The mapping file's classes. @throws UserError that names the line. */
function readMapping(path: string): Mapping {
  const classes = new Map<number, string>();
  for (const [index, line] of readBytes(path).toString().trimEnd().split("\n").entries()) {
    const fields = line.trim().split(/\s+/).map(Number);
    const [label, code] = fields;
    const fits = fields.length >= 2 && fields.every((field) => Number.isInteger(field) && field >= 0 && field < 256);
    if (!fits || label === undefined || code === undefined || classes.has(label)) {
      throw new UserError(
        `${path}: line ${index + 1} must be a label of its own and the codes of a character, such as \`10 65\``,
      );
    }
    classes.set(label, String.fromCharCode(code));
  }
  return classes;
}

const digits = "0123456789";
const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** The classes where the mapping file is absent: those of the paper. */
function standard(subset: Subset): Mapping {
  const characters: Readonly<Record<Subset, string>> = {
    balanced: `${digits}${upper}abdefghnqrt`,
    byclass: `${digits}${upper}${upper.toLowerCase()}`,
    bymerge: `${digits}${upper}abdefghnqrt`,
    digits,
    letters: upper,
    mnist: digits,
  };
  const first = subset === "letters" ? 1 : 0;
  return new Map(Array.from(characters[subset], (character, index) => [first + index, character]));
}

function openEmnist(
  imagesPath: string,
  labelsPath: string,
  mappingPath: string | undefined,
  subset: Subset,
  split: IdxSplit,
): OpenSource {
  const pair = readIdxPair(imagesPath, labelsPath);
  const mapping = mappingPath === undefined ? standard(subset) : readMapping(mappingPath);
  const sorted = [...mapping.keys()].sort((a, b) => a - b);
  const numbers = new Map(sorted.map((label, index) => [label, index]));
  const outside = pair.labels.findIndex((label) => !numbers.has(label));
  if (outside >= 0) {
    throw new UserError(
      `${labelsPath}: label ${outside} is ${pair.labels[outside]}; the labels of ${subset} are ${sorted[0]} to ${sorted.at(-1)}`,
    );
  }
  return {
    images: { ...(pair.images as RawImages), columns: true },
    names: pair.names,
    labels: pair.labels.map((label) => numbers.get(label)!),
    classes: sorted.map((label) => mapping.get(label)!),
    note: `emnist, ${subset}, ${split} split, ${counted(pair.count, "image")}, turned upright`,
  };
}

/**
 * EMNIST, brought by hand: see docs/how-to/data/published-sets.md.
 *
 * - `subset`: `balanced` (default, 47 classes), `byclass` (62: digits, upper case, lower case), `bymerge` (47), `digits` (10),
 *   `letters` (26, both cases together) or `mnist` (10)
 * - `path`: the folder with the files, plain or `.gz`, or the one above it, as torchvision has them; default: `emnist` among the
 *   datasets
 * - the other options as for {@link mnist}, with the same defaults
 *
 * Building it throws UserError, with what to put where, when the files are not there.
 *
 * @example
 * emnist({ subset: "letters", classes: ["A", "B"] })
 */
export const emnist = defineImageDataset(
  "emnist",
  z.strictObject({
    ...idxOptions.shape,
    subset: z.enum(subsets, `must be one of: ${subsets.join(", ")}`).default("balanced"),
  }),
  ({ path, subset, split }) => emnistSource(path, subset, split),
  {
    name: "emnist",
    byHand: (folder) =>
      `get https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip and unpack it in ${folder}; its .gz files need not be unpacked`,
  },
);

/** The subsets whose images a folder, or the folder of a file, holds. */
function subsetsAt({ path, isFolder, names }: Place): Subset[] {
  const files = isFolder ? names : [basename(path)];
  return subsets.filter((subset) =>
    files.some((name) => name.startsWith(`emnist-${subset}-`) && name.includes("-idx")),
  );
}

defineContainer({
  what: "files of EMNIST",
  hasEntries: false,
  recognises: (place) => subsetsAt(place).length > 0,
  open: async (place, { split }) => {
    const { path, isFolder } = place;
    const [subset, ...others] = subsetsAt(place) as [Subset, ...Subset[]];
    if (others.length > 0) {
      throw new UserError(
        `${path}: it holds several subsets of EMNIST (${[subset, ...others].join(", ")}); give the path to the dataset emnist, with ` +
          `\`subset\` (such as ${subset})`,
      );
    }
    const wanted = split ?? (!isFolder && basename(path).includes("-test-") ? "test" : "train");
    if (wanted !== "train" && wanted !== "test") {
      throw new UserError(`${path}: files of EMNIST that have no split \`${wanted}\`; accepted: train, test`);
    }
    return emnistSource(isFolder ? path : dirname(path), subset, wanted);
  },
});
