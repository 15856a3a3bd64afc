/** Names of classes on the command line stay as they were typed: `01` is not `1`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { imageFolder } from "../../src/data/index.ts";
import { applyOverrides, defineRecipe, type RecipeInput } from "../../src/recipe/index.ts";
import { imageFile } from "../data/files.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { tinyRecipe } from "../training/tiny.ts";
import { inProcess } from "./in-process.ts";

const folder = temporaryFolder();
const path = join(folder, "photos");
const names = ["1", "01", "001", "1.0", "1e0", "1_0", "10", "true", "null"];

beforeAll(async () => {
  process.env.GANTRY_CACHE = join(folder, "cache");
  for (const [i, name] of names.entries()) {
    mkdirSync(join(path, name), { recursive: true });
    writeFileSync(join(path, name, "a.png"), await imageFile("png", 8, 8, { r: 20 * i, g: 20 * i, b: 20 * i }));
  }
});

describe.each(names)("the class %s", (name) => {
  it.each([
    ["--set", `classes=[${name}]`],
    ["--set", `classes=["${name}"]`],
    ["--classes", name],
  ])("is taken by `gantry data` %s %s", async (...flags) => {
    const { stdout } = await inProcess("data", path, "--json", ...flags);
    expect(JSON.parse(stdout).classes).toEqual([{ name, count: 1 }]);
  });

  it.each(["classes", "data.classes"])("is taken by a recipe's %s", (key) => {
    const data = imageFolder({ path, size: 16, channels: 1 }) as RecipeInput["data"];
    const recipe = defineRecipe(tinyRecipe({ data }));
    expect(applyOverrides(recipe, [`${key}=[${name},cat]`]).data.options.classes).toEqual([name, "cat"]);
  });
});

it("values of other options are numbers, and what does not fit is refused", async () => {
  const { stdout } = await inProcess(
    "data",
    path,
    "--json",
    "--set",
    "first=2",
    "--set",
    "size=8",
    "--set",
    "labels=false",
  );
  expect(JSON.parse(stdout)).toMatchObject({ count: 2, size: 8, classes: [] });
  expect((await inProcess("data", path, "--set", "first=two")).stderr).toContain(
    "`first` (=two) must be a whole number",
  );
  expect((await inProcess("data", path, "--set", "clases=[1]")).stderr).toContain("did you mean `classes`?");
});
