/** A dataset's shuffled batches as the feed of a game. */
import { type BatchFeed, BatchStream, type Dataset } from "../data/index.ts";
import type { Recipe } from "../recipe/recipe.ts";
import type { DataShape } from "./game.ts";
import { seedOf } from "./streams.ts";

/** What the networks must know of an image dataset. */
export function shapeOf(dataset: Dataset): DataShape {
  return { sample: { channels: dataset.channels, size: dataset.size }, classes: dataset.classes };
}

/** Endless batches as the recipe wants them; their order follows from its seed. */
export function imageFeed(dataset: Dataset, recipe: Recipe): BatchFeed {
  const { batchSize, device, memoryFormat, seed } = recipe;
  return new BatchStream(dataset, { batchSize, device, memoryFormat, seed: seedOf(seed, "data") });
}
