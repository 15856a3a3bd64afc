/** One combination of the matrix tried: training is finite, and continues with the same bits from its middle. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../../src/base/errors.ts";
import type { VectorData } from "../../../src/data/index.ts";
import type { DataLoader } from "../../../src/data/loader.ts";
import type { Recipe } from "../../../src/recipe/recipe.ts";
import { bytesOf, Generator, scope, type Tensor } from "../../../src/tensor/index.ts";
import { loadCheckpoint, writeCheckpoint } from "../../../src/training/run/checkpoint.ts";
import { drawSamples } from "../../../src/training/sampling/sample.ts";
import { BuiltGan, type DataShape } from "../../../src/training/step/gan.ts";
import { trainingStep } from "../../../src/training/step/step.ts";
import { imageLoader, shapeOf } from "../../../src/training/trainer/image-loader.ts";
import { TEST_DEVICE } from "../../device/device.ts";
import { makeDataset } from "../tiny.ts";

/** @param device - Default the tests' device. */
export async function ganOf(described: Recipe, device = TEST_DEVICE): Promise<BuiltGan> {
  const recipe = { ...described, device };
  const { options } = recipe.data;
  let [shape, loader]: [DataShape | undefined, DataLoader | undefined] = [undefined, undefined];
  if (recipe.data.kind === "testNoise") {
    const dataset = makeDataset(options as Parameters<typeof makeDataset>[0]);
    [shape, loader] = [shapeOf(dataset), imageLoader(dataset, recipe)];
  } else {
    const data = (await recipe.data.build({})) as unknown as VectorData;
    shape = { sample: { features: data.features }, classes: [] };
    loader = data.loader({ batchSize: recipe.batchSize, seed: 1, device });
  }
  return new BuiltGan(recipe, shape, loader);
}

function train(gan: BuiltGan, steps: number): void {
  for (let i = 0; i < steps; i++) {
    const numbers = trainingStep(gan);
    const [lossD, lossG] = numbers.toArray() as Float32Array;
    numbers.dispose();
    if (Number.isFinite(lossD) && Number.isFinite(lossG)) continue;
    throw new Error(`step ${gan.step}: lossD is ${lossD}, lossG is ${lossG}`);
  }
}

/** All that a GAN carries from step to step, and what is sampled from it, by name. */
export function bitsOf(gan: BuiltGan): Record<string, string> {
  return scope(() => {
    const found: Record<string, string> = {};
    const note = (owner: string, tensors: Iterable<readonly [string, Tensor]>, numbers: object = {}): void => {
      const hash = createHash("sha256").update(JSON.stringify(numbers));
      for (const [name, tensor] of tensors) {
        hash.update(name).update(bytesOf(tensor));
        if (tensor.isfinite().all().item() !== 1) throw new Error(`step ${gan.step}: ${owner} ${name} is not finite`);
      }
      found[owner] = hash.digest("hex");
    };
    note("streams", gan.streams.state());
    // Samples need libtorch's inference mode, which the second device does not have.
    if (gan.recipe.device === TEST_DEVICE)
      note("samples", [["", drawSamples(gan, { count: 4, random: new Generator(1), averaged: true })]]);
    for (const player of ["generator", "discriminator"] as const) {
      const optimizer = gan.optimizers[player];
      note(player, gan[player].stateDict());
      note(`optimizer of ${player}`, optimizer.state(), optimizer.scalars());
    }
    for (const { name, state } of gan.techniques) {
      const kept = state?.();
      if (kept !== undefined) note(name, kept.tensors, kept.numbers);
    }
    for (const [name, loader] of [["training", gan.loader] as const, ...gan.auxiliaryLoaders]) {
      const { tensors, numbers } = loader.state();
      note(`loader ${name}`, tensors, numbers);
    }
    return found;
  });
}

/** What became of a combination: it trained, or it was refused with this message. */
export type Outcome = { readonly bits: Record<string, string> } | { readonly refused: string };

/**
 * Trains `steps` steps; and the second half of them once more, in training that was built again and loaded the checkpoint of
 * the middle.
 *
 * Throws when a loss is not finite, or both ends differ in a bit.
 */
export async function trial(recipe: Recipe, steps: number, device = TEST_DEVICE): Promise<Outcome> {
  const half = Math.floor(steps / 2);
  const folder = mkdtempSync(join(tmpdir(), "gantry-test-"));
  const gans: BuiltGan[] = [];
  const build = async (): Promise<BuiltGan> => {
    const gan = await ganOf(recipe, device);
    gans.push(gan);
    return gan;
  };
  try {
    const whole = await build();
    train(whole, half);
    const middle = writeCheckpoint(folder, whole, 0);
    train(whole, steps - half);
    const bits = bitsOf(whole);
    const resumed = await build();
    loadCheckpoint(middle, resumed);
    train(resumed, steps - half);
    const again = bitsOf(resumed);
    const different = Object.keys(bits).filter((name) => bits[name] !== again[name]);
    if (different.length > 0) throw new Error(`after the resumption these differ: ${different.join(", ")}`);
    return { bits };
  } catch (error) {
    if (error instanceof UserError) return { refused: error.message };
    throw error;
  } finally {
    for (const gan of gans) gan.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}
