/** The table of differences in docs/export.md is that of the stored records. `npm test -- test/export -u` writes it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { markdownTable } from "markdown-table";
import { expect, it } from "vitest";
import { storedDifferences } from "./differences.ts";
import { networkCases } from "./networks.ts";

it("shows the largest differences of every case", async () => {
  const stored = storedDifferences();
  expect(Object.keys(stored)).toEqual(Object.keys(networkCases));
  const targets = [...new Set(Object.values(stored).flatMap((row) => Object.keys(row)))];
  const rows = Object.entries(stored).map(([name, row]) => [
    name,
    ...targets.map((target) => row[target]?.toExponential(1) ?? ""),
  ]);
  const table = markdownTable([["network", ...targets], ...rows]);
  const page = join(import.meta.dirname, "../../docs/export.md");
  const text = readFileSync(page, "utf8");
  const made = text.replace(
    /(<!-- differences -->\n)[\s\S]*(<!-- \/differences -->)/,
    (_, open: string, close: string) => `${open}\n${table}\n\n${close}`,
  );
  await expect(made).toMatchFileSnapshot(page);
});
