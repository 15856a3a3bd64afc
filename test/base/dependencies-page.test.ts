/** docs/explanation/dependencies.md has every package of package.json, with its version. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

it("docs/explanation/dependencies.md lists every dependency with its version", () => {
  const rows = read("docs/explanation/dependencies.md")
    .split("\n")
    .filter((line) => line.startsWith("| "));
  const has = (text: string, word: string) => text.split(/[\s,`]+/).includes(word);
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
  const missing = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([name, version]) => !rows.some((row) => has(row, name) && has(row, version)),
  );
  expect(missing).toEqual([]);
});
