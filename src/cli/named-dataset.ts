/** Data as the command line names them: a dataset's name, or the path of a folder, archive or other file of images. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { suggestion, UserError } from "../base/errors.ts";
import { refuseWindowsPath } from "../base/windows-path.ts";
import { type DataDescriptor, imageFolder, namedDataset, namedDatasets } from "../data/index.ts";

/** The names, for help texts. */
export const datasetNames: readonly string[] = namedDatasets().map(({ name }) => name);

/** Whether this is one of the {@link datasetNames}. */
export const isDatasetName = (text: string): boolean => namedDataset(text) !== undefined;

/** The kind of a dataset in recipes, by its name or path. */
export const datasetKind = (nameOrPath: string): string => namedDataset(nameOrPath)?.kind ?? "imageFolder";

/** A note where a dataset's name is also that of a file or folder here, which loses. */
export function shadowed(text: string): string | undefined {
  if (!isDatasetName(text) || !existsSync(text)) return undefined;
  return `${text} is the dataset of that name; the ${statSync(text).isDirectory() ? "folder" : "file"} here is ./${text}`;
}

/**
 * The descriptor for a name or path.
 *
 * @throws UserError when it is neither.
 */
export function describeDataset(nameOrPath: string, options: Record<string, unknown>): DataDescriptor {
  const known = namedDataset(nameOrPath);
  if (known !== undefined) return known.describe(options as never);
  if (existsSync(nameOrPath)) return imageFolder({ path: resolve(nameOrPath), ...options });
  refuseWindowsPath(nameOrPath, "the dataset");
  throw new UserError(
    `\`${nameOrPath}\` is neither a file or folder nor a dataset's name${suggestion(nameOrPath, datasetNames)}`,
  );
}
