/** SVG documents as PNG files. */
import sharp from "sharp";
import { writeFileAtomic } from "../formats/index.ts";
import { provideFont } from "./fonts.ts";

/**
 * Writes an SVG document as a PNG file, atomically. Text is set in DejaVu Sans wherever the document names it.
 *
 * @returns the size of the image in pixels
 *
 * @throws UserError when the disk refuses.
 *
 * @example
 * await writePng("fid.png", lineChart({ title: "fid", xName: "step", curves }));
 */
export async function writePng(path: string, svg: string): Promise<{ width: number; height: number }> {
  provideFont();
  const image = sharp(Buffer.from(svg)).png({ compressionLevel: 9 });
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  writeFileAtomic(path, [data]);
  return { width: info.width, height: info.height };
}
