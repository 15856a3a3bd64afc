import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { keysOf, schemaAt } from "../../src/base/validation-message.ts";
import { recipeSchema } from "../../src/recipe/schema.ts";
import { pageTable, withParts } from "../generated-parts.ts";
import { optionsPage } from "./options-page.ts";
import { shippedTable } from "./shipped-page.ts";

const recipePage = new URL("../../docs/reference/recipe.md", import.meta.url);

it("docs/reference/options.md has every option of every part with its default", async () => {
  await expect(optionsPage()).toMatchFileSnapshot("../../docs/reference/options.md");
});

/** The rows of the table over `defineRecipe`: key, meaning, default. */
function documentedKeys(): string[][] {
  const source = readFileSync(new URL("../../src/recipe/recipe.ts", import.meta.url), "utf8");
  return [...source.matchAll(/^ \* \| (`.*) \|$/gm)].map(([, row]) => row!.split(" | "));
}

it("docs/reference/recipe.md has every key of a recipe, and every shipped recipe", async () => {
  const rows = documentedKeys().map((cells) =>
    cells.map((cell) => cell.replaceAll(/docs\/([\w-]+\/([\w-]+)\.md)/g, "[$2](../$1)")),
  );
  const keys = pageTable(["key", "meaning", "default"], rows);
  await expect(withParts(recipePage, { keys, "shipped recipes": await shippedTable() })).toMatchFileSnapshot(
    "../../docs/reference/recipe.md",
  );
});

it("defineRecipe documents every key of the schema, with its default", () => {
  const rows = documentedKeys();
  const { properties } = z.toJSONSchema(recipeSchema, { io: "input", unrepresentable: "any" }) as {
    properties: Record<string, { default?: unknown }>;
  };
  for (const key of keysOf(recipeSchema)) {
    const row = rows.find(([name]) => name!.includes(`\`${key}\``));
    expect(row, key).toBeDefined();
    for (const inner of keysOf(schemaAt(recipeSchema, [key]))) expect(row!.join(), `${key}.${inner}`).toContain(inner);
    const standard = properties[key]!.default;
    if (typeof standard === "number" || typeof standard === "string")
      expect(row![2]!.replaceAll("`", ""), key).toBe(String(standard));
  }
});
