/** The tables of docs/export.md are those of the stored records. `npm test -- test/export -u` writes them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { markdownTable } from "markdown-table";
import { expect, it } from "vitest";
import { storedDifferences } from "./differences.ts";
import { networkCases } from "./networks.ts";

const page = join(import.meta.dirname, "../../docs/export.md");

/** The page with that table between its marks. */
const withTable = (text: string, mark: string, rows: readonly string[][]): string =>
  text.replace(new RegExp(`(<!-- ${mark} -->\n)[\\s\\S]*(<!-- /${mark} -->)`), (_, open: string, close: string) => {
    return `${open}\n${markdownTable(rows)}\n\n${close}`;
  });

it("show the largest differences of every case", async () => {
  const stored = storedDifferences();
  const names = Object.keys(networkCases);
  expect(Object.keys(stored).sort()).toEqual([...names].sort());
  const targets = [...new Set(Object.values(stored).flatMap((row) => Object.keys(row)))];
  const rows = names.map((name) => [name, ...targets.map((target) => stored[name]![target]?.toExponential(1) ?? "")]);
  const text = readFileSync(page, "utf8");
  await expect(withTable(text, "differences", [["network", ...targets], ...rows])).toMatchFileSnapshot(page);
});
