/** Where a label file is after the images that it labels have been moved. */
import { existsSync } from "node:fs";
import { relative, resolve, sep } from "node:path";

/**
 * The new place of the label file of moved data: the same place as seen from the images. Undefined where it stays: it is
 * outside of them, and still there.
 *
 * @param data - options of the data as they were
 * @param path - where the images are now
 */
export function movedLabelFile(data: Readonly<Record<string, unknown>>, path: string): string | undefined {
  const { path: before, labelFile } = data;
  if (typeof before !== "string" || typeof labelFile !== "string") return undefined;
  const inside = labelFile.startsWith(before + sep);
  return inside || !existsSync(labelFile) ? resolve(path, relative(before, labelFile)) : undefined;
}
