/** Images in rows with titles and captions: sheets of samples, and samples next to other images. */
import sharp from "sharp";
import { UserError } from "../base/errors.ts";
import { encodePng, gridSize, type PixelBatch, tile } from "../formats/index.ts";
import { FONT } from "./fonts.ts";
import { escapeXml } from "./xml.ts";

/** One row. */
export interface ImageRow {
  readonly images: PixelBatch;
  /** The text to the left of the row. */
  readonly title?: string | undefined;
  /** The texts below the images, one each. */
  readonly captions?: readonly string[] | undefined;
}

const PADDING = 2;
const MARGIN = 8;
const LETTER = 12;
/** Width of a letter, on average. */
const ADVANCE = 0.62 * LETTER;
const CAPTION = 18;
/** Small images are enlarged by a whole factor to about this side. */
const SIDE = 56;

/** The longest side of a picture that is drawn from SVG, in pixels. */
const LONGEST_SIDE = 32_767;

/** How many times images are enlarged, if nothing is said: small ones to about {@link SIDE}. */
const factorOf = (side: number, scale?: number): number => scale ?? Math.max(1, Math.ceil(SIDE / side));

/**
 * Refuses rows of images that are too many, or too long, for one picture: to be called before the images are drawn.
 *
 * @param sheet.captions - Whether there are captions below the images.
 * @param sheet.scale - How many times images are enlarged; default: as {@link imageRows} does.
 * @throws UserError that says how large the picture would be.
 */
export function requireRowsFit(sheet: {
  readonly rows: number;
  readonly columns: number;
  readonly height: number;
  readonly width: number;
  readonly captions?: boolean;
  readonly scale?: number | undefined;
}): void {
  const { rows, columns, height: high, width: wide, captions = false, scale } = sheet;
  const factor = factorOf(wide, scale);
  const strip = gridSize({ count: columns, width: wide, height: high }, { columns, padding: PADDING });
  // Titles are at most some hundred pixels wide.
  const width = 2 * MARGIN + strip.width * factor;
  const height = 2 * MARGIN + rows * (strip.height * factor + (captions ? CAPTION : 0));
  if (Math.max(width, height) <= LONGEST_SIDE) return;
  throw new UserError(
    `a sheet of ${rows} rows of ${columns} images would be ${width} x ${height} pixels, and a picture has at most ${LONGEST_SIDE} on a side: take fewer`,
  );
}

/**
 * Rows of images on white as an SVG document with the images in it, enlarged pixel by pixel: `scale` times, or where they
 * are small.
 *
 * @throws UserError when the picture would be longer than 32,767 pixels.
 *
 * @example
 * await writePng("classes.png", await imageRows([{ images: quantise(zeros), title: "0" }, { images: quantise(ones), title: "1" }]));
 */
export async function imageRows(
  rows: readonly ImageRow[],
  { scale }: { readonly scale?: number | undefined } = {},
): Promise<string> {
  const side = Math.max(...rows.map(({ images }) => images.width));
  const factor = factorOf(side, scale);
  const longest = Math.max(0, ...rows.map(({ title }) => title?.length ?? 0));
  const left = MARGIN + (longest === 0 ? 0 : Math.ceil(longest * ADVANCE) + MARGIN);
  const parts: string[] = [];
  let [top, right] = [MARGIN, left];
  for (const { images, title, captions } of rows) {
    const strip = tile(images, { columns: images.count, padding: PADDING, background: 255 });
    const [width, height] = [strip.width * factor, strip.height * factor];
    const png = await sharp(await encodePng(strip))
      .resize(width, height, { kernel: "nearest" })
      .png()
      .toBuffer();
    const at = `x="${left}" y="${top}" width="${width}" height="${height}"`;
    parts.push(`<image ${at} href="data:image/png;base64,${png.toString("base64")}"/>`);
    if (title) parts.push(text(left - MARGIN, top + (height + LETTER) / 2 - 1, "end", title));
    for (const [i, caption] of (captions ?? []).entries()) {
      const centre = left + (PADDING + i * (images.width + PADDING) + images.width / 2) * factor;
      parts.push(text(centre, top + height + LETTER - 1, "middle", caption));
    }
    top += height + (captions === undefined ? 0 : CAPTION);
    right = Math.max(right, left + width);
  }
  if (Math.max(right, top) + MARGIN > LONGEST_SIDE) {
    throw new UserError(
      `the rows would be ${right + MARGIN} x ${top + MARGIN} pixels, and a picture has at most ${LONGEST_SIDE} on a side: take fewer`,
    );
  }
  const size = `width="${right + MARGIN}" height="${top + MARGIN}"`;
  const box = `viewBox="0 0 ${right + MARGIN} ${top + MARGIN}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${box} font-family="${FONT}" font-size="${LETTER}"><rect ${size} fill="#ffffff"/>${parts.join("")}</svg>`;
}

function text(x: number, y: number, anchor: "end" | "middle", words: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escapeXml(words)}</text>`;
}
