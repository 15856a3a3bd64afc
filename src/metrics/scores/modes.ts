/** Mode count and entropy as a metric. */
import { z } from "zod";
import { modeCoverage } from "../formulas/mode-coverage.ts";
import { defineMetric } from "../metric.ts";

/**
 * What classes a classifier sees in the generated images: how many of its K classes occur, the entropy of their shares p in
 * nats (at most log K), and KL(p || uniform). Only as good as the classifier: noise too falls into some class.
 *
 * Scores: `modes`, `entropy`, `reverseKl`.
 *
 * @example
 * evaluate: { every: 500, features: "mnist-classifier", metrics: [fid(), modes()] }
 */
export const modes = defineMetric("modes", z.strictObject({}), {
  description: "classes that a classifier finds in generated images, and how evenly",
  needs: { fake: ["logits"] },
  scores: { modes: "higher", entropy: "higher", reverseKl: "lower" },
  compute({ fake }) {
    const { modes, entropy, reverseKl } = modeCoverage(fake.logits, fake.logits.shape[1]!);
    return { modes, entropy, reverseKl };
  },
});
