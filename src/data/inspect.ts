/** Inspecting a prepared dataset: what it holds, what was skipped, and a contact sheet. */
import { join } from "node:path";
import { labelsOf, writeContactSheet } from "./contact-sheet.ts";
import type { Pack } from "./pack.ts";
import type { BrokenFile } from "./source.ts";

/** What is found out about a dataset. */
export interface Inspection {
  readonly name: string;
  readonly note: string;
  readonly count: number;
  readonly channels: number;
  /** Side of the prepared images in pixels. */
  readonly size: number;
  readonly fit: string;
  /** Smallest and largest width and height of the originals. */
  readonly originals: { readonly width: readonly [number, number]; readonly height: readonly [number, number] };
  readonly classes: readonly { readonly name: string; readonly count: number }[];
  readonly broken: readonly BrokenFile[];
  /** Files that are not images, by extension. */
  readonly ignored: Readonly<Record<string, number>>;
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
  const { name, note, count, channels, size, fit, originals, broken, ignored } = pack.header;
  const counts = pack.header.classes.map((className) => ({ name: className, count: 0 }));
  if (counts.length > 0) for (const label of labelsOf(pack)) counts[label]!.count++;
  await writeContactSheet(pack, sheet);
  return {
    name,
    note,
    count,
    channels,
    size,
    fit,
    originals,
    classes: counts,
    broken,
    ignored,
    pack: pack.folder,
    contactSheet: sheet,
  };
}
