/**
 * The recipes of Iyengar, Pandey and Mehta's figures, trained for two steps on small files in the published form of their
 * data; narrow, because that is the recipes' only part that does not matter here.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { applyOverrides } from "../../src/recipe/index.ts";
import { loadRecipe } from "../../src/recipe/load.ts";
import { startRun } from "../../src/training/index.ts";
import { start } from "../cli/spawn.ts";
import { published } from "../data/files.ts";
import { temporaryFolder } from "../formats/folder.ts";

const short = ["steps=2", "batchSize=2", "evaluate=null", "samples.count=4"];
const narrow = ["generator.width=2", "discriminator.width=2"];
const biggan = ["generator.width=8", "discriminator.width=8"];
const path = (name: string) => `data.path=${join(published, name)}`;
const synsets = "data.synsets=[n01440764,n02085620]";

describe("the recipes of the figures", () => {
  it.each([
    ["seed-dcgan-64", [path("celeba"), "data.split=all", ...narrow]],
    ["seed-sn-dcgan-64", ["data=imagenet", path("imagenet"), "data.fit=stretch", synsets, ...narrow]],
    ["seed-dcgan-128", [path("celeba-hq"), ...narrow]],
    ["seed-sn-dcgan-128", [path("celeba-hq"), ...narrow]],
    ["biggan-128-seed", [path("imagenet"), synsets, ...biggan]],
    ["biggan-128-seed-lsun", [path("lsun"), ...biggan]],
  ])("%s trains", async (name, set) => {
    const { recipe } = await loadRecipe(name);
    const directory = join(temporaryFolder(), "run");
    await startRun(applyOverrides(recipe, [...set, ...short]), { directory }).train();
    expect(existsSync(join(directory, "samples", "000002.png"))).toBe(true);
  });

  it("are commands, with the synsets in a file", async () => {
    const folder = temporaryFolder();
    const list = join(folder, "two.txt");
    writeFileSync(list, "n01440764 tench\nn02085620 Chihuahua\n");
    const set = [path("imagenet"), `data.synsets=${list}`, ...narrow, ...short].flatMap((text) => ["--set", text]);
    const out = join(folder, "run");
    const run = ["train", "seed-sn-dcgan-64", "--set", "data=imagenet", ...set, "--out", out, "--threads", "1"];
    const { code, stderr } = await start(run);
    expect(stderr).not.toContain("gantry:");
    expect(code).toBe(0);
    expect(existsSync(join(out, "report.md"))).toBe(true);
  });
});
