/**
 * Containers: files and folders other than folders of image files that `imageFolder` recognises by their contents, such as
 * arrays of NumPy or shards of parquet files.
 *
 * Each kind of container is a file that says how it is recognised and opened, by {@link defineContainer}.
 */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { fileError } from "../../base/file-error.ts";
import type { ContentsOptions } from "../contents.ts";
import { namedLikeImage } from "../image-format.ts";
import { byCodeUnit, isLitter } from "../listing.ts";
import type { ImageSource } from "../source.ts";

/** What a path looks like from outside. */
export interface Place {
  readonly path: string;
  readonly isFolder: boolean;
  /** The first 512 bytes of a file; empty for a folder. */
  readonly head: Buffer;
  /** The names in a folder in the order of their code units, without hidden ones; empty for a file. */
  readonly names: readonly string[];
}

/** What is wanted of a container. */
export interface ContainerOptions extends ContentsOptions {
  readonly split?: string | undefined;
  /** Whether classes are wanted. */
  readonly labels: boolean;
  /** Which array or column holds the images, and which the labels. */
  readonly entry?: string | undefined;
  readonly labelEntry?: string | undefined;
  /** A table of labels, which only image files take. */
  readonly labelFile?: string | undefined;
}

/** A kind of container. */
export interface Container {
  /** In words, for messages: "a tar archive". */
  readonly what: string;
  /** Whether it has several arrays or columns, of which `entry` chooses one. */
  readonly hasEntries: boolean;
  /** Whether a path is one, by names and first bytes. */
  recognises(place: Place): boolean;
  /**
   * Opens it.
   * @throws UserError when it is damaged or has no images.
   */
  open(place: Place, options: ContainerOptions): Promise<ImageSource>;
}

const containers: Container[] = [];

/** Registers a kind of container. */
export function defineContainer(container: Container): void {
  containers.push(container);
}

/**
 * Looks at a path.
 * @throws UserError when it cannot be read.
 */
export function lookAt(path: string): Place {
  try {
    const isFolder = statSync(path).isDirectory();
    const names = isFolder
      ? readdirSync(path)
          .filter((name) => !isLitter(name))
          .sort(byCodeUnit)
      : [];
    return { path, isFolder, head: isFolder ? Buffer.alloc(0) : headOf(path), names };
  } catch (error) {
    throw fileError(error, "read", path);
  }
}

function headOf(path: string): Buffer {
  if (!statSync(path).isFile()) throw new UserError(`cannot read ${path}: it is not a regular file`);
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(512);
    return head.subarray(0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}

/**
 * What container a path is, in words; undefined where it is none.
 * @throws UserError when it cannot be read.
 */
export function containerAt(path: string): string | undefined {
  const place = lookAt(path);
  return containers.find((container) => container.recognises(place))?.what;
}

/**
 * The source of a container; undefined where the path is none.
 * @throws UserError when it is one and cannot be used, and for `entry` or `labelEntry` where there is nothing to choose from.
 */
export async function openContainer(path: string, options: ContainerOptions): Promise<ImageSource | undefined> {
  const place = lookAt(path);
  const [found, other] = containers.filter((container) => container.recognises(place));
  if (other !== undefined) {
    throw new UserError(`${path}: it holds both ${found!.what} and ${other.what}; give the path of one of these`);
  }
  const named = options.entry === undefined ? "labelEntry" : "entry";
  if (options[named] !== undefined && !found?.hasEntries) {
    const what = found?.what ?? (place.isFolder ? "a folder of image files" : "an archive of image files");
    throw new UserError(`${path}: \`${named}\` (=${options[named]}) names an array or a column, and this is ${what}`);
  }
  if (found !== undefined && options.labelFile !== undefined) {
    throw new UserError(
      `${path}: \`labelFile\` (=${options.labelFile}) goes with image files, and this is ${found.what}`,
    );
  }
  if (found === undefined) return undefined;
  const source = await found.open(place, options);
  return { ...source, open: async () => ({ ...(await source.open()), isContainer: true }) };
}

/** Folders below which files are looked for: more are those of classes. */
const MOST_FOLDERS = 50;

/** How deep files are looked for. */
const DEEPEST = 3;

/**
 * The files of a folder with an ending, also in its sub-folders: paths inside it with forward slashes. Empty where there
 * are images among them: that is a folder of images.
 */
export function filesEnding(place: Place, ending: string, depth = 0): readonly string[] {
  if (!place.isFolder || place.names.some((name) => namedLikeImage(name) === true)) return [];
  const own = place.names.filter((name) => name.toLowerCase().endsWith(ending));
  if (own.length > 0 || depth === DEEPEST || place.names.length > 4 * MOST_FOLDERS) return own;
  const folders = place.names.filter((name) => isFolder(join(place.path, name)));
  if (folders.length > MOST_FOLDERS) return [];
  return folders.flatMap((name) =>
    filesEnding(lookAt(join(place.path, name)), ending, depth + 1).map((file) => `${name}/${file}`),
  );
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
