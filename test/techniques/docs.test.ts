/** The example of docs/techniques.md, as a reader would use it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadRecipe } from "../../src/recipe/load.ts";
import { applyOverrides } from "../../src/recipe/overrides.ts";
import type { Technique } from "../../src/techniques/index.ts";
import { openRun, RunDirectory, startRun } from "../../src/training/index.ts";
import { temporaryFolder } from "../training/tiny.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/techniques.md"), "utf8");

it("the technique of the docs has 30 lines at most, trains, is logged, and can be overridden and resumed", async () => {
  const source = /```ts\n(.*?)```/s.exec(page.split("## Add a technique in 30 lines")[1]!)![1]!;
  const technique = source.split("export default")[0]!;
  expect(technique.trim().split("\n").length).toBeLessThanOrEqual(30);

  const folder = temporaryFolder();
  const file = join(folder, "noisy.ts");
  writeFileSync(file, source);
  const loaded = await loadRecipe(file);
  const recipe = applyOverrides(loaded.recipe, [
    "techniques.instanceNoise.sigma=0.5",
    "techniques.instanceNoise.steps=4",
    "data.size=16",
    "data.first=32",
    "generator.width=2",
    "discriminator.width=2",
    "batchSize=8",
    "steps=3",
    "log.every=1",
  ]);
  const directory = join(folder, "run");
  await startRun(recipe, { directory, source: loaded.source, modules: loaded.modules }).train();
  await (await openRun(directory, ["steps=5"])).train();
  const noise = new RunDirectory(directory).ticks().map((tick) => tick.noise);
  expect(noise).toEqual([0.5, 0.375, 0.25, 0.125, 0]);
});

it("the table has every hook, in the order of the interface", () => {
  const table = page.split("## The hooks")[1]!.split("## ")[0]!;
  const inTable = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`(\w+)\(/g)].map((m) => m[1]),
  );
  const code = readFileSync(join(import.meta.dirname, "../../src/techniques/technique.ts"), "utf8");
  const inCode = [...code.split("export interface Technique {")[1]!.matchAll(/^ {2}(\w+)\?[<(]/gm)].map((m) => m[1]);
  const known: (keyof Technique)[] = ["networks", "load"];
  expect(inCode).toEqual(expect.arrayContaining(known));
  expect(inTable).toEqual(inCode);
});
