/** The pages on recipes and commands name every key and every flag that exists. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { keysOf, schemaAt } from "../../src/base/validation-message.ts";
import { evaluate } from "../../src/cli/evaluate.ts";
import { kebab } from "../../src/cli/flags.ts";
import { resume } from "../../src/cli/resume.ts";
import { sample } from "../../src/cli/sample.ts";
import { train } from "../../src/cli/train.ts";
import { recipeSchema } from "../../src/recipe/schema.ts";

const page = (name: string) => readFileSync(join(import.meta.dirname, "../../docs/reference", name), "utf8");

describe("docs", () => {
  it("recipe.md has every key in its table", () => {
    const table = page("recipe.md").split("## Keys")[1]!.split("## ")[0]!;
    for (const key of keysOf(recipeSchema)) {
      const row = table.split("\n").find((line) => line.split("|")[1]?.includes(`\`${key}\``));
      expect(row, key).toBeDefined();
      for (const inner of keysOf(schemaAt(recipeSchema, [key]))) expect(row, `${key}.${inner}`).toContain(inner);
    }
  });

  it.each([
    ["train", train],
    ["resume", resume],
    ["sample", sample],
    ["evaluate", evaluate],
  ])("cli.md has every flag of %s", (name, command) => {
    const section = page("cli.md").split(`## ${name}\n`)[1]!.split("\n## ")[0]!;
    const flags = Object.entries(command.args as Record<string, { type: string }>);
    for (const [flag, { type }] of flags) if (type !== "positional") expect(section).toContain(`\`--${kebab(flag)}`);
  });
});
