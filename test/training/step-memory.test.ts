/** Images above 256 pixels: DCGAN at 512 takes a step, and a batch that does not fit into memory is refused before the first. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { dataFromArrays } from "../../src/data/index.ts";
import { dcgan } from "../../src/models/index.ts";
import type { Recipe, RecipeInput } from "../../src/recipe/index.ts";
import { startRun } from "../../src/training/index.ts";
import { BuiltGan } from "../../src/training/step/gan.ts";
import { requireMemory } from "../../src/training/trainer/step-memory.ts";
import { start } from "../cli/spawn.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { tinyRecipe } from "./tiny.ts";

const folder = temporaryFolder();
const images = new Uint8Array(4 * 512 * 512).map((_, i) => (i * 31) % 256);

function recipeOf(batchSize: number, parts: Partial<RecipeInput> = {}): Recipe {
  return tinyRecipe({
    data: dataFromArrays({ images, shape: [4, 1, 512, 512] }) as RecipeInput["data"],
    generator: dcgan.generator({ latent: 4, width: 2 }),
    discriminator: dcgan.discriminator({ width: 2, dropout: 0.5, spectralNorm: true }),
    batchSize,
    steps: 1,
    samples: { count: 1, every: 1 },
    ...parts,
  });
}

describe("512 pixels", () => {
  it("take a step", async () => {
    const { step, finished } = await startRun(recipeOf(2), { directory: join(folder, "small") }).train();
    expect([step, finished]).toEqual([1, true]);
  });

  // In a process of its own: it is measured by what the process grows by.
  it("are refused before the first step where the batch does not fit, with what would", async () => {
    const settings = ["data.size=512", "data.first=8", "batchSize=65536", "steps=1", "evaluate=null", "techniques=[]"];
    const out = join(folder, "large");
    const { code, stderr } = await start([
      "train",
      "mnist",
      "--out",
      out,
      ...settings.flatMap((one) => ["--set", one]),
    ]);
    expect([code, stderr.trim().split("\n").at(-1)]).toEqual([
      1,
      expect.stringMatching(
        /^gantry: a step with batches of 65536 of 512 x 512 would take about \d+ GiB of memory, and [\d.]+ GiB are free; take batchSize=\d+ or less, or accumulate=\d+, which computes the batch in parts$/,
      ),
    ]);
    expect(existsSync(join(out, "metrics.jsonl"))).toBe(false);
  });

  it("are measured without a trace: weights, statistics and random streams stay", () => {
    const gan = new BuiltGan(recipeOf(2), { sample: { channels: 1, size: 512 }, classes: [] });
    onTestFinished(() => gan.dispose());
    const state = (): string =>
      JSON.stringify(
        [gan.generator, gan.discriminator].map((network) =>
          [...network.stateDict()].map(([name, tensor]) => [name, Array.from(tensor.double().toArray(), Number)]),
        ),
      );
    const before = state();
    const draw = (): number[] => gan.streams.aside(() => Array.from(gan.latents(2).toArray(), Number));
    const latents = draw();
    requireMemory(gan);
    expect(state()).toBe(before);
    expect(draw()).toEqual(latents);
  });
});
