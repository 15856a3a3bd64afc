/** Recipes by name and by file: one Gantry for both sides, and one sentence for each thing wrong with a user's file. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import * as gantry from "../../src/entry/gantry.ts";
import {
  importModule,
  importModules,
  isRecipe,
  loadRecipe,
  ownParts,
  shippedRecipes,
  trustFile,
} from "../../src/recipe/index.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-load-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const body = (techniques: string) => `{
  data: mnist(), generator: dcgan.generator(), discriminator: dcgan.discriminator(), loss: hinge(),
  techniques: [${techniques}], optimizers: { generator: adam(), discriminator: adam() }, steps: 5,
}`;
const names = "adam, dcgan, defineRecipe, defineTechnique, hinge, mnist, topK, z";
const plain = `import { ${names} } from "gantry";\nexport default defineRecipe(${body("topK()")});\n`;

describe("shipped recipes", () => {
  it.each(Object.keys(shippedRecipes))("%s is named as it is called and needs no module", async (name) => {
    const { recipe, source, modules } = await loadRecipe(name);
    expect(recipe.name).toBe(name);
    expect(isRecipe(recipe)).toBe(true);
    expect({ source, modules, own: ownParts(recipe) }).toEqual({ source: name, modules: [], own: [] });
  });

  it("are suggested for a name that is not quite one", async () => {
    await expect(loadRecipe("mnits")).rejects.toThrow("there is no recipe `mnits`; did you mean `mnist`?");
    const names = Object.keys(shippedRecipes).join(", ");
    await expect(loadRecipe("zzzzzzz")).rejects.toThrow(`accepted: ${names}, or the path of a file`);
    await expect(loadRecipe("constructor")).rejects.toThrow("there is no recipe `constructor`");
  });
});

describe("a user's file", () => {
  it("shares this process's classes and registry, also through a file that it imports, in every form of module", async () => {
    file("parts.ts", `import { Module } from "gantry";\nexport class Mine extends Module {}\nexport { Module };\n`);
    const probe = `import { Mine, Module as inner } from "./parts.ts";\nimport * as all from "gantry";\nexport { Mine, inner, all };\n`;
    for (const name of ["probe.ts", "probe.mts", "probe.js", "probe.mjs"]) {
      const found = (await importModule(file(name, probe))) as {
        Mine: new () => unknown;
        inner: unknown;
        all: typeof gantry;
      };
      expect(found.inner).toBe(gantry.Module);
      expect(found.all.Module).toBe(gantry.Module);
      expect(new found.Mine()).toBeInstanceOf(gantry.Module);
      expect(found.all.UserError).toBe(UserError);
    }
    const common = await importModule(
      file("probe.cjs", `const { Module } = require("gantry");\nmodule.exports = { Module };\n`),
    );
    expect(common.Module).toBe(gantry.Module);
  });

  it("gets this Gantry even where another copy is installed next to it", async () => {
    const rival = join(folder, "node_modules/gantry");
    mkdirSync(rival, { recursive: true });
    writeFileSync(join(rival, "package.json"), '{ "name": "gantry", "type": "module", "exports": "./index.js" }');
    writeFileSync(join(rival, "index.js"), "export class Module {}\nexport const rival = true;\n");
    const found = await importModule(file("next-to-it.ts", 'export { Module } from "gantry";\n'));
    rmSync(join(folder, "node_modules"), { recursive: true });
    expect(found.Module).toBe(gantry.Module);
  });

  it("is loaded, named after the file, and remembered only if it defines parts", async () => {
    const { recipe, source, modules } = await loadRecipe(file("my first.ts", plain));
    expect(recipe.name).toBe("my-first");
    expect(source).toBe(join(folder, "my first.ts"));
    expect(modules).toEqual([]);
    const named = await loadRecipe(file("named.ts", plain.replace("steps: 5", 'steps: 5, name: "other"')));
    expect(named.recipe.name).toBe("other");
  });

  it("may define parts, which a stored run finds again by importing it", async () => {
    const own = `import { ${names} } from "gantry";
      interface Options { weight: number }
      const mine = defineTechnique("loadTestMine", z.strictObject({ weight: z.number().default(1) }),
        ({ weight }: Options) => ({ name: "loadTestMine", report: () => ({ weight }) }));
      export default defineRecipe(${body("topK(), mine({ weight: 3 })")});\n`;
    const path = file("own.ts", own);
    const loaded = await loadRecipe(path);
    expect(ownParts(loaded.recipe)).toEqual(["techniques.loadTestMine"]);
    expect(loaded.modules).toEqual([path]);

    // What a run does to rebuild its recipe.
    trustFile(path);
    await importModules(loaded.modules, "the run x");
    const recipe = gantry.fromPlainRecipe(JSON.parse(JSON.stringify(gantry.toPlainRecipe(loaded.recipe))));
    expect(gantry.recipeHash(recipe)).toBe(gantry.recipeHash(loaded.recipe));
    expect(recipe.techniques[1]!.build({} as never).report?.()).toEqual({ weight: 3 });
  });

  it.each<[string, string, string]>([
    [
      "syntax.ts",
      'import { z } from "gantry";\nconst x: number = ;\nexport default x;\n',
      "/syntax.ts:2:19: syntax error: Unexpected token",
    ],
    ["inner.ts", 'import "./syntax.ts";\nexport default 1;\n', "/syntax.ts:2:19: syntax error: Unexpected token"],
    [
      "none.ts",
      "export const recipe = 1;\n",
      "/none.ts has no default export; it must say `export default defineRecipe({ ... })`; gantry train also takes `export default defineTrainer({ ... })`, gantry sweep does not",
    ],
    ["empty.ts", "", "/empty.ts has no default export"],
    ["other.ts", "export default { steps: 3 };\n", "/other.ts: its default export is not a recipe; it must say"],
    [
      "throws.ts",
      "const a = 1;\n\nfunction f(): never {\n  throw new RangeError('boom');\n}\nf();\nexport default a;\n",
      "/throws.ts:4: RangeError: boom",
    ],
    ["string.ts", "throw 'bare';\n", "/string.ts: Error: bare"],
    [
      "import.ts",
      'import x from "no-such-package";\nexport default x;\n',
      "/import.ts: cannot find `no-such-package`, which this file imports",
    ],
    [
      "relative.ts",
      'import x from "./gone.ts";\nexport default x;\n',
      "/relative.ts: cannot find `./gone.ts`, which this file imports",
    ],
    [
      "name.ts",
      'import { hinje } from "gantry";\n\nexport default hinje();\n',
      '/name.ts:3: "gantry" has no export `hinje`; did you mean `hinge`?',
    ],
    [
      "elsewhere.ts",
      'import { Conv2d } from "gantry";\n\nexport default new Conv2d(1, 1);\n',
      '/elsewhere.ts:3: "gantry" has no export `Conv2d`; `Conv2d` is in "gantry/nn"',
    ],
    [
      "renamed.ts",
      'import { describe } from "gantry";\nexport default describe("loss", "mine");\n',
      '/renamed.ts:2: "gantry" has no export `describe`; since version 0.2 it is `defineTechnique`, `defineLoss` and so on',
    ],
    [
      "taken.ts",
      `import { defineTechnique, z } from "gantry";\nexport default defineTechnique("topK", z.strictObject({}), () => ({ name: "topK" }));\n`,
      "/taken.ts:2: there is a technique `topK` already, which ships with Gantry; define yours under another kind",
    ],
    [
      "option.ts",
      `import { ${names} } from "gantry";\nconst a = 1;\nexport default defineRecipe({ ...${body("topK()")}, loss: hinge({ slope: a } as never) });\n`,
      ": unknown key `hinge.slope`",
    ],
    ["recipe.ts", plain.replace("steps: 5", "stepz: 5"), "/recipe.ts:2: unknown key `stepz`; did you mean `steps`?"],
  ])("is refused in one sentence: %s", async (name, text, message) => {
    const path = file(name, text);
    const failure: unknown = await loadRecipe(path).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as Error).message).toContain(message);
    expect((failure as Error).message).not.toContain("\n");
    // The trace of the user's own code is kept for --stack.
    if (name === "throws.ts") expect(((failure as Error).cause as Error).stack).toContain("throws.ts:4");
  });

  it("must exist and be a file", async () => {
    await expect(loadRecipe("./nowhere/mine.ts")).rejects.toThrow(
      "the recipe ./nowhere/mine.ts does not exist; looked for /",
    );
    await expect(loadRecipe(folder)).rejects.toThrow(`${folder} is not a file`);
    const notes = file("notes.txt", "x");
    await expect(loadRecipe(notes)).rejects.toThrow(`${notes} is no TypeScript or JavaScript file`);
    await expect(importModules(["/gone.ts"], "the run x")).rejects.toThrow(
      "/gone.ts does not exist; it defines parts of the run's recipe",
    );
  });
});
