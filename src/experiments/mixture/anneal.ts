/**
 * How fast k falls, and how far: top-k training over gamma and nu on a mixture, about the two failures that the paper
 * names (Sinha et al. 2020). Too small a gamma throws samples away before the discriminator can tell good from bad; too
 * large a nu is ordinary training.
 */
import { z } from "zod";
import { defineSweepExperiment, type OptionsOf } from "../experiment.ts";
import { seeds } from "../options.ts";
import { defineSweep, type Sweep } from "../sweep/index.ts";
import { annealingInterval, modesOption, stepsOption } from "./setup.ts";

const SHARE = { error: "must be numbers above 0 and at most 1, such as 0.5,0.75" };
const share = () => z.number(SHARE).gt(0, SHARE).max(1, SHARE);

/** What can be chosen. */
const options = {
  gammas: z.array(share()).default([0.5, 0.75, 0.9, 0.99, 0.999]).describe("factors gamma of k"),
  floors: z
    .array(share())
    .default([0.125, 0.25, 0.5, 0.75, 1])
    .describe("smallest shares nu of the batch; 1 is learning from all samples"),
  modes: modesOption().default(25).describe("number of modes, a square number"),
  seeds: seeds(3),
  steps: stepsOption(),
};

/**
 * The experiment as a sweep of the recipe `mixture` over `topK`: each pair of gamma and nu below 1, and once all
 * samples. k falls 49 times in a run, at every fiftieth of its length but the last.
 *
 * @example
 * const sweep = annealSweep({ gammas: [0.75, 0.99], floors: [0.5, 1], modes: 25, seeds: 3, steps: 10_000 });
 */
export function annealSweep({ gammas, floors, modes, seeds, steps }: OptionsOf<typeof options>): Sweep {
  const interval = annealingInterval(steps);
  const pairs = floors
    .filter((floor) => floor < 1)
    .flatMap((floor) =>
      gammas.map((gamma) => [
        `gamma ${gamma}, nu ${floor}`,
        [`techniques.topK.gamma=${gamma}`, `techniques.topK.floor=${floor}`],
      ]),
    );
  const all = floors.includes(1) ? [["all samples", ["techniques.topK.floor=1"]]] : [];
  return defineSweep({
    name: "anneal",
    recipe: "mixture",
    set: [
      `steps=${steps}`,
      `data.modes=${modes}`,
      `techniques.topK.everySteps=${interval}`,
      `evaluate.every=${interval}`,
      `samples.every=${steps}`,
      `checkpoint.every=${Math.max(1, Math.round(steps / 10))}`,
    ],
    over: { topK: Object.fromEntries([...all, ...pairs]) as Record<string, string[]> },
    seeds,
  });
}

/** `gantry lab anneal`. */
export const anneal = defineSweepExperiment({
  name: "anneal",
  description:
    "Trains on a mixture of Gaussians with every pair of gamma (how fast k falls) and nu (how far), and tabulates the scores.",
  examples: [
    {
      line: "gantry lab anneal",
      does: "20 pairs and all samples, 3 seeds, 100,000 steps: 63 runs of half an hour on a core",
    },
    {
      line: "gantry lab anneal --gammas 0.5,0.99 --floors 0.25,0.75,1 --steps 20000",
      does: "the corners, and all samples",
    },
  ],
  options,
  sweep: annealSweep,
});
