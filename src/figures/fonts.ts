/**
 * The font of figures that are written as PNG. librsvg takes fonts from fontconfig, and a fresh server has none: every
 * letter would be an empty box. So Gantry brings DejaVu Sans and tells fontconfig about it.
 */
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { UserError } from "../base/errors.ts";
import { writeFileAtomic } from "../formats/index.ts";
import { escapeXml } from "./xml.ts";

/** The font family of figures. SVG viewers without it take the next. */
export const FONT = "DejaVu Sans, Verdana, sans-serif";

let configured = false;

/**
 * Tells fontconfig about the font, once per process and before the first text is drawn, because fontconfig reads its
 * configuration only then. A configuration that the environment already names is kept. Where no temporary folder can be
 * written, letters come from the fonts that the machine has.
 */
export function provideFont(): void {
  if (configured || process.env.FONTCONFIG_FILE) return;
  configured = true;
  const fonts = dirname(createRequire(import.meta.url).resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf"));
  for (const parent of [tmpdir(), "/tmp", "/var/tmp", "/dev/shm"]) {
    if (configure(fonts, join(parent, `gantry-fonts-${process.getuid?.() ?? 0}`))) return;
  }
}

/** Writes fontconfig's settings into a folder. False where that cannot be written. */
function configure(fonts: string, folder: string): boolean {
  const file = join(folder, "fonts.conf");
  const settings = `<dir>${escapeXml(fonts)}</dir><cachedir>${escapeXml(join(folder, "cache"))}</cachedir>`;
  try {
    writeFileAtomic(file, [`<?xml version="1.0"?>\n<fontconfig>${settings}</fontconfig>\n`]);
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
  process.env.FONTCONFIG_FILE = file;
  return true;
}
