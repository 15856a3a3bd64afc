/** Density and coverage as a metric. */
import { z } from "zod";
import { densityCoverage as formula } from "../formulas/density-coverage.ts";
import { defineMetric } from "../metric.ts";

const options = z.strictObject({
  neighbours: z.int("must be a whole number").min(1, "must be at least 1").default(5),
});

/**
 * Density: in how many real images' balls a generated image lies, over `neighbours` (default 5); coverage: the share of
 * real images whose ball holds a generated one (Naeem et al. 2020, section 3). Higher is better; density can exceed 1.
 *
 * Scores: `density`, `coverage`.
 *
 * @example
 * evaluate: { every: 1_000, features: "mnist-classifier", metrics: [densityCoverage()] }
 */
export const densityCoverage = defineMetric("densityCoverage", options, {
  description: "how many real images' balls a generated image lies in; the share of balls that hold one",
  needs: { fake: ["features"], real: ["features"] },
  fewest: ({ neighbours }) => neighbours + 1,
  pairs: ({ fake, real }) => real ** 2 + real * fake,
  scores: { density: "higher", coverage: "higher" },
  compute: ({ fake, real }, options) => ({ ...formula(real.features, fake.features, options) }),
});
