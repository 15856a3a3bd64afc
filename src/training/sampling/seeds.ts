/** What numbered seeds draw: each sample has a seed of its own, by which it can be drawn again alone. */
import { Generator, scope, Tensor } from "../../tensor/index.ts";
import type { Samplable } from "../trainable.ts";
import { labelsFor, newLatents, type SampleInputs, type SampleOptions } from "./sample.ts";

/** What {@link inputsOfSeeds} takes besides the seeds. */
interface SeedOptions extends Pick<SampleOptions, "truncation" | "classIndex" | "condition"> {
  /** Number of the first sample, where classes come in turn; default 0. */
  readonly first?: number;
}

/**
 * Latents [seeds, latent], truncated where there is a threshold, and labels. Row i is what seed i draws for a single sample,
 * of its class where classes come in turn.
 *
 * @example
 * inputsOfSeeds(gan, [7, 8]).latents; // row 0 is z of `gantry sample RUN --seed 7 --count 1`
 */
export function inputsOfSeeds(
  gan: Samplable,
  seeds: readonly number[],
  { first = 0, truncation, ...options }: SeedOptions = {},
): SampleInputs {
  return scope(() => {
    const random = new Generator(0);
    const rows = seeds.map((seed, i) => {
      random.manualSeed(seed);
      const latents = newLatents(gan, 1, random, truncation);
      return { latents, labels: labelsFor(gan, first + i, 1, { ...options, random }) };
    });
    const labels = rows.flatMap((row) => row.labels ?? []);
    return {
      latents: Tensor.cat(rows.map((row) => row.latents)),
      labels: labels.length === 0 ? undefined : Tensor.cat(labels),
    };
  });
}
