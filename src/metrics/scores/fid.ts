/** FID: the squared Fréchet distance between Gaussians fitted to the features of generated and real images. */
import { z } from "zod";
import { frechetDistance } from "../formulas/frechet-distance.ts";
import { defineMetric } from "../metric.ts";

/**
 * Fréchet Inception Distance, ||m - m'||^2 + tr(C + C' - 2 (C C')^(1/2)) (Heusel et al. 2017, section 2). Lower is better;
 * it is biased upwards, the more the fewer images.
 *
 * Score: `fid`.
 *
 * @example
 * evaluate: { every: 500, features: "mnist-classifier", metrics: [fid()] }
 */
export const fid = defineMetric("fid", z.strictObject({}), {
  description: "squared Fréchet distance of Gaussians fitted to the features",
  needs: { fake: ["moments"], real: ["moments"] },
  fewest: () => 2,
  scores: { fid: "lower" },
  compute: ({ fake, real }) => ({ fid: frechetDistance(fake.moments, real.moments) }),
});
