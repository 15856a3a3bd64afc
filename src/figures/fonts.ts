/**
 * The font of figures that are written as PNG. librsvg takes fonts from fontconfig, and a fresh server has none: every
 * letter would be an empty box. So Gantry brings DejaVu Sans and tells fontconfig about it.
 */
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "../formats/index.ts";
import { escapeXml } from "./xml.ts";

/** The font family of figures. SVG viewers without it take the next. */
export const FONT = "DejaVu Sans, Verdana, sans-serif";

let configured = false;

/**
 * Tells fontconfig about the font, once per process and before the first text is drawn, because fontconfig reads its
 * configuration only then. A configuration that the environment already names is kept.
 */
export function provideFont(): void {
  if (configured || process.env.FONTCONFIG_FILE) return;
  configured = true;
  const fonts = dirname(createRequire(import.meta.url).resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf"));
  const folder = join(tmpdir(), `gantry-fonts-${process.getuid?.() ?? 0}`);
  const file = join(folder, "fonts.conf");
  mkdirSync(folder, { recursive: true });
  const settings = `<dir>${escapeXml(fonts)}</dir><cachedir>${escapeXml(join(folder, "cache"))}</cachedir>`;
  writeFileAtomic(file, [`<?xml version="1.0"?>\n<fontconfig>${settings}</fontconfig>\n`]);
  process.env.FONTCONFIG_FILE = file;
}
