/** FID without the bias of few samples, as a metric. */
import { z } from "zod";
import { fidInfinity as formula } from "../formulas/fid-infinity.ts";
import { defineMetric } from "../metric.ts";

const options = z.strictObject({
  points: z.int("must be a whole number").min(2, "must be at least 2").default(15),
});

/**
 * FID at `points` (default 15) numbers N of generated images, and the intercept of the line through them over 1/N: what FID
 * would be from infinitely many (Chong and Forsyth 2020, section 4.2). `fidInfinityFit` is the share of the points'
 * variance that the line explains: far from 1, the intercept means little.
 *
 * Scores: `fidInfinity` (with its points), `fidInfinityFit`.
 *
 * @example
 * evaluate: { every: 5_000, features: "mnist-classifier", metrics: [fid(), fidInfinity()] }
 */
export const fidInfinity = defineMetric("fidInfinity", options, {
  description: "FID extrapolated to infinitely many generated images",
  needs: { fake: ["features"], real: ["moments"] },
  fewest: () => 4,
  scores: { fidInfinity: "lower", fidInfinityFit: "higher" },
  compute({ fake, real, random }, { points: count }) {
    const { fid, r2, points } = formula(fake.features, real.moments, { points: count, generator: random });
    return {
      fidInfinity: { value: fid, points: points.map(({ count, fid: value }) => [count, value] as const) },
      fidInfinityFit: r2,
    };
  },
});
