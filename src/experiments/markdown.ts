/** Markdown tables, aligned so that they read in a terminal too. */
import { markdownTable as aligned } from "markdown-table";

/**
 * A Markdown table. Its first `left` columns are aligned to the left, the others (numbers) to the right.
 *
 * @example
 * markdownTable(["seed", "FID"], [["0", "31.2"]], 1);
 */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[], left = 0): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")));
  // Characters that a terminal does not show have no width.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
  const stringLength = (text: string) => text.replace(/\u001b\[\d*m/g, "").length;
  return aligned(cells, { align: header.map((_, i) => (i < left ? "l" : "r")), stringLength });
}
