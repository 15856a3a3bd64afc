/** The example of docs/reference/techniques.md, as a reader would use it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadRecipe } from "../../src/recipe/load.ts";
import { applyOverrides } from "../../src/recipe/overrides.ts";
import { DECLARED, HOOKS, type Hook } from "../../src/techniques/index.ts";
import { openRun, RunDirectory, startRun } from "../../src/training/index.ts";
import { temporaryFolder } from "../training/tiny.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/reference/techniques.md"), "utf8");

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
  const page = [
    "# The hooks of a technique",
    "",
    "`npm test -- test/techniques/docs.test.ts -u` writes this page from `src/techniques/technique.ts`.",
    "[techniques.md](techniques.md) has what holds for all of them, and an example.",
    "",
    "A technique declares:",
    "",
    "| member | says |",
    "| --- | --- |",
    ...declared,
    "",
    "Its hooks, in the order in which a run calls them. D's update comes `discriminatorSteps` times before G's.",
    "",
    "| hook | when | what it does |",
    "| --- | --- | --- |",
    ...hooks,
    "",
  ];
  await expect(page.join("\n")).toMatchFileSnapshot("../../docs/reference/hooks.md");
});
