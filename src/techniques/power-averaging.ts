/** Averages of G's weights whose length is chosen after training (Karras et al. 2024, "Analyzing and Improving the Training Dynamics ..."). */
import { z } from "zod";
import { LARGEST_STD, powerDecay, powerExponent, WeightAveraging } from "../optim/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { whole } from "./options.ts";
import { loadParts, type StateParts, stateOfParts } from "./state-parts.ts";
import { defineTechnique } from "./technique.ts";

const std = z.number().gt(0, "must be above 0").lt(LARGEST_STD, "must be below 0.2887, the mean of the whole run");
const options = z
  .strictObject({
    stds: z.array(std).min(2, "must have 2 or 3 numbers").max(3, "must have 2 or 3 numbers").default([0.05, 0.1]),
    every: whole(1, "steps").default(500),
  })
  .refine(({ stds }) => new Set(stds).size === stds.length, { path: ["stds"], message: "must be different numbers" });

/** The prefix of an average's tensors in checkpoints and snapshots. */
const prefixOf = (std: number): string => `std ${std}: `;

/**
 * Keeps averages of G's weights over the whole run, in which a step's weights count by a power of its number: the average of a
 * `std` covers about that part of the run, however long it becomes (the formula is in optim/power-averaging.ts).
 *
 *     average <- b * average + (1 - b) * weights,   b = (1 - 1 / t)^(g + 1) in step t
 *
 * - `stds` (default [0.05, 0.1]): two or three lengths. Samples and scores are made with the first.
 * - `every` (default 500): steps after which all of them are stored in the run's folder `averages/`. Of what is stored,
 *   `gantry average RUN --std 0.08` makes the average of any length: choose it by the scores, after training.
 *
 * Training itself is unchanged. Running statistics of batch norm are averaged like the weights; `standingStatistics` after this
 * technique takes them again.
 *
 * @throws UserError for an option out of range.
 *
 * @example
 * techniques: [powerAveraging({ stds: [0.05, 0.1], every: 500 })]
 */
export const powerAveraging = defineTechnique("powerAveraging", options, ({ stds, every }) => {
  const averages = new Map<number, WeightAveraging>();
  const parts = (): StateParts => [...averages].map(([std, average]) => [prefixOf(std), average]);
  return {
    name: "powerAveraging",
    without: { weightAveraging: "both put averaged weights of the generator in the place of its own" },
    after: { dataDependentInitialisation: "the averages begin with the weights that this one sets" },
    averages: ["generator"],
    graph: { refused: "the decay of its averages is another one in each step" },
    snapshotEvery: every,
    prepare({ generator }) {
      for (const std of stds) averages.set(std, new WeightAveraging(generator, { buffers: "averaged" }));
    },
    afterStep(player, { progress }) {
      if (player !== "generator") return;
      for (const [std, average] of averages) average.update(powerDecay(powerExponent(std), progress.step + 1));
    },
    sampler: (sample) => averages.get(stds[0]!)!.use(sample),
    snapshot: () =>
      new Map<string, Tensor>(
        [...averages].flatMap(([std, average]) =>
          [...average.state()].map(([name, tensor]) => [prefixOf(std) + name, tensor] as const),
        ),
      ),
    state: () => stateOfParts(parts()),
    load: (state) => loadParts(parts(), state),
  };
});
