/** examples/own-technique.ts and docs/reference/hooks.md, as a reader would use them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadRecipe } from "../../src/recipe/load.ts";
import { applyOverrides } from "../../src/recipe/overrides.ts";
import { DECLARED, HOOKS, type Hook } from "../../src/techniques/index.ts";
import { openRun, RunDirectory, startRun } from "../../src/training/index.ts";
import { temporaryFolder } from "../training/tiny.ts";

it("a technique of a user's own trains, is logged, and can be overridden and resumed", async () => {
  const loaded = await loadRecipe(join(import.meta.dirname, "../../examples/own-technique.ts"));
  const recipe = applyOverrides(loaded.recipe, [
    "techniques.instanceNoise.sigma=0.5",
    "techniques.instanceNoise.until=4",
    "data.size=16",
    "data.first=32",
    "generator.width=2",
    "discriminator.width=2",
    "batchSize=8",
    "steps=3",
    "log.every=1",
  ]);
  const directory = join(temporaryFolder(), "run");
  await startRun(recipe, { directory, source: loaded.source, modules: loaded.modules }).train();
  await (await openRun(directory, ["steps=5"])).train();
  const noise = new RunDirectory(directory).ticks().map((tick) => tick.noise);
  expect(noise).toEqual([0.5, 0.375, 0.25, 0.125, 0]);
});

it("docs/reference/hooks.md lists what a technique declares and its hooks, as the code does", async () => {
  const code = readFileSync(join(import.meta.dirname, "../../src/techniques/technique.ts"), "utf8");
  const members = code.split("export interface Technique {")[1]!.split("\n}")[0]!;
  const hooks = [...members.matchAll(/^ {2}(\w+)\?(?:<T>)?\((.*)\): /gm)].map(([, name, parameters]) => {
    const { when, does, exclusive } = HOOKS[name as Hook];
    const taken = [...parameters!.matchAll(/(\w+)\??: /g)].map(([, parameter]) => parameter).join(", ");
    return `| \`${name}(${taken})\` | ${when} | ${does}${exclusive === undefined ? "" : "; one technique of a recipe"} |`;
  });
  const declared = [...members.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => {
    return `| \`${name}\` | ${DECLARED[name as keyof typeof DECLARED]} |`;
  });
  expect(hooks.length).toBe(Object.keys(HOOKS).length);
  expect(declared.length).toBe(Object.keys(DECLARED).length);
  const tables: Readonly<Record<string, readonly string[]>> = {
    declared: ["| member | says |", "| --- | --- |", ...declared],
    hooks: ["| hook | when | what it does |", "| --- | --- | --- |", ...hooks],
  };
  const path = join(import.meta.dirname, "../../docs/reference/hooks.md");
  const made = readFileSync(path, "utf8").replace(
    /<!-- made: (\w+) -->\n.*?<!-- end -->/gs,
    (_, name: string) => `<!-- made: ${name} -->\n\n${tables[name]!.join("\n")}\n\n<!-- end -->`,
  );
  await expect(made).toMatchFileSnapshot(path);
});
