/** Contact sheets: images of a dataset from its pack, one row per class. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import sharp from "sharp";
import { fileError } from "../base/file-error.ts";
import { areaOf, longerSide, sidesOf } from "../base/image-size.ts";
import { encodePng, tile, writeFileAtomic } from "../formats/index.ts";
import type { Pack } from "./pack-header.ts";

const COLUMNS = 10;
const MOST_ROWS = 20;

/** Gray of the margin and of empty cells, which differs from black and from white. */
const MARGIN_GRAY = 64;

/** The labels of a pack. */
export function labelsOf(pack: Pack): number[] {
  const bytes = new Uint8Array(readFileSync(pack.labelsPath));
  return Array.from(new BigInt64Array(bytes.buffer), Number);
}

/** The images shown: the first 10 of each of the first 20 classes, or the first 100 without classes. */
function chosen(pack: Pack, labels: readonly number[]): (number | undefined)[] {
  const { classes, count } = pack.header;
  if (classes.length === 0) return Array.from({ length: Math.min(count, COLUMNS * COLUMNS) }, (_, i) => i);
  const rows = classes.slice(0, MOST_ROWS).map(() => [] as number[]);
  for (const [index, label] of labels.entries()) {
    const row = rows[label];
    if (row !== undefined && row.length < COLUMNS) row.push(index);
  }
  return rows.flatMap((row) => Array.from({ length: COLUMNS }, (_, i) => row[i]));
}

/**
 * Writes the contact sheet of a pack as PNG. Small images are shown enlarged by a whole factor, pixel by pixel, so that
 * what is seen is what training gets.
 *
 * @throws UserError when the file cannot be written.
 */
export async function writeContactSheet(pack: Pack, path: string): Promise<void> {
  const { channels, size } = pack.header;
  const bytes = channels * areaOf(size);
  const shown = chosen(pack, labelsOf(pack));
  const pixels = new Uint8Array(shown.length * bytes).fill(MARGIN_GRAY);
  const file = openSync(pack.imagesPath, "r");
  try {
    for (const [cell, index] of shown.entries()) {
      if (index !== undefined) readSync(file, pixels, cell * bytes, bytes, index * bytes);
    }
  } catch (error) {
    throw fileError(error, "read", pack.imagesPath);
  } finally {
    closeSync(file);
  }
  const batch = { pixels, count: shown.length, channels, ...sidesOf(size) };
  const sheet = tile(batch, { columns: COLUMNS, padding: 2, background: MARGIN_GRAY });
  const factor = Math.max(1, Math.floor(96 / longerSide(size)));
  const enlarged = sharp(await encodePng(sheet)).resize(sheet.width * factor, sheet.height * factor, {
    kernel: "nearest",
  });
  writeFileAtomic(path, [await enlarged.png().toBuffer()]);
}
