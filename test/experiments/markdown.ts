/** Markdown tables without what aligns their columns: for comparisons with what a cell says. */
export function cells(markdown: string): string {
  return markdown
    .split("\n")
    .map((line) => (line.startsWith("|") ? line.replace(/ +/g, " ").replace(/:?-+:?(?= \|)/g, "---") : line))
    .join("\n");
}
