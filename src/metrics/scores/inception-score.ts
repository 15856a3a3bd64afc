/** The Inception Score as a metric. */
import { z } from "zod";
import { inceptionScore as formula } from "../formulas/inception-score.ts";
import { defineMetric, type Metric, part } from "../metric.ts";

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
export const inceptionScore = defineMetric("inceptionScore", options, (o): Metric => {
  return {
    kind: "inceptionScore",
    needs: { fake: ["logits"], real: [] },
    scores: { inceptionScore: "higher" },
    options: o,
    compute(fake) {
      const { mean, std } = formula(part(fake, "logits"), o);
      return { inceptionScore: { value: mean, std } };
    },
  };
});
