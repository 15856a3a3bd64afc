/** Samples in groups: memory holds one group, and between two of them signals are handled. */
import { setImmediate } from "node:timers/promises";
import { type SampleShape, sampleShape } from "../../models/index.ts";
import { Generator, type Tensor } from "../../tensor/index.ts";
import type { Samplable } from "../trainable.ts";
import { drawSamples, SAMPLE_BATCH, type SampleInputs, type SampleOptions } from "./sample.ts";
import { inputsOfSeeds } from "./seeds.ts";

/** Batches of a group at most, and the bytes of its samples as floats. */
const MOST_BATCHES = 8;
const MOST_BYTES = 2 ** 26;

/** What ends drawing early, and what hears of it. */
export interface Watching {
  /** Called with the number of samples that are drawn, of how many; of a search, of gradient steps. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly stop?: AbortSignal | undefined;
}

/** Some of the samples. */
export interface SampleGroup {
  /** The number of the first. */
  readonly first: number;
  readonly count: number;
  /** [count, ...]; freed when the next group is asked for. */
  readonly samples: Tensor;
}

/** Samples of a group: a multiple of a batch. */
function groupSize(shape: SampleShape): number {
  const values = sampleShape({ image: shape }).reduce((product, size) => product * size, 1);
  const batches = Math.floor(MOST_BYTES / (4 * values * SAMPLE_BATCH));
  return SAMPLE_BATCH * Math.min(MOST_BATCHES, Math.max(1, batches));
}

/**
 * Draws what `drawSamples` draws with these options, group by group.
 *
 * @throws as it does, and the reason of `stop` when that is raised.
 */
export async function* drawInGroups(
  gan: Samplable,
  options: Omit<SampleOptions, "first" | "inputs">,
  watching: Watching = {},
): AsyncGenerator<SampleGroup, void> {
  yield* inGroups(gan, options.count, watching, (first, count) => drawSamples(gan, { ...options, count, first }));
}

/** What {@link drawSeeds} draws. */
export interface SeedsOptions
  extends Pick<SampleOptions, "count" | "averaged" | "truncation" | "classIndex" | "condition"> {
  /** Of the first sample; each further one has the next. */
  readonly seed: number;
}

/** Some of the samples, with what they were drawn from. */
export interface SeededGroup extends SampleGroup {
  readonly inputs: SampleInputs;
}

/** Draws samples that have a seed each, group by group. Their classes come in turn, unless one is given. */
export async function* drawSeeds(
  gan: Samplable,
  { seed, count: total, averaged, truncation, classIndex, condition }: SeedsOptions,
  watching: Watching = {},
): AsyncGenerator<SeededGroup, void> {
  let inputs: SampleInputs | undefined;
  const groups = inGroups(gan, total, watching, (first, count) => {
    const seeds = Array.from({ length: count }, (_, i) => seed + first + i);
    inputs = inputsOfSeeds(gan, seeds, { first, truncation, classIndex, condition });
    return drawSamples(gan, { count, random: new Generator(seed), averaged, classIndex, condition, inputs });
  });
  for await (const group of groups) {
    try {
      yield { ...group, inputs: inputs! };
    } finally {
      inputs!.latents.dispose();
      inputs!.labels?.dispose();
    }
  }
}

/** Draws `total` samples by `draw`, group by group. */
export async function* inGroups(
  gan: Samplable,
  total: number,
  { onProgress, stop }: Watching,
  draw: (first: number, count: number) => Tensor,
): AsyncGenerator<SampleGroup, void> {
  const size = groupSize(gan.shape.sample);
  for (let first = 0; first < total; first += size) {
    stop?.throwIfAborted();
    const count = Math.min(size, total - first);
    const samples = draw(first, count);
    try {
      yield { first, count, samples };
    } finally {
      samples.dispose();
    }
    onProgress?.(first + count, total);
    await setImmediate();
  }
  stop?.throwIfAborted();
}
