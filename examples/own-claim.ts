/**
 * A claim of your own: "twice the batch gives a better mixture", with its set-up, its rule and its cost.
 *
 *     npx gantry reproduce ./own-claim.ts --dry-run               # what it would cost
 *     npx gantry reproduce ./own-claim.ts                         # 5 seeds of 2,000 steps
 *     npx gantry reproduce ./own-claim.ts --seeds 2 --length 20   # a trial; the verdict says that it is one
 */
import {
  armOf,
  bySeed,
  decide,
  defineClaim,
  defineSweep,
  familyOf,
  type ScoredCell,
  shortest,
} from "gantry/experiments";

export default defineClaim<ScoredCell>({
  name: "larger-batch",
  claim: "A batch of 512 instead of 256 gives more high-quality samples of 25 Gaussians in as many steps.",
  source: "nobody's; it is an example",
  setup: "the recipe mixture without techniques, batches of 256 and 512",
  size: { seeds: 5, length: 2_000, unit: "steps" },

  // What is run: here one sweep. An experiment of the laboratory is { name, experiment, options, seconds }.
  stages: ({ seeds, length }) => [
    {
      name: "batches",
      sweep: defineSweep({
        recipe: "mixture",
        set: ["techniques=[]", `steps=${length}`, `evaluate.every=${length}`, `samples.every=${length}`],
        over: { batchSize: [256, 512] },
        seeds,
      }),
      seconds: (40 * length) / 2_000,
    },
  ],
  cost: { estimated: "some 40 seconds a run" },

  // What counts, before anything is measured.
  rule: "By seed, 512 minus 256 in the share of high-quality samples: confirmed where it is higher (p < 0.05), refuted where it is lower.",
  finding(cells) {
    const [large, small] = [armOf(cells, "512"), armOf(cells, "256")];
    const family = familyOf([
      {
        arm: "512 minus 256",
        measure: "high quality",
        cells: [bySeed(large.of("highQuality"), small.of("highQuality"))],
      },
    ]);
    return decide([{ difference: family[0]!, side: "higher" }], "every", shortest(cells));
  },
});
