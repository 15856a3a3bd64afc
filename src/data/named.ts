/**
 * Datasets with a name: how the command line finds them, where their files are, and how to get them.
 *
 * Nothing is listed here. Each dataset says these things in its own file, by {@link ./define.ts | defineImageDataset}.
 */
import { join, resolve } from "node:path";
import { suggestion, UserError } from "../base/errors.ts";
import type { DataDescriptor } from "./dataset.ts";
import type { OfficialFile } from "./download.ts";
import { datasetsFolder } from "./paths.ts";

/** The official files of a dataset. */
export interface Download {
  /** The name of what is fetched, such as "CIFAR-10, binary version". */
  readonly title: string;
  /** The page of its publishers. */
  readonly home: string;
  readonly files: readonly OfficialFile[];
  /**
   * Members to take out of the (only) file, a `.tar.gz`, with the SHA-256 of each, or its bytes where only the sum of
   * the archive is known.
   */
  readonly unpack?: Readonly<Record<string, string | number>>;
}

/** A dataset with a name. */
export interface NamedDataset {
  readonly name: string;
  /** Its kind in recipes. */
  readonly kind: string;
  /**
   * Describes it.
   * @throws UserError when an option does not fit.
   */
  readonly describe: (options: never) => DataDescriptor;
  /** What `gantry data get` downloads. */
  readonly download?: Download | undefined;
  /** How to get it by hand, given its folder. For datasets that cannot be downloaded. */
  readonly byHand?: ((folder: string) => string) | undefined;
}

const named = new Map<string, NamedDataset>();

/**
 * Registers a dataset by its name.
 *
 * @throws UserError when one of another kind has the name.
 */
export function nameDataset(dataset: NamedDataset): void {
  const before = named.get(dataset.name);
  if (before !== undefined && before.kind !== dataset.kind) {
    throw new UserError(
      `there is a dataset named \`${dataset.name}\` already (\`${before.kind}\`); name yours differently`,
    );
  }
  named.set(dataset.name, dataset);
}

/** All datasets with a name, in the order of their definition. */
export function namedDatasets(): readonly NamedDataset[] {
  return [...named.values()];
}

/** The dataset of that name, if there is one. */
export function namedDataset(name: string): NamedDataset | undefined {
  return named.get(name);
}

/** Where the files of a dataset are: `path` if it is given, else the folder of its name among the datasets. */
export function datasetFolder(name: string, path?: string): string {
  return resolve(path ?? join(datasetsFolder(), name));
}

/** How to get a dataset that cannot be downloaded. */
export function howToGet(name: string): string {
  return named.get(name)?.byHand?.(datasetFolder(name)) ?? `run \`gantry data get ${name}\``;
}

/** A dataset that can be downloaded. */
export type OfficialDataset = Pick<NamedDataset, "name"> & Download;

/**
 * The official files of the dataset of that name.
 *
 * @throws UserError with what to do by hand, or with the nearest name when there is none.
 */
export function officialDataset(name: string): OfficialDataset {
  const found = named.get(name);
  if (found?.download !== undefined) return { name, ...found.download };
  if (found?.byHand !== undefined) throw new UserError(`${name} cannot be downloaded from here: ${howToGet(name)}`);
  const names = namedDatasets().flatMap((dataset) => (dataset.download ? [dataset.name] : []));
  throw new UserError(`there is nothing to get under the name \`${name}\`${suggestion(name, names)}`);
}
