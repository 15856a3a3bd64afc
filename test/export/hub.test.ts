/** Hub folders: what is in them, and that importing one gives the same images and runs no code. */
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cifar10, mixtureOfGaussians, mnist } from "../../src/data/index.ts";
import { exportHub, importHub } from "../../src/export/hub/index.ts";
import { readSafetensors } from "../../src/formats/index.ts";
import { hinge } from "../../src/losses/index.ts";
import { dcgan, mlp } from "../../src/models/index.ts";
import { adam } from "../../src/optim/index.ts";
import type { RecipeInput } from "../../src/recipe/index.ts";
import { standingStatistics, topK, virtualBatchNorm, weightAveraging } from "../../src/techniques/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { RunDirectory, sampleRun } from "../../src/training/index.ts";
import { start } from "../cli/spawn.ts";
import { type UntrainedOptions, untrainedRun } from "./untrained-run.ts";

const root = mkdtempSync(join(tmpdir(), "gantry-hub-"));
afterAll(() => rmSync(root, { recursive: true }));
const runOf = (name: string): string => join(root, "runs", name);
const hubOf = (name: string): string => join(root, "hub", name);

const common = {
  loss: hinge(),
  optimizers: { generator: adam({ lr: 1e-3 }), discriminator: adam({ lr: 1e-3 }) },
  steps: 1,
  batchSize: 8,
} as const;

/** A name that would be markup, YAML and a heading. */
const HOSTILE = `a: "b" <img src=x> | # [c](d)\n---\n- e`;

const gray = { channels: 1, size: 16 } as const;

const runs: Readonly<Record<string, UntrainedOptions>> = {
  averaged: {
    recipe: {
      ...common,
      name: "averaged",
      data: mnist({ size: 16 }) as RecipeInput["data"],
      generator: dcgan.generator({ latent: 20, width: 4, conditional: true }),
      discriminator: dcgan.discriminator({ width: 2, conditional: true }),
      techniques: [topK({ gamma: 0.9 }), weightAveraging({ decay: 0.9 }), standingStatistics({ batches: 3 })],
    },
    shape: { sample: gray, classes: ["0", HOSTILE] },
    // The averages become other weights than those of the last step.
    change: (gan) => {
      for (const weight of gan.generator.parameters()) weight.detach().mul_(0.9);
      for (const technique of gan.techniques) technique.afterStep?.("generator", gan);
    },
  },
  reference: {
    recipe: {
      ...common,
      name: "reference",
      data: cifar10({ size: 16 }) as RecipeInput["data"],
      generator: dcgan.generator({ latent: 8, width: 4 }),
      discriminator: dcgan.discriminator({ width: 2 }),
      techniques: [virtualBatchNorm({ size: 4 })],
      latentDistribution: "uniform",
    },
    shape: { sample: { channels: 3, size: 16 }, classes: [] },
  },
  faces: {
    recipe: {
      ...common,
      name: "faces",
      data: cifar10({ size: 16 }) as RecipeInput["data"],
      generator: dcgan.generator({ latent: 20, width: 4, conditional: true }),
      discriminator: dcgan.discriminator({ width: 2, conditional: true }),
    },
    shape: {
      sample: { channels: 3, size: 16 },
      classes: [],
      conditions: {
        columns: [{ name: "smiling", kind: "flag", mean: 0.5, deviation: 0.5, least: 0, most: 1 }],
        rows: Tensor.fromArray(Float32Array.of(0, 1, 0.5), [3, 1]),
      },
    },
  },
  mixture: {
    recipe: {
      ...common,
      name: "mixture",
      data: mixtureOfGaussians({ modes: 4 }) as unknown as RecipeInput["data"],
      generator: mlp.generator({ latent: 2, hidden: [16] }),
      discriminator: mlp.discriminator({ hidden: [8] }),
    },
    shape: { sample: { features: 2 }, classes: [] },
  },
};

/** Samples of a run as numbers: with its own weights and with averaged ones. */
async function samplesOf(run: string): Promise<number[]> {
  const samples = await sampleRun(run, { count: 70, seed: 3 });
  const values = Array.from(samples.toArray(), Number);
  samples.dispose();
  return values;
}

beforeAll(async () => {
  for (const [name, options] of Object.entries(runs)) {
    untrainedRun(runOf(name), options);
    await exportHub(runOf(name), hubOf(name), { license: "mit" });
  }
});

describe("a hub folder", () => {
  it.each(Object.keys(runs))("imported gives the same samples, bit by bit: %s", async (name) => {
    const { directory, step } = await importHub(hubOf(name), `${runOf(name)}-imported`);
    expect(step).toBe(0);
    const own = await samplesOf(runOf(name));
    expect(new Set(own).size).toBeGreaterThan(50);
    expect(await samplesOf(directory)).toEqual(own);
  });

  it("holds the averaged weights under PyTorch's names, or those of the last step where that is asked for", async () => {
    const averaged = readSafetensors(join(hubOf("averaged"), "model.safetensors")).tensors;
    const run = new RunDirectory(runOf("averaged"));
    const last = readSafetensors(join(run.checkpoints, "step-000000/generator.safetensors")).tensors;
    expect([...averaged.keys()].sort()).toEqual([...last.keys()].sort());
    const [name] = [...last.keys()].filter((key) => key.endsWith("weight"));
    const values = (tensors: ReadonlyMap<string, Tensor>): number[] =>
      Array.from(tensors.get(name!)!.toArray(), Number);
    expect(values(averaged)).not.toEqual(values(last));
    await exportHub(run.path, hubOf("last"), { averaged: false });
    expect(values(readSafetensors(join(hubOf("last"), "model.safetensors")).tensors)).toEqual(values(last));
  });

  it("has a card whose YAML says what the hub wants, with hostile names as text", async () => {
    const card = readFileSync(join(hubOf("averaged"), "README.md"), "utf8");
    const [, front = "", body = ""] = card.split(/^---$/m);
    expect(front).toContain('library_name: gantry\npipeline_tag: unconditional-image-generation\nlicense: "mit"\n');
    expect(front).toContain("datasets:\n- ylecun/mnist\n");
    expect(body).toContain('the classes 0, a: "b" &#60;img src=x&#62; &#124; &#35; &#91;c&#93;&#40;d&#41; --- - e)');
    expect(body).not.toContain("<img");
    const vectors = readFileSync(join(hubOf("mixture"), "README.md"), "utf8");
    expect(vectors).toContain("the normal distribution; `samples` are the vectors.");
    expect(body).toContain("`y`, int64 [N], has the numbers of classes; the images are in [-1, 1].");
  });

  it("does not replace a README.md of something else", async () => {
    const folder = hubOf("foreign");
    mkdirSync(folder);
    writeFileSync(join(folder, "README.md"), "mine");
    await expect(exportHub(runOf("mixture"), folder)).rejects.toThrow("README.md is of no earlier export");
    expect(readdirSync(folder)).toEqual(["README.md"]);
    expect(await sharp(join(hubOf("averaged"), "samples.png")).metadata()).toMatchObject({ width: 8 * 18 + 2 });
    expect(readdirSync(hubOf("mixture")).sort()).toEqual([
      ...["README.md", "config.json", "model.onnx", "model.safetensors", "samples.png"],
    ]);
  });

  it("that is damaged, changed or no hub folder is refused in one sentence, and no run is made", async () => {
    const damaged = hubOf("damaged");
    cpSync(hubOf("reference"), damaged, { recursive: true });
    const out = join(root, "refused");
    appendFileSync(join(damaged, "model.safetensors"), "x");
    await expect(importHub(damaged, out)).rejects.toThrow(
      /model\.safetensors is damaged: its CRC-32 is \w+, config\.json says/,
    );
    copyFileSync(join(hubOf("mixture"), "config.json"), join(damaged, "config.json"));
    await expect(importHub(damaged, out)).rejects.toThrow("is damaged");
    writeFileSync(
      join(damaged, "config.json"),
      JSON.stringify({ format: 1, library: "gantry", modules: ["../../x.ts"] }),
    );
    await expect(importHub(damaged, out)).rejects.toThrow(/config\.json: `/);
    rmSync(join(damaged, "config.json"));
    await expect(importHub(damaged, out)).rejects.toThrow(`${damaged} is no hub folder: it has no config.json`);
    expect(existsSync(out)).toBe(false);
  });
});

describe("a generator of the user's own", () => {
  const file = join(root, "own-generator.ts");
  const marker = join(root, "was-run");
  /** Whoever runs the file leaves a mark. */
  const source = `import { appendFileSync } from "node:fs";
import { adam, defineGenerator, defineRecipe, dcgan, hinge, mnist, z } from "gantry";
import { Linear, GeneratorNetwork } from "gantry/nn";
appendFileSync(${JSON.stringify(marker)}, "x");
class Flat extends GeneratorNetwork {
  latent = 4;
  get takesLabels() { return "none"; }
  constructor(context) { super(); this.layer = this.registerModule("layer", new Linear(context, 4, 256)); }
  forward(z) { return this.layer.forward(z).tanh().view([-1, 1, 16, 16]); }
}
const flat = defineGenerator("flat", z.strictObject({}), (_, context) => new Flat(context));
export default defineRecipe({
  data: mnist({ size: 16, first: 64 }),
  generator: flat(),
  discriminator: dcgan.discriminator({ width: 2 }),
  loss: hinge(),
  optimizers: { generator: adam({ lr: 1e-3 }), discriminator: adam({ lr: 1e-3 }) },
  batchSize: 8,
  steps: 1,
  threads: 1,
});
`;
  const [run, hub] = [runOf("own"), hubOf("own")];
  /** Another machine, which has not seen the file. */
  const elsewhere = { env: { XDG_STATE_HOME: join(root, "another-machine") } };

  beforeAll(async () => {
    writeFileSync(file, source);
    // Brings dist/ up to date in a clone, which says so.
    await start(["--version"]);
    expect((await start(["train", file, "--out", run, "--quiet"])).stderr).toBe("");
    expect((await start(["export", run, "--to", "hub", "--out", hub])).stderr).toBe("");
  });

  it("goes along as a file, which nobody runs without --trust", async () => {
    const copy = join(hub, "own-generator.ts");
    expect(readFileSync(copy, "utf8")).toBe(source);
    rmSync(marker);
    const out = join(root, "own-imported");
    const refused = await start(["import", hub, "--out", out], elsewhere);
    expect(refused.stderr).toContain(
      `the hub folder ${hub} wants to run code: ${copy}, which has not been used on this machine`,
    );
    expect([refused.code, existsSync(marker), existsSync(out)]).toEqual([1, false, false]);
    const trusted = await start(["import", hub, "--out", out, "--trust"], elsewhere);
    expect(trusted.stdout).toContain("flat of Gantry ");
    expect([trusted.code, existsSync(marker)]).toEqual([0, true]);
    const draw = (from: string, to: string) =>
      start(["sample", from, "--count", "4", "--out", join(root, to)], elsewhere);
    expect((await draw(out, "imported.png")).code).toBe(0);
    expect((await start(["sample", run, "--count", "4", "--out", join(root, "own.png")])).code).toBe(0);
    expect(readFileSync(join(root, "imported.png"))).toEqual(readFileSync(join(root, "own.png")));
  });

  it("that imports other files cannot go along", async () => {
    writeFileSync(join(root, "part.ts"), "export const x = 1;\n");
    appendFileSync(file, 'import "./part.ts";\n');
    await expect(start(["export", run, "--to", "hub", "--out", join(root, "none"), "--trust"])).resolves.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("a hub folder takes single files"),
    });
    expect(existsSync(join(root, "none"))).toBe(false);
  });
});
