/** NumPy's files as containers: `.npz` archives, `.npy` files, and folders of `.npy` files. */
import { basename, extname, join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { firstTwice } from "../../base/twice.ts";
import {
  type NpyNumbers,
  openNpz,
  quoted,
  readNpyHeader,
  readNpyRows,
  readZipDirectory,
  withRandomAccess,
} from "../../formats/index.ts";
import { readContents } from "../contents.ts";
import type { ArrayFile, ArrayForm } from "./array-form.ts";
import { hasSplit } from "./array-names.ts";
import { arraysSource } from "./arrays.ts";
import { defineContainer, filesEnding, type Place } from "./container.ts";

const isZip = ({ head }: Place): boolean => head.subarray(0, 4).toString("latin1") === "PK\x03\x04";
const isNpy = ({ head }: Place): boolean => head.subarray(0, 6).toString("latin1") === "\x93NUMPY";

/** Whether the first entry of a zip archive is an array. */
const startsWithArray = ({ head }: Place): boolean =>
  head.length > 30 && head.toString("latin1", 30, 30 + head.readUInt16LE(26)).endsWith(".npy");

/** Whether a file is an .npz archive with the images of several splits, such as MedMNIST's. */
export function npzHasSplits(path: string): boolean {
  try {
    return withRandomAccess(path, (file) => [...readZipDirectory(file).keys()]).some((name) =>
      hasSplit(name.replace(/\.npy$/, "")),
    );
  } catch (error) {
    // What is wrong with it is said when it is opened.
    if (error instanceof UserError) return false;
    throw error;
  }
}

defineContainer({
  what: "an .npz archive",
  hasEntries: true,
  recognises: (place) => isZip(place) && (/\.npz$/i.test(place.path) || startsWithArray(place)),
  open: async ({ path }, options) => {
    const open = async (): Promise<ArrayFile> => {
      const npz = await openNpz(path);
      return {
        arrays: npz.arrays,
        refused: npz.refused,
        numbers: (name, begin, end) => npz.numbers(name, begin, end),
        close: () => npz.close(),
      };
    };
    const source = { where: path, name: basename(path), what: "an .npz archive", open };
    return arraysSource({ ...source, ...(await readContents([path], options)) }, options);
  },
});

/** The arrays of `.npy` files by the names of the files. */
function npyFiles(paths: readonly string[]): ArrayFile {
  const names = paths.map((path) => basename(path, extname(path)));
  const twice = firstTwice(names);
  if (twice !== undefined) {
    const [first, second] = paths.filter((_, i) => names[i] === twice);
    throw new UserError(
      `${first}: ${quoted(basename(second!))} has the same name without its ending; keep one of them`,
    );
  }
  const files = new Map(names.map((name, i) => [name, paths[i]!]));
  const arrays = new Map<string, ArrayForm>();
  const refused = new Map<string, string>();
  for (const [name, path] of files) {
    try {
      arrays.set(name, readNpyHeader(path));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refused.set(name, error.message);
    }
  }
  const numbers = async (name: string, begin: number, end: number): Promise<NpyNumbers> =>
    readNpyRows(files.get(name)!, begin, end);
  return { arrays, refused, numbers, close: () => undefined };
}

defineContainer({
  what: "an .npy file",
  hasEntries: true,
  recognises: isNpy,
  open: async ({ path }, options) => {
    const source = { where: path, name: basename(path), what: "an .npy file", open: async () => npyFiles([path]) };
    return arraysSource({ ...source, ...(await readContents([path], options)) }, options);
  },
});

defineContainer({
  what: "a folder of .npy files",
  hasEntries: true,
  recognises: (place) => place.names.some((name) => /\.npy$/i.test(name)) && filesEnding(place, ".npy").length > 0,
  open: async (place, options) => {
    const { path } = place;
    const paths = filesEnding(place, ".npy").map((name) => join(path, name));
    const source = {
      where: path,
      name: basename(path),
      what: "a folder of .npy files",
      open: async () => npyFiles(paths),
    };
    return arraysSource({ ...source, ...(await readContents(paths, options)) }, options);
  },
});
