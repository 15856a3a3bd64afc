/**
 * Pages that are partly made from the code. A generated part stands between `<!-- generated: NAME -->` and
 * `<!-- end -->`; the rest of the page is written by hand.
 */
import { readFileSync } from "node:fs";

const PART = /<!-- generated: (.+?) -->\n[\s\S]*?<!-- end -->/g;

/**
 * The page with its generated parts as they should be, for `toMatchFileSnapshot`.
 * @throws Error when the page has no place for a part, two of them, or a place for none.
 */
export function withParts(page: URL, parts: Readonly<Record<string, string>>): string {
  const text = readFileSync(page, "utf8");
  const places = [...text.matchAll(PART)].map(([, name]) => name!).sort();
  const names = Object.keys(parts).sort();
  if (places.join() !== names.join())
    throw new Error(`${page.pathname} has places for ${places.join()}; the code gives ${names.join()}`);
  return text.replaceAll(
    PART,
    (_, name: string) => `<!-- generated: ${name} -->\n\n${parts[name]!.trim()}\n\n<!-- end -->`,
  );
}

/** A Markdown table; bars inside of cells are escaped. */
export function pageTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
