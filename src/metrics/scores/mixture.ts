/** The scores of a known mixture of Gaussians as a metric. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../../base/canonical-json.ts";
import { mixtureScores } from "../formulas/mixture-scores.ts";
import { defineMetric } from "../metric.ts";

/**
 * How well the generator's samples hit the modes of the mixture that it is trained on. It looks at the samples
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
export const mixture = defineMetric("mixture", z.strictObject({}), {
  description: "how well vectors hit the modes of the mixture of Gaussians that they are trained on",
  needs: { fake: ["features"], mixture: true },
  scores: { highQuality: "higher", modes: "higher", reverseKl: "lower", distance: "lower" },
  // Scores of another mixture are other scores: its modes belong to the protocol.
  protocol: (_, { mixture: { centres, sigma } }) => ({
    modes: centres.length,
    sigma,
    centres: createHash("sha256").update(canonicalJson(centres)).digest("hex"),
  }),
  compute({ fake, mixture }) {
    const { highQuality, modes, reverseKl, distance } = mixtureScores(fake.features, mixture);
    return { highQuality, modes, reverseKl, distance };
  },
});
