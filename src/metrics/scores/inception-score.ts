/** The Inception Score as a metric. */
import { z } from "zod";
import { inceptionScore as formula } from "../formulas/inception-score.ts";
import { defineMetric } from "../metric.ts";

const options = z.strictObject({
  splits: z.int("must be a whole number").min(1, "must be at least 1").default(10),
});

/**
 * exp(E KL(p(y|x) || p(y))) over the class probabilities of generated images, mean and standard deviation over `splits`
 * (default 10) equal parts (Salimans et al. 2016, section 4). Higher is better, at most the number of classes. It sees no
 * real image: a generator that repeats one sharp image of each class scores highest.
 *
 * Score: `inceptionScore`.
 *
 * @example
 * evaluate: { every: 500, features: "mnist-classifier", metrics: [inceptionScore({ splits: 1 })] }
 */
export const inceptionScore = defineMetric("inceptionScore", options, {
  description: "exp E KL(p(y|x) || p(y)) over the class probabilities of generated images",
  needs: { fake: ["logits"] },
  fewest: ({ splits }) => splits,
  scores: { inceptionScore: "higher" },
  compute({ fake }, options) {
    const { mean, std } = formula(fake.logits, options);
    return { inceptionScore: { value: mean, std } };
  },
});
