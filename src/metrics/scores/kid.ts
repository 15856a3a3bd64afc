/** KID as a metric. */
import { z } from "zod";
import { kernelDistance } from "../formulas/kernel-distance.ts";
import { defineMetric } from "../metric.ts";

const options = z.strictObject({
  subsets: z.int("must be a whole number").min(1, "must be at least 1").default(100),
  subsetSize: z.int("must be a whole number").min(2, "must be at least 2").default(1000),
});

/**
 * Kernel Inception Distance: the unbiased squared maximum mean discrepancy under the kernel (x.y / D + 1)^3, mean and
 * standard deviation over `subsets` (default 100) of `subsetSize` (default 1000) images (Bińkowski et al. 2018, section 4).
 * Lower is better; it is 0 on average for equal distributions, whatever the number of images.
 *
 * Score: `kid`.
 *
 * @example
 * evaluate: { every: 500, features: "mnist-classifier", metrics: [kid({ subsets: 50 })] }
 */
export const kid = defineMetric("kid", options, {
  description: "unbiased squared MMD of the features under the kernel (x.y / D + 1)^3",
  needs: { fake: ["features"], real: ["features"] },
  fewest: ({ subsetSize }) => subsetSize,
  pairs: (_, { subsets, subsetSize }) => subsets * 3 * subsetSize ** 2,
  scores: { kid: "lower" },
  compute({ fake, real, random }, options) {
    const { mean, std } = kernelDistance(fake.features, real.features, { ...options, generator: random });
    return { kid: { value: mean, std } };
  },
});
