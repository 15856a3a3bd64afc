/** FID: the squared Fréchet distance between Gaussians fitted to the features of generated and real images. */
import { z } from "zod";
import { describe } from "../../base/descriptor.ts";
import { frechetDistance } from "../formulas/frechet-distance.ts";
import { type Metric, part } from "../metric.ts";

/**
 * Fréchet Inception Distance, ||m - m'||^2 + tr(C + C' - 2 (C C')^(1/2)) (Heusel et al. 2017, section 2). Lower is better;
 * it is biased upwards, the more the fewer images.
 *
 * Score: `fid`.
 *
 * @example
 * evaluate: { every: 500, features: "mnist-classifier", metrics: [fid()] }
 */
export const fid = describe("metric", "fid", z.strictObject({}), (options, _context: undefined): Metric => {
  return {
    kind: "fid",
    needs: { fake: ["moments"], real: ["moments"] },
    scores: { fid: "lower" },
    options,
    compute: (fake, real) => ({ fid: { value: frechetDistance(part(fake, "moments"), part(real, "moments")) } }),
  };
});
