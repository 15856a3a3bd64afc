/**
 * Whether a pack is as it was written: its pixels, labels and conditions give the SHA-256 that `pack.json` states, which is
 * also the one that a run remembers its data by. `pack.json` has a checksum of its own.
 *
 * Packs up to half a gigabyte are read whole each time that they are opened. A larger one is read whole once, and again
 * when the size, the times or the inode of one of its files have changed; `GANTRY_HASH=all` reads every byte each time.
 */
import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { writeFileAtomic } from "../formats/index.ts";
import type { Pack, PackHeader } from "./pack-header.ts";
import { sha256, sha256OfFile } from "./source.ts";

/** Packs with more bytes of pixels are not read whole each time. */
const LARGEST_READ = 2 ** 29;

/** What the contents of a pack depend on besides its files. */
type Form = Pick<PackHeader, "count" | "channels" | "size" | "classes" | "conditions">;

/** The SHA-256 of all that training sees, from those of the files. Without conditions the last one is absent. */
export function contentsOfPack(form: Form, pixels: string, labels: string, conditions?: string): string {
  const { count, channels, size, classes } = form;
  const own = JSON.stringify([count, channels, size, classes, form.conditions]);
  return sha256([own, pixels, labels, ...(conditions === undefined ? [] : [conditions])].join(" "));
}

const filesOf = ({ header, imagesPath, labelsPath, conditionsPath }: Pack): string[] => [
  imagesPath,
  labelsPath,
  ...(header.conditions === undefined ? [] : [conditionsPath]),
];

/** What changes whenever a program writes to one of the files. */
function stateOf(pack: Pack): string {
  const states = filesOf(pack).map((path) => {
    const { size, mtimeMs, ctimeMs, ino } = statSync(path);
    return [basename(path), size, mtimeMs, ctimeMs, ino];
  });
  return `${JSON.stringify(states)}\n`;
}

const noteIn = ({ folder }: Pack): string => join(folder, "checked.json");

/** Remembers that a large pack has been read whole. */
export function rememberChecked(pack: Pack): void {
  try {
    if (statSync(pack.imagesPath).size > LARGEST_READ) writeFileAtomic(noteIn(pack), [stateOf(pack)]);
  } catch {
    // A cache that cannot be written is read whole again the next time.
  }
}

function isRemembered(pack: Pack): boolean {
  if (process.env.GANTRY_HASH === "all" || statSync(pack.imagesPath).size <= LARGEST_READ) return false;
  try {
    return readFileSync(noteIn(pack), "utf8") === stateOf(pack);
  } catch {
    return false;
  }
}

/**
 * Whether the files of a pack hold what was written into them.
 * @throws UserError when one cannot be read.
 */
export async function isIntact(pack: Pack): Promise<boolean> {
  if (isRemembered(pack)) return true;
  const [pixels, labels, conditions] = await Promise.all(filesOf(pack).map(sha256OfFile));
  if (contentsOfPack(pack.header, pixels!, labels!, conditions) !== pack.header.contents) return false;
  rememberChecked(pack);
  return true;
}
