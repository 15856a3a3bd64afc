/** A run, a sweep or a folder of photos from somebody else runs no code until the person says --trust. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importModule, importModules, requireTrust, trustFile } from "../../src/recipe/index.ts";
import { openRun } from "../../src/training/index.ts";
import { start } from "./spawn.ts";
import { tiny } from "./tiny-run.ts";

const root = mkdtempSync(join(tmpdir(), "gantry-trust-"));
afterAll(() => rmSync(root, { recursive: true }));
const marker = join(root, "was-run");
const file = join(root, "recipe.ts");
const parts = join(root, "parts.ts");
const run = join(root, "run");

/** Whoever runs the recipe's file leaves a mark. */
const source = `import { appendFileSync } from "node:fs";
import { defineRecipe, shippedRecipes } from "gantry";
import { loss } from "./parts.js";
appendFileSync(${JSON.stringify(marker)}, "x");
const { default: mnist } = await shippedRecipes.mnist();
export default defineRecipe({ ...mnist, loss: loss() });
`;

const ownLoss = `import { defineLoss, z } from "gantry";
export const loss = defineLoss("difference", z.strictObject({}), () => ({
  name: "difference",
  usualTargets: undefined,
  discriminator: (real, fake) => ({ real: real.neg(), fake }),
  generator: (fake) => fake.neg(),
  realness: (score) => score,
  probability: (score) => score.sigmoid(),
}));
`;

beforeAll(async () => {
  writeFileSync(file, source);
  writeFileSync(parts, ownLoss);
  const trained = await start(["train", file, "--out", run, "--steps", "1", ...tiny, "--quiet"]);
  expect(trained.stderr).toBe("");
});

/** The same run on a machine that has not seen its files. */
const elsewhere = { env: { XDG_STATE_HOME: join(root, "another-machine") } };

async function expectRefusal(args: string[], holder: string): Promise<void> {
  rmSync(marker, { force: true });
  const { code, stderr } = await start(args, elsewhere);
  expect(stderr).toContain(
    `${holder} wants to run code: ${file}, which has not been used on this machine; read this file`,
  );
  expect(stderr).toContain("--trust");
  expect(code).toBe(1);
  expect(existsSync(marker)).toBe(false);
}

describe("a stored folder whose files this machine has not used", () => {
  it.each([
    ["resume", [run, "--steps", "2"]],
    ["sample", [run, "--out", join(root, "a.png")]],
    ["evaluate", [run]],
  ])("is refused by gantry %s, and nothing is run", (command, args) =>
    expectRefusal([command, ...(args as string[])], `the run ${run}`),
  );

  it("is refused where photos hold a run's files", async () => {
    const photos = join(root, "photos");
    mkdirSync(join(photos, "checkpoints", "step-000001"), { recursive: true });
    cpSync(join(run, "recipe.json"), join(photos, "recipe.json"));
    await expectRefusal(["evaluate", photos], `the run ${photos}`);
  });

  it("is refused as a sweep, also with --dry-run", async () => {
    const sweep = join(root, "sweep");
    const begun = await start(["sweep", file, "--over", "batchSize=8,16", "--seeds", "1", "--out", sweep, "--dry-run"]);
    expect(begun.code).toBe(0);
    // --dry-run writes nothing: this is what a sweep's folder holds.
    const stored = {
      format: 1,
      gantry: "0.2.0",
      source: file,
      set: [],
      axes: [],
      seeds: 1,
      recipe: {},
      workingFolder: root,
    };
    mkdirSync(sweep, { recursive: true });
    writeFileSync(join(sweep, "sweep.json"), JSON.stringify(stored));
    await expectRefusal(["sweep", sweep, "--dry-run"], `the sweep ${sweep}`);
  });

  it("runs with --trust, which names the file and is remembered", async () => {
    const first = await start(["resume", run, "--steps", "2", "--quiet", "--trust"], elsewhere);
    expect(first).toMatchObject({
      code: 0,
      stderr: `gantry: running ${file}, which the run ${run} names, as --trust says\n`,
    });
    expect(await start(["resume", run, "--steps", "3", "--quiet"], elsewhere)).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("a file that changes", () => {
  it("is refused by name, as is one that it imports, until it is used again", async () => {
    trustFile(file);
    await openRun(run);
    writeFileSync(parts, `${ownLoss}\n`);
    await expect(openRun(run)).rejects.toThrow(
      `the run ${run} wants to run code: ${file}, in which ${parts} has changed since it was used on this machine; read this file, then repeat the command with --trust to run it`,
    );
    writeFileSync(parts, ownLoss);
    writeFileSync(file, `${source}\n`);
    await expect(openRun(run)).rejects.toThrow(`${file}, in which the file itself has changed`);
    trustFile(file);
    await openRun(run);
    expect(readFileSync(file, "utf8")).toBe(`${source}\n`);
  });

  it.each<[string, string, Record<string, string>]>([
    ["the file that package.json names", 'import "./lib";', { "lib/package.json": '{"main":"x.js"}', "lib/x.js": "" }],
    ["a folder's index with another ending", 'import "./lib";', { "lib/index.mts": "" }],
    ["an index.cjs", 'import "./lib";', { "lib/index.cjs": "" }],
    ["a .tsx", 'import "./part";', { "part.tsx": "" }],
    ["a .tsx that is called .jsx", 'import "./part.jsx";', { "part.tsx": "" }],
    ["a path behind a comment", 'import /* the */ "./part.ts";', { "part.ts": "" }],
    ["a path in backquotes", "await import(`./part.ts`);", { "part.ts": "" }],
    ["the folder itself", 'import ".";', { "index.ts": "" }],
    ["the folder itself, with a slash", 'import "./";', { "index.ts": "" }],
    ["the folder above", 'import "..";', { "../index.ts": "" }],
    ["an absolute path", 'import "HERE/part.ts";', { "part.ts": "" }],
    ["an address", 'import "file://HERE/part.ts";', { "part.ts": "" }],
    ["a path with a query", 'import "./part.ts?x";', { "part.ts": "" }],
    ["an encoded path", 'import "./p%61rt.ts";', { "part.ts": "" }],
    ["an escaped path", 'import "./p\\u0061rt.ts";', { "part.ts": "" }],
    [
      "a name of package.json's imports",
      'import "#parts";',
      { "package.json": '{"imports":{"#parts":{"default":"./lib/x.ts"}}}', "lib/x.ts": "" },
    ],
    [
      "a name with a star",
      'import "#parts/x";',
      { "package.json": '{"imports":{"#parts/*":"./lib/*.ts"}}', "lib/x.ts": "" },
    ],
    [
      "a name of the package itself",
      'import "mine/x";',
      { "package.json": '{"name":"mine","exports":{"./x":"./lib/x.ts"}}', "lib/x.ts": "" },
    ],
    ["what package.json says", 'import "#parts";', { "package.json": '{"imports":{"#parts":"./lib/x.ts"}}' }],
  ])("is refused where it is imported as %s", async (_, code, files) => {
    const folder = mkdtempSync(join(root, "layout-"));
    mkdirSync(join(folder, "inner", "lib"), { recursive: true });
    const main = join(folder, "inner", "main.ts");
    writeFileSync(main, `${code.replace("HERE", join(folder, "inner"))}\nexport {};\n`);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, "inner", name), content);
    trustFile(main);
    expect(() => requireTrust([main], "the run r")).not.toThrow();
    const changed = join(folder, "inner", Object.keys(files).at(-1)!);
    writeFileSync(changed, `(await import("node:fs")).writeFileSync(${JSON.stringify(marker)}, "");`);
    expect(() => requireTrust([main], "the run r")).toThrow(`${changed} has changed since it was used`);
  });

  it("that changes between being compared and being loaded is not run", async () => {
    const main = join(mkdtempSync(join(root, "moment-")), "main.ts");
    writeFileSync(main, "export default 1;\n");
    trustFile(main);
    const compared = requireTrust([main], "the run r");
    writeFileSync(main, `(await import("node:fs")).writeFileSync(${JSON.stringify(marker)}, "");`);
    rmSync(marker, { force: true });
    await expect(importModule(main, compared)).rejects.toThrow(`${main} changed while it was being loaded`);
    expect(existsSync(marker)).toBe(false);
  });

  it("that is a pipe or a device is no file, and nothing waits for its end", async () => {
    const pipe = join(root, "pipe.ts");
    execFileSync("mkfifo", [pipe]);
    for (const path of [pipe, "/dev/zero"]) {
      await expect(importModules([path], "the run r")).rejects.toThrow(`${path} is not a file`);
    }
  });

  it("that must be named exists", () => {
    expect(() => trustFile(join(root, "nowhere.ts"))).toThrow("cannot be read");
  });
});
