/** `gantry import` and what can be done with its run, in this process. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { shell } from "../../src/cli/shell.ts";
import { readStateDict, writeSafetensors } from "../../src/formats/index.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../training/tiny.ts";

const file = (name: string): string => fileURLToPath(new URL(`../fixtures/imported/${name}.pth`, import.meta.url));

async function gantry(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ["", ""];
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += text;
    return true;
  });
  const err = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += text;
    return true;
  });
  try {
    return { code: await shell(args), stdout, stderr };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

it("makes a run that `gantry sample` draws from, and names the layout", async () => {
  const run = join(temporaryFolder(), "sagan");
  const imported = await gantry("import", file("sagan-32"), "--out", run);
  expect([imported.code, imported.stderr]).toEqual([0, ""]);
  expect(imported.stdout).toContain("sagan of torch_mimicry: 32 x 32, 3 classes, 0.01 million parameters");
  expect(imported.stdout).toContain("taken from `model_state_dict`\nthe discriminator has new weights\n");
  expect(imported.stdout).toContain(`sample ${run}`);
  const sampled = await gantry("sample", run, "--count", "4", "--class", "1", "--out", join(run, "four.png"));
  expect([sampled.code, sampled.stderr]).toEqual([0, ""]);
  expect(existsSync(join(run, "four.png"))).toBe(true);
  const json = await gantry("import", file("sngan-48"), "--out", `${run}-48`, "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({ layout: "torch_mimicry", kind: "resnet", image: { size: 48 } });
  // A folder that holds something: there is nothing to continue.
  const said = `gantry: --out ${run} exists and is not empty, and nothing is overwritten; give another --out\n`;
  expect(await gantry("import", file("sagan-32"), "--out", run)).toMatchObject({ code: 1, stderr: said });
  expect(await gantry("average", run, "--std", "0.1", "--out", run)).toMatchObject({ code: 1, stderr: said });
});

it("finds the averaged generator of a whole training state, takes the discriminator along, and says what it did", async () => {
  const run = join(temporaryFolder(), "state");
  const { code, stdout } = await gantry("import", file("training-state"), "--out", run);
  expect(code).toBe(0);
  expect(stdout).toContain(
    "taken from `G_ema._orig_mod`\n" +
      "other generators there, which --entry chooses: `models.G.module`\n" +
      "passed over: decay (the number 0.999)\n" +
      "the discriminator is the file's, too\n",
  );
  const other = await gantry(
    "import",
    file("training-state"),
    "--entry",
    "models.G",
    "--out",
    `${run}-other`,
    "--json",
  );
  expect(JSON.parse(other.stdout)).toMatchObject({ classes: 0, discriminator: true, place: "models.G.module" });
  const recipe = JSON.parse(readFileSync(join(`${run}-other`, "recipe.json"), "utf8"));
  expect(JSON.stringify(recipe)).toContain('"width":2');
});

it("answers a file that is none, a folder that is taken and a misspelt flag with one line", async () => {
  const run = join(temporaryFolder(), "run");
  expect(await gantry("import", file("netD"), "--out", run)).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("netD.pth: this is a discriminator of torch_mimicry"),
  });
  expect(existsSync(run)).toBe(false);
  expect((await gantry("import", "/nowhere.pth", "--out", run)).stderr).toContain("cannot read /nowhere.pth");
  expect((await gantry("import", file("sngan-32"), "--oot", run)).stderr).toContain("did you mean --out?");
});

it.each<[string, (weights: Map<string, Tensor>) => void, string]>([
  [
    "lacks a tensor",
    (weights) => weights.delete("block3.c1.bias"),
    "but is not whole; under the names of Gantry's networks, it lacks trunk.stages.1.conv1.bias",
  ],
  [
    "holds NaN",
    (weights) => weights.set("block3.c1.bias", weights.get("block3.c1.bias")!.mul(Number.NaN)),
    "its tensor `block3.c1.bias` holds NaN or infinite numbers: with these weights no image can be drawn",
  ],
])("says of a file that %s what is wrong, and makes no run", async (_, spoil, message) => {
  const folder = temporaryFolder();
  const weights = new Map(readStateDict(file("sngan-32"), { entry: "model_state_dict" }));
  spoil(weights);
  const spoilt = join(folder, "spoilt.safetensors");
  writeSafetensors(spoilt, weights, {});
  const { code, stderr } = await gantry("import", spoilt, "--out", join(folder, "run"));
  expect(code).toBe(1);
  expect(stderr).toContain(`gantry: ${spoilt}: `);
  expect(stderr).toContain(message);
  expect(existsSync(join(folder, "run"))).toBe(false);
});
