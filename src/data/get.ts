/**
 * Getting a dataset: its official files downloaded, verified and unpacked into the folder where its descriptor looks.
 */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { extract } from "tar";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";
import { flushFolder, makeFolder, removeIfPossible, temporaryName } from "../formats/index.ts";
import { type DownloadOptions, download } from "./download.ts";
import type { OfficialDataset } from "./named.ts";
import { datasetsFolder } from "./paths.ts";
import { sha256OfFile } from "./source.ts";

/** Progress of fetching a dataset. */
export interface GetOptions extends Omit<DownloadOptions, "onProgress"> {
  /** Where datasets are kept; default {@link datasetsFolder}. */
  readonly folder?: string | undefined;
  readonly onProgress?: ((file: string, done: number, total: number) => void) | undefined;
}

/** What {@link getDataset} did. */
export interface GetResult {
  readonly folder: string;
  /** Names of the files that were downloaded now; empty when everything was there. */
  readonly downloaded: readonly string[];
}

/**
 * Fetches a dataset into `<folder>/<name>`. Files with the right sum are kept. An archive that a user put there is
 * used, and left.
 *
 * @throws UserError as {@link download} does, and when an archive does not hold what it should.
 *
 * @example
 * await getDataset(officialDataset("cifar10"));
 */
export async function getDataset(dataset: OfficialDataset, options: GetOptions = {}): Promise<GetResult> {
  const folder = join(options.folder ?? datasetsFolder(), dataset.name);
  const members = Object.entries(dataset.unpack ?? {});
  if (members.length > 0 && (await allThere(folder, members))) return { folder, downloaded: [] };
  const downloaded: string[] = [];
  const names = dataset.files.map((file) => file.name).join(", ");
  const remedy = `without internet, put ${names} (from ${dataset.home}) in ${folder} and run the command again`;
  for (const file of dataset.files) {
    const onProgress = (done: number, total: number): void => options.onProgress?.(file.name, done, total);
    const result = await download(file, join(folder, file.name), { ...options, remedy, onProgress });
    if (result === "downloaded") downloaded.push(file.name);
  }
  const [archive] = dataset.files;
  if (members.length > 0 && archive !== undefined) {
    await unpack(join(folder, archive.name), folder, members);
    // Its contents are verified and in place. Only the archive that this call downloaded is deleted.
    if (downloaded.includes(archive.name)) rmSync(join(folder, archive.name));
  }
  return { folder, downloaded };
}

type Members = readonly (readonly [name: string, expected: string | number])[];

async function allThere(folder: string, members: Members): Promise<boolean> {
  for (const [name, expected] of members) {
    const path = join(folder, name);
    if (!existsSync(path) || (await difference(path, expected)) !== undefined) return false;
  }
  return true;
}

/** How a member differs from what it should be, by its sum or its size; undefined when it does not. */
async function difference(path: string, expected: string | number): Promise<string | undefined> {
  if (typeof expected === "number") {
    const { size } = statSync(path);
    return size === expected ? undefined : `has ${size} bytes, not ${expected}`;
  }
  const actual = await sha256OfFile(path);
  return actual === expected ? undefined : `has SHA-256 ${actual}, not ${expected}`;
}

/** Takes the wanted members out of a `.tar.gz`, verifies them, and puts their folder in place in one rename. */
async function unpack(archive: string, folder: string, members: Members): Promise<void> {
  const temporary = temporaryName(join(folder, "unpacking"));
  const wanted = new Map(members);
  try {
    makeFolder(temporary);
    await extract({ file: archive, cwd: temporary, strict: true, filter: (path) => wanted.has(path) });
    for (const [name, expected] of members) {
      const path = join(temporary, name);
      if (!existsSync(path)) throw new UserError(`${archive} does not hold ${name}`);
      const reason = await difference(path, expected);
      if (reason !== undefined) throw new UserError(`${archive}: ${name} ${reason}`);
    }
    for (const top of readdirSync(temporary)) {
      rmSync(join(folder, top), { recursive: true, force: true });
      renameSync(join(temporary, top), join(folder, top));
    }
    flushFolder(folder);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = fileError(error, "write", folder);
    throw reason === error ? new UserError(`${archive} cannot be unpacked: ${(error as Error).message}`) : reason;
  } finally {
    removeIfPossible(temporary);
  }
}
