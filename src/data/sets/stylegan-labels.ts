/**
 * Labels of StyleGAN's archives (Karras et al. 2020, `dataset_tool.py`): `dataset.json` next to the shards `00000/`,
 * `00001/` and so on says the class of each image, so that the folders are no classes:
 *
 *     { "labels": [["00000/img00000000.png", 6], ["00000/img00000001.png", 9], ...] }
 *
 * `labels` is null where there are no classes. It may hold a list of numbers for each image instead of a class: these are
 * conditions with the names `c0`, `c1` and so on.
 */
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import type { RawConditions } from "../conditions.ts";
import { ItemReader } from "../item-reader.ts";
import type { Listed, ListedTable, Listing } from "../listing.ts";
import { type BrokenFile, type LostClass, takeTurns } from "../source.ts";

/** Files with the index of their class, one of each class in turn. */
interface Labelled {
  readonly files: readonly { readonly file: Listed; readonly label: number }[];
  readonly classes: readonly string[];
  readonly lost: readonly LostClass[];
  readonly conditions?: RawConditions;
  /** One entry for the images that the file names and that are not there. */
  readonly absent: readonly BrokenFile[];
}

const table = z.looseObject({
  labels: z.array(z.tuple([z.string(), z.union([z.int().min(0), z.array(z.number())])])).nullable(),
});

/** No dataset has as many classes; a larger number is no class. */
const MOST_CLASSES = 10_000_000;

/**
 * Labels the files of a listing by its `dataset.json`; undefined where it has none, or one of another tool.
 *
 * @param labels - whether classes are wanted
 * @throws UserError when the file is damaged, does not name an image that is there, or has classes and lists of numbers, or
 * lists of several lengths.
 */
export async function styleganLabels(listing: Listing, labels: boolean, where: string): Promise<Labelled | undefined> {
  // The one at the top before that of a folder.
  const file = listing.tables.find(({ path }) => !path.includes("/")) ?? listing.tables[0];
  if (file === undefined) return undefined;
  const name = `${where}: ${file.path}`;
  const found = parse(await contents(file, name), name);
  if (found === undefined) return undefined;
  const unlabelled = {
    files: listing.files.map((one) => ({ file: one, label: 0 })),
    classes: [],
    lost: [],
    absent: [],
  };
  if (found === null) return unlabelled;
  const folder = file.path.slice(0, -"dataset.json".length);
  if (found.some(([, label]) => typeof label !== "number")) {
    return labels ? byVectors(listing, byName(found, folder, name), file.path, name) : unlabelled;
  }
  return byTable(listing, byName(found as [string, number][], folder, name), file.path, name);
}

/** The labels by the images' names. @throws UserError when two of one image differ. */
function byName<T>(labels: readonly (readonly [string, T])[], folder: string, name: string): Map<string, T> {
  const found = new Map<string, T>();
  for (const [image, label] of labels) {
    const path = folder + image;
    if (found.has(path) && JSON.stringify(found.get(path)) !== JSON.stringify(label)) {
      throw new UserError(`${name}: it names ${path} twice, with other labels`);
    }
    found.set(path, label);
  }
  return found;
}

function byTable(listing: Listing, labels: ReadonlyMap<string, number>, path: string, name: string): Labelled {
  refuseMissing(listing, labels, name);
  const largest = [...labels.values()].reduce((most, label) => Math.max(most, label), 0);
  if (largest > MOST_CLASSES) throw new UserError(`${name}: the class ${largest} is out of range`);
  const lists = Array.from({ length: largest + 1 }, (): Listed[] => []);
  for (const file of listing.files) lists[labels.get(file.path)!]!.push(file);
  const turns = Array.from(takeTurns(lists.map(({ length }) => length)), ([label, round]) => ({
    file: lists[label]![round]!,
    label,
  }));
  const broken = new Map(listing.broken.map((one) => [one.file, one.reason]));
  const lost = new Map<number, LostClass>();
  for (const [file, label] of labels) {
    if (lists[label]!.length > 0 || lost.has(label)) continue;
    lost.set(label, { name: String(label), file, reason: broken.get(file) ?? "it is not there" });
  }
  return {
    files: turns,
    classes: lists.map((_, label) => String(label)),
    lost: [...lost.values()],
    absent: absentOf(listing, labels, path),
  };
}

/** @throws UserError when the file does not name an image. */
function refuseMissing({ files }: Listing, labels: ReadonlyMap<string, unknown>, name: string): void {
  const missing = files.filter((file) => !labels.has(file.path));
  if (missing.length === 0) return;
  throw new UserError(`${name}: it does not name ${missing.length} of the images, ${missing[0]!.path} first`);
}

/** One entry for the images that the file names and that are not there. */
function absentOf({ files, broken }: Listing, labels: ReadonlyMap<string, unknown>, path: string): BrokenFile[] {
  const there = new Set([...files.map((file) => file.path), ...broken.map(({ file }) => file)]);
  const gone = [...labels.keys()].filter((one) => !there.has(one));
  if (gone.length === 0) return [];
  return [{ file: path, reason: `${gone.length} of its images are not there, ${gone[0]} first` }];
}

function byVectors(
  listing: Listing,
  labels: ReadonlyMap<string, number | readonly number[]>,
  path: string,
  name: string,
): Labelled {
  refuseMissing(listing, labels, name);
  const lengths = new Map<number | "class", string>();
  for (const [image, label] of labels) {
    const length = typeof label === "number" ? "class" : label.length;
    if (!lengths.has(length)) lengths.set(length, image);
  }
  if (lengths.size > 1) {
    const [[one, first], [other, second]] = [...lengths] as [[unknown, string], [unknown, string]];
    const shown = (length: unknown): string => (length === "class" ? "a class" : `${String(length)} numbers`);
    throw new UserError(`${name}: the label of ${first} is ${shown(one)}, and that of ${second} ${shown(other)}`);
  }
  const [width = 0] = lengths.keys() as Iterable<number>;
  if (width === 0)
    throw new UserError(`${name}: its labels are lists without a number; \`labels: false\` takes the images without`);
  const { files } = listing;
  const names = Array.from({ length: width }, (_, i) => `c${i}`);
  const values = Float64Array.from(files.flatMap((file) => labels.get(file.path) as readonly number[]));
  return {
    files: files.map((file) => ({ file, label: 0 })),
    classes: [],
    lost: [],
    conditions: { names, values },
    absent: absentOf(listing, labels, path),
  };
}

async function contents({ item }: ListedTable, name: string): Promise<string> {
  const reader = new ItemReader();
  try {
    return (await reader.read(item)).toString();
  } catch (error) {
    throw new UserError(`cannot read ${name}: ${(error as Error).message}`);
  } finally {
    await reader.close();
  }
}

/** The labels of the file's text; undefined when another tool wrote it. */
function parse(text: string, name: string): z.output<typeof table>["labels"] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${name}: it is no JSON; StyleGAN's file has {"labels": [["00000/img00000000.png", 6], ...]}`);
  }
  if (typeof value !== "object" || value === null || !("labels" in value)) return undefined;
  const parsed = table.safeParse(value);
  if (parsed.success) return parsed.data.labels;
  throw new UserError(`${name}: \`labels\` must be null or a list such as [["00000/img00000000.png", 6], ...]`);
}
