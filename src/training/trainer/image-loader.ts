/** The data loader of an image dataset: shuffled batches. */
import { seedOf } from "../../base/seed.ts";
import { type DataLoader, type Dataset, ShuffledLoader } from "../../data/index.ts";
import { scope } from "../../tensor/index.ts";
import type { DataShape } from "../step/gan.ts";
import type { RunSettings } from "../trainable.ts";

/** What the networks must know of an image dataset. */
export function shapeOf(dataset: Dataset): DataShape {
  const { channels, size, classes, conditions, labels } = dataset;
  if (conditions !== undefined)
    return { sample: { channels, size }, classes, conditions: { columns: conditions, rows: labels } };
  const classCounts = scope(() => Array.from(labels.bincount(classes.length).toArray(), Number));
  return { sample: { channels, size }, classes, ...(classes.length === 0 ? {} : { classCounts }) };
}

/** Batches without end; their order follows from the seed. */
export function imageLoader(
  dataset: Dataset,
  { batchSize, device, memoryFormat, seed }: Pick<RunSettings, "batchSize" | "device" | "memoryFormat" | "seed">,
): DataLoader {
  return new ShuffledLoader(dataset, { batchSize, device, memoryFormat, seed: seedOf(seed, "data"), runSeed: seed });
}
