/** SVG documents: text in them, and their PNG. */
import sharp from "sharp";
import { writeFileAtomic } from "../formats/index.ts";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text as it may stand in an element or an attribute. */
export function attributeText(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => ENTITIES[letter]!);
}

/** Writes an SVG document as a PNG file, atomically. Throws UserError when the disk refuses. */
export async function writePng(path: string, svg: string): Promise<void> {
  const bytes = await sharp(Buffer.from(svg)).png({ compressionLevel: 9 }).toBuffer();
  writeFileAtomic(path, [bytes]);
}
