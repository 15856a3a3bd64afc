/**
 * The font of figures that are written as PNG. librsvg takes fonts from fontconfig, and a fresh server has none: every
 * letter would be an empty box. So Gantry brings DejaVu Sans and tells fontconfig about it.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { cacheFolder, SetupError, thisHost } from "../../scripts/setup/index.js";
import { UserError } from "../base/errors.ts";
import { writeFileAtomic } from "../formats/index.ts";
import { escapeXml } from "./xml.ts";

/** The font family of figures. SVG viewers without it take the next. */
export const FONT = "DejaVu Sans, Verdana, sans-serif";

let configured = false;

/**
 * Tells fontconfig about the font, once per process and before the first text is drawn, because fontconfig reads its
 * configuration only then. A configuration that the environment already names is kept. Where the cache folder cannot be
 * written, letters come from the fonts that the machine has. (A temporary folder with a known name would not do: another
 * user could make it first.)
 */
export function provideFont(): void {
  if (configured || process.env.FONTCONFIG_FILE) return;
  configured = true;
  const fonts = dirname(createRequire(import.meta.url).resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf"));
  try {
    const folder = join(cacheFolder(thisHost()), "fonts");
    const file = join(folder, "fonts.conf");
    const settings = `<dir>${escapeXml(fonts)}</dir><cachedir>${escapeXml(join(folder, "cache"))}</cachedir>`;
    writeFileAtomic(file, [`<?xml version="1.0"?>\n<fontconfig>${settings}</fontconfig>\n`]);
    process.env.FONTCONFIG_FILE = file;
  } catch (error) {
    if (!(error instanceof UserError) && !(error instanceof SetupError)) throw error;
  }
}
