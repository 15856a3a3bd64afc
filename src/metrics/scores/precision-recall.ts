/** Improved precision and recall as a metric. */
import { z } from "zod";
import { Generator, Tensor } from "../../tensor/index.ts";
import { precisionRecall as formula } from "../formulas/precision-recall.ts";
import { defineMetric } from "../metric.ts";

const options = z.strictObject({
  neighbours: z.int("must be a whole number").min(1, "must be at least 1").default(3),
  most: z.int("must be a whole number of images").min(2, "must be at least 2").optional(),
});

/**
 * Precision: the share of generated images that lie within a real one's ball, whose radius is the distance to its
 * `neighbours`-th (default 3) nearest; recall: the same with the roles exchanged (Kynkäänniemi et al. 2019, section 2).
 * Higher is better; both depend on how many images there are on either side: `most` limits the number of real
 * ones, chosen at random by a fixed seed.
 *
 * Scores: `precision`, `recall`.
 *
 * @example
 * evaluate: { every: 1_000, features: "mnist-classifier", metrics: [precisionRecall()] }
 */
export const precisionRecall = defineMetric("precisionRecall", options, {
  description: "share of one side's images within the other's nearest-neighbour balls",
  needs: { fake: ["features"], real: ["features"] },
  fewest: ({ neighbours }) => neighbours + 1,
  pairs({ fake, real }, { most = real }) {
    const taken = Math.min(real, most);
    return taken ** 2 + fake ** 2 + taken * fake;
  },
  scores: { precision: "higher", recall: "higher" },
  compute: ({ fake, real }, options) => ({ ...formula(atMost(real.features, options.most), fake.features, options) }),
});

/** At most this many rows: in random order where there are more, else all as they are. */
function atMost(rows: Tensor, most = rows.shape[0]!): Tensor {
  if (rows.shape[0]! <= most) return rows;
  return rows.indexSelect(0, Tensor.randperm(rows.shape[0]!, { generator: new Generator(0) }).narrow(0, 0, most));
}
