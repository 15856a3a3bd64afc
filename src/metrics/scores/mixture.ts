/** The scores of a known mixture of Gaussians as a metric. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../../base/canonical-json.ts";
import { UserError } from "../../base/errors.ts";
import { mixtureScores } from "../formulas/mixture-scores.ts";
import { defineMetric, type Metric, type MetricContext, part } from "../metric.ts";

/**
 * How well the generator's samples hit the modes of the mixture that it is trained on. It judges the samples
 * themselves, so a recipe names `samples` as its features. Scores:
 *
 * - `highQuality`: share of the samples within 4 sigma of the nearest mode, 0 to 1
 * - `modes`: modes that have at least one such sample
 * - `reverseKl`: KL in nats from the shares of the modes (every sample counts for its nearest) to equal shares
 * - `distance`: mean distance to the nearest mode
 *
 * @throws UserError when the run's data are no mixture.
 *
 * @example
 * evaluate: { every: 2_000, features: "samples", metrics: [mixture()], samples: 10_000 }
 */
export const mixture = defineMetric("mixture", z.strictObject({}), (_, context: MetricContext): Metric => {
  const truth = context?.mixture;
  if (truth === undefined) {
    throw new UserError(
      "`mixture` judges samples by the modes of the data, which only mixtureOfGaussians knows; take another metric",
    );
  }
  return {
    kind: "mixture",
    needs: { fake: ["features"], real: [] },
    scores: { highQuality: "higher", modes: "higher", reverseKl: "lower", distance: "lower" },
    // Scores against another mixture are others: its modes belong to the protocol.
    options: {
      modes: truth.centres.length,
      sigma: truth.sigma,
      centres: createHash("sha256").update(canonicalJson(truth.centres)).digest("hex"),
    },
    compute(fake) {
      const { highQuality, modes, reverseKl, distance } = mixtureScores(part(fake, "features"), truth);
      return {
        highQuality: { value: highQuality },
        modes: { value: modes },
        reverseKl: { value: reverseKl },
        distance: { value: distance },
      };
    },
  };
});
