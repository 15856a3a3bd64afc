import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { shippedRecipes } from "../../src/recipe/shipped/index.ts";
import { optionsPage } from "./options-page.ts";

it("docs/reference/options.md has every option of every part with its default", async () => {
  await expect(optionsPage()).toMatchFileSnapshot("../../docs/reference/options.md");
});

it("docs/reference/recipe.md lists every shipped recipe with its length", async () => {
  const page = readFileSync(new URL("../../docs/reference/recipe.md", import.meta.url), "utf8");
  const listed = [...page.matchAll(/^\| `([\w-]+)` \| .* \| ([\d,]+(?: epochs)?) \| [^|]+ \|$/gm)];
  const lengths = Object.entries(shippedRecipes).map(async ([name, load]) => {
    const { steps, epochs } = (await load()).default;
    return [name, steps?.toLocaleString("en") ?? `${epochs!.toLocaleString("en")} epochs`];
  });
  expect(Object.fromEntries(listed.map(([, name, length]) => [name, length]))).toEqual(
    Object.fromEntries(await Promise.all(lengths)),
  );
});
