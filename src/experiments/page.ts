/** The page of an experiment: its tables as Markdown, and its figures as SVG and PNG. */
import { join } from "node:path";
import { z } from "zod";
import { writePng } from "../figures/index.ts";
import { writeFileAtomic } from "../formats/index.ts";
import type { Page } from "./experiment.ts";

/** Tables and figures as one Markdown text; `at` is where the figures lie, seen from the text. */
export function pageText({ tables, figures = [] }: Page, at = "figures"): string {
  const images = figures.map(({ name, title = name }) => `![${title}](${at}/${name}.svg)`);
  return `${[tables.trimEnd(), ...images].join("\n\n")}\n`;
}

/** Writes a page into a folder: its text as `file`, `figures/<name>.svg` and `.png`, and its further files. */
export async function writePage(folder: string, page: Page, file = "tables.md"): Promise<void> {
  for (const { name, svg } of page.figures ?? []) {
    const path = join(folder, "figures", name);
    writeFileAtomic(`${path}.svg`, [svg]);
    await writePng(`${path}.png`, svg);
  }
  for (const [name, text] of Object.entries(page.files ?? {})) writeFileAtomic(join(folder, name), [text]);
  writeFileAtomic(join(folder, file), [pageText(page)]);
}

/** Values in lists of one key, in the order in which the keys come. */
export function grouped<T>(values: readonly T[], keyOf: (value: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return [...groups.values()];
}

/** Of a record: versions and threads of the engine that measured it. */
export const engine = z.record(z.string(), z.union([z.string(), z.number()]));

/** A number of a record with three digits after the point; JSON knows no negative zero. */
export const thousandths = (value: number): number => Math.round(value * 1000) / 1000 + 0;

/** Seconds with one digit after the point, since `begun` in milliseconds. */
export const secondsSince = (begun: number): number => Math.round((performance.now() - begun) / 100) / 10;
