/** The memorisation check as a metric. */
import { z } from "zod";
import { memorisation as formula } from "../formulas/nearest-neighbours.ts";
import { defineMetric } from "../metric.ts";

const options = z.strictObject({
  quantile: z
    .number("must be a number from 0 to 1")
    .min(0, "must be at least 0")
    .max(1, "must be at most 1")
    .default(0.01),
});

/**
 * Do generated images lie nearer to a training image than training images lie to each other? `memorised` is the share of
 * generated images that are nearer to their nearest real image than the `quantile` (default 0.01) of real images is to its
 * nearest other one: about that quantile for a generator that does not memorise. `copies` is the share at distance 0;
 * `neighbourRatio` the median distance of generated images over that of real ones. Distances are of features; the real
 * images should be those that were trained on. Where the real images repeat themselves so often that the quantile, or the
 * median, of their distances is 0, `memorised`, or `neighbourRatio`, is undefined.
 *
 * Scores: `memorised`, `copies`, `neighbourRatio`.
 *
 * @example
 * evaluate: { every: 5_000, features: "mnist-classifier", metrics: [memorisation()] }
 */
export const memorisation = defineMetric("memorisation", options, {
  description: "how near generated images lie to training images",
  needs: { fake: ["features"], real: ["features"] },
  pairs: ({ fake, real }) => fake * real + real ** 2,
  scores: { memorised: "lower", copies: "lower", neighbourRatio: "higher" },
  compute({ fake, real }, options) {
    const { share, copies, ratio } = formula(fake.features, real.features, undefined, options);
    return { memorised: share, copies, neighbourRatio: ratio };
  },
});
