/** Inspecting a prepared dataset: what it holds, what was skipped, and a contact sheet. */
import { join } from "node:path";
import { labelsOf, writeContactSheet } from "./contact-sheet.ts";
import type { Pack, PackHeader } from "./pack-header.ts";

/** What is found out about a dataset: what its pack says, and a look at it. */
export interface Inspection extends Omit<PackHeader, "version" | "classes" | "resizer"> {
  readonly classes: readonly { readonly name: string; readonly count: number }[];
  /** Folder of the prepared pack. */
  readonly pack: string;
  /** Path of the contact sheet. */
  readonly contactSheet: string;
}

/**
 * Counts a pack's classes and writes its contact sheet, by default into the pack's folder.
 *
 * @throws UserError when the sheet cannot be written.
 *
 * @example
 * const found = await inspect(await packOf(mnist()));
 */
export async function inspect(pack: Pack, sheet: string = join(pack.folder, "contact-sheet.png")): Promise<Inspection> {
  const { version: _, resizer: __, classes: names, ...found } = pack.header;
  const classes = names.map((name) => ({ name, count: 0 }));
  if (classes.length > 0) for (const label of labelsOf(pack)) classes[label]!.count++;
  await writeContactSheet(pack, sheet);
  return { ...found, classes, pack: pack.folder, contactSheet: sheet };
}
