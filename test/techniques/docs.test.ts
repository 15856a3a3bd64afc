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

it("docs/reference/hooks.md lists every member of a pass and of the GAN", () => {
  const code = readFileSync(join(import.meta.dirname, "../../src/techniques/technique.ts"), "utf8");
  const page = readFileSync(join(import.meta.dirname, "../../docs/reference/hooks.md"), "utf8");
  const membersOf = (name: string): string[] => {
    const body = code.split(new RegExp(`interface ${name} (?:extends Pass )?\\{`))[1]!.split("\n}")[0]!;
    return [...body.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, member]) => member!);
  };
  const tables = page.split("## What a pass gives")[1]!.split("## Check")[0]!.split("| --- | --- |").slice(1);
  const listed = tables.map((table) => {
    const cells = table.split("\n\n")[0]!.matchAll(/^\| (.*?) \| /gm);
    return [...cells].flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)/g)].map(([, member]) => member!));
  });
  const expected = ["Pass", "DiscriminatorPass", "GeneratorPass", "Gan"].map(membersOf);
  expect(listed.map((names) => [...names].sort())).toEqual(expected.map((names) => [...names].sort()));
  for (const member of membersOf("RealBatch")) expect(page).toContain(`\`${member}\``);
});
