/** What a function throws stands behind `@throws` in its docstring, where editors and documentation tools list it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

it("no docstring says `Throws SomeError` in prose", () => {
  const source = join(import.meta.dirname, "../../src");
  const faults = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => {
      const docstrings = readFileSync(join(source, name), "utf8").match(/\/\*\*[\s\S]*?\*\//g) ?? [];
      return docstrings.filter((text) => /(?:^|[.*]\s)Throws \w*Error\b/.test(text)).map((text) => `${name}: ${text}`);
    });
  expect(faults).toEqual([]);
});
