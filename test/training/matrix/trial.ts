/** One combination of the matrix tried: training is finite, and goes on with the same bits from its middle. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../../src/base/errors.ts";
import type { BatchFeed } from "../../../src/data/feed.ts";
import type { VectorData } from "../../../src/data/index.ts";
import type { Recipe } from "../../../src/recipe/recipe.ts";
import { Generator, scope, type Tensor } from "../../../src/tensor/index.ts";
import { loadCheckpoint, writeCheckpoint } from "../../../src/training/checkpoint.ts";
import { BuiltGame, type DataShape } from "../../../src/training/game.ts";
import { imageFeed, shapeOf } from "../../../src/training/image-feed.ts";
import { drawSamples } from "../../../src/training/sample.ts";
import { trainingStep } from "../../../src/training/step.ts";
import { makeDataset } from "../tiny.ts";

async function gameOf(recipe: Recipe): Promise<BuiltGame> {
  const { options } = recipe.data;
  let [shape, feed]: [DataShape | undefined, BatchFeed | undefined] = [undefined, undefined];
  if (recipe.data.kind === "testNoise") {
    const dataset = makeDataset(options as Parameters<typeof makeDataset>[0]);
    [shape, feed] = [shapeOf(dataset), imageFeed(dataset, recipe)];
  } else {
    const data = (await recipe.data.build({})) as unknown as VectorData;
    shape = { sample: { features: data.features }, classes: [] };
    feed = data.feed({ batchSize: recipe.batchSize, seed: 1 });
  }
  return new BuiltGame(recipe, shape, feed);
}

function train(game: BuiltGame, steps: number): void {
  for (let i = 0; i < steps; i++) {
    const numbers = trainingStep(game);
    const [lossD, lossG] = numbers.toArray() as Float32Array;
    numbers.dispose();
    if (Number.isFinite(lossD) && Number.isFinite(lossG)) continue;
    throw new Error(`step ${game.step}: lossD is ${lossD}, lossG is ${lossG}`);
  }
}

const bytesOf = (tensor: Tensor): Uint8Array => {
  const { buffer, byteOffset, byteLength } = tensor.toArray();
  return new Uint8Array(buffer, byteOffset, byteLength);
};

/** All that a game carries from step to step, and what is sampled from it, by name. */
function bitsOf(game: BuiltGame): Record<string, string> {
  return scope(() => {
    const found: Record<string, string> = {};
    const note = (owner: string, tensors: Iterable<readonly [string, Tensor]>, numbers: object = {}): void => {
      const hash = createHash("sha256").update(JSON.stringify(numbers));
      for (const [name, tensor] of tensors) {
        hash.update(name).update(bytesOf(tensor));
        if (tensor.isfinite().all().item() !== 1) throw new Error(`step ${game.step}: ${owner} ${name} is not finite`);
      }
      found[owner] = hash.digest("hex");
    };
    note("streams", game.streams.state());
    note("samples", [["", drawSamples(game, { count: 4, random: new Generator(1), averaged: true })]]);
    for (const player of ["generator", "discriminator"] as const) {
      const optimizer = game.optimizers[player];
      note(player, game[player].stateDict());
      note(`optimizer of ${player}`, optimizer.state(), optimizer.scalars());
    }
    for (const { name, state } of game.techniques) {
      const kept = state?.();
      if (kept !== undefined) note(name, kept.tensors, kept.numbers);
    }
    for (const [name, feed] of [["feed", game.feed] as const, ...game.furtherFeeds]) {
      const { tensors, numbers } = feed.state();
      note(`feed ${name}`, tensors, numbers);
    }
    return found;
  });
}

/** What became of a combination: it trained, or it was refused with this message. */
export type Outcome = { readonly bits: Record<string, string> } | { readonly refused: string };

/**
 * Trains `steps` steps; and the second half of them once more, in a game that was built anew and loaded the checkpoint of
 * the middle.
 *
 * Throws when a loss is not finite, or both ends differ in a bit.
 */
export async function trial(recipe: Recipe, steps: number): Promise<Outcome> {
  const half = Math.floor(steps / 2);
  const folder = mkdtempSync(join(tmpdir(), "gantry-test-"));
  const games: BuiltGame[] = [];
  const build = async (): Promise<BuiltGame> => {
    const game = await gameOf(recipe);
    games.push(game);
    return game;
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
    for (const game of games) game.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}
