/**
 * The official editions of CIFAR (Krizhevsky 2009), all as records of label bytes and three planes of 32 x 32 bytes:
 *
 * - the binary version, which has these records
 * - the Python version: pickled dictionaries with `data`, uint8 [N, 3072] of three planes, and lists of labels
 * - either as the archive that is published, `cifar-10-binary.tar.gz`, `cifar-10-python.tar.gz`
 */
import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { firstNameInTarGz, PickledArray, readBytes, readNumpyPickle, tarMembers } from "../../formats/index.ts";
import { lookAt } from "../containers/container.ts";
import { sumOfFile } from "../source.ts";

/** The two splits of the CIFAR datasets. */
export type CifarSplit = "train" | "test";

/** Red, green and blue, each 32 x 32 bytes. */
export const PLANES = 3 * 32 * 32;

/** The files of an edition. */
export interface CifarFiles {
  /** The folder that the official archive unpacks to. */
  readonly folder: string;
  readonly files: Readonly<Record<CifarSplit, readonly string[]>>;
  /** The archive's name, and its sum. */
  readonly archive: string;
  readonly archiveSum: readonly [algorithm: "sha256" | "md5", sum: string];
  /** The algorithm and sums of the official files. */
  readonly algorithm: "sha256" | "md5";
  readonly sums: Readonly<Record<string, string>>;
}

/** The Python edition: the keys of the labels, in the order of the bytes of a record. */
export interface CifarPython extends CifarFiles {
  readonly labelKeys: readonly string[];
}

/** A split as it was found. */
export interface CifarEdition {
  /** The files that are read. */
  readonly paths: readonly string[];
  /** The records of each file. */
  read(): Promise<Buffer[]>;
  isOfficial(): Promise<boolean>;
}

/** No file of either dataset is larger; one that claims to be is not read. */
const LARGEST = 2 ** 28;

/**
 * A split of the binary or the Python edition at `root`: the folder, the one above it, the archive, or the folder of the
 * archive. Undefined where there is none.
 */
export function findCifar(
  root: string,
  split: CifarSplit,
  binary: CifarFiles,
  python: CifarPython,
): CifarEdition | undefined {
  const readers = [
    { form: binary, records: (bytes: Buffer) => bytes },
    { form: python, records: (bytes: Buffer, where: string) => recordsOf(bytes, python.labelKeys, where) },
  ];
  for (const { form, records } of readers) {
    const names = form.files[split];
    const folder = [root, join(root, form.folder)].find((place) => names.every((name) => isFile(join(place, name))));
    if (folder === undefined) continue;
    const paths = names.map((name) => join(folder, name));
    return {
      paths,
      read: async () => paths.map((path) => records(readBytes(path), path)),
      isOfficial: async () => {
        const sums = await Promise.all(paths.map((path) => sumOfFile(form.algorithm, path)));
        return names.every((name, i) => form.sums[name] === sums[i]);
      },
    };
  }
  for (const { form, records } of readers) {
    const path = archiveOf(root, form);
    if (path === undefined) continue;
    const names = form.files[split].map((name) => `${form.folder}/${name}`);
    return {
      paths: [path],
      read: async () => {
        const members = await tarMembers(path, new Map(names.map((name) => [name, LARGEST])));
        return names.map((name) => records(members.get(name)!, `${path}: ${basename(name)}`));
      },
      isOfficial: async () => (await sumOfFile(form.archiveSum[0], path)) === form.archiveSum[1],
    };
  }
  return undefined;
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

/** The archive of an edition: `root` itself, whatever it is called, or the file of that name in it. */
function archiveOf(root: string, { archive, folder }: CifarFiles): string | undefined {
  if (!isFile(root)) return [join(root, archive)].find((path) => existsSync(path));
  const first = firstNameInTarGz(lookAt(root).head);
  return first?.split("/").find((part) => part !== ".") === folder ? root : undefined;
}

/** A pickled batch as records. @throws UserError when it is no such dictionary. */
function recordsOf(bytes: Buffer, labelKeys: readonly string[], where: string): Buffer {
  const batch = readNumpyPickle(bytes, where);
  if (!(batch instanceof Map)) throw new UserError(`${where}: not one of CIFAR's batches, which are dictionaries`);
  const data = batch.get("data");
  if (!(data instanceof PickledArray) || data.dtype !== "u1" || data.shape.length !== 2 || data.shape[1] !== PLANES) {
    const what = data instanceof PickledArray ? data.description : "absent";
    throw new UserError(`${where}: \`data\` must be an array of u1 [N, ${PLANES}]; it is ${what}`);
  }
  const count = data.shape[0]!;
  const labels = labelKeys.map((key) => {
    const list = batch.get(key);
    const fits = Array.isArray(list) && list.length === count;
    if (
      fits &&
      (list as unknown[]).every((label) => Number.isInteger(label) && (label as number) >= 0 && (label as number) < 256)
    )
      return list as number[];
    throw new UserError(`${where}: \`${key}\` must be a list of ${count} labels from 0 to 255`);
  });
  const record = labelKeys.length + PLANES;
  const records = Buffer.alloc(count * record);
  for (let i = 0; i < count; i++) {
    for (const [at, list] of labels.entries()) records[i * record + at] = list[i]!;
    records.set(data.bytes.subarray(i * PLANES, (i + 1) * PLANES), i * record + labelKeys.length);
  }
  return records;
}
