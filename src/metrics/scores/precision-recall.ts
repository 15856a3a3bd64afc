/** Improved precision and recall as a metric. */
import { z } from "zod";
import { describe } from "../../base/descriptor.ts";
import { precisionRecall as formula } from "../formulas/precision-recall.ts";
import { type Metric, part } from "../metric.ts";

const options = z.strictObject({
  neighbours: z.int("must be a whole number").min(1, "must be at least 1").default(3),
});

/**
 * Precision: the share of generated images that lie within a real one's ball, whose radius is the distance to its
 * `neighbours`-th (default 3) nearest; recall: the same with the roles exchanged (Kynkäänniemi et al. 2019, section 2).
 * Higher is better; both depend on how many images there are on either side.
 *
 * Scores: `precision`, `recall`.
 *
 * @example
 * evaluate: { every: 1_000, features: "mnist-classifier", metrics: [precisionRecall()] }
 */
export const precisionRecall = describe("metric", "precisionRecall", options, (o, _context: undefined): Metric => {
  return {
    kind: "precisionRecall",
    needs: { fake: ["features"], real: ["features"] },
    scores: { precision: "higher", recall: "higher" },
    options: o,
    compute(fake, real) {
      const { precision, recall } = formula(part(real, "features"), part(fake, "features"), o);
      return { precision: { value: precision }, recall: { value: recall } };
    },
  };
});
