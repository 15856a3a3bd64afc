/**
 * Top-k training (Sinha et al. 2020, "Top-k Training of GANs: Improving GAN Performance by Throwing Away Bad Samples"):
 * the generator learns only from the k samples of its batch that the critic rates most real.
 */
import { z } from "zod";
import { describe } from "../base/descriptor.ts";
import { Tensor } from "../tensor/index.ts";
import type { Game, Technique, TechniqueContext } from "./technique.ts";

const ROUNDING = { ceil: Math.ceil, round: Math.round, floor: Math.floor } as const;

const options = z.strictObject({
  gamma: z.number().gt(0, "must be above 0").max(1, "must be at most 1").default(0.99),
  floor: z.number().gt(0, "must be above 0").max(1, "must be at most 1").default(0.5),
  everySteps: z.int("must be a whole number of steps").min(1, "must be at least 1").optional(),
  rounding: z.enum(["ceil", "round", "floor"]).default("ceil"),
});

/** Without the error of binary fractions: 0.55 of 100 is 55, not 55.00000000000001, which would be rounded up to 56. */
function decimal(value: number): number {
  return Number(value.toPrecision(12));
}

/**
 * The generator's loss becomes the mean over the k largest of D(G(z)), the gradient of the zeroed batch times B / k;
 * the discriminator's step is unchanged. k begins at B and shrinks:
 *
 *     k = max(floor * B, B * gamma^n),   n = epochs completed when the step begins
 *
 * - `gamma` (default 0.99): the factor of each epoch; the paper's range is 0.75 to 0.999.
 * - `floor` (default 0.5): the smallest k as a fraction nu of B; the paper's range is 0.5 to 0.75.
 * - `everySteps`: count n in so many generator steps instead of in epochs (for data that has no epochs).
 * - `rounding` (default "ceil"): k stays a real number and is rounded at use; the paper does not say how.
 *
 * k belongs to the whole batch of one process. "Largest" means judged most real, whatever the sign of the loss's scores.
 * Throws UserError for an option out of range.
 *
 * @example
 * techniques: [topK({ gamma: 0.99, floor: 0.5 })]
 */
export const topK = describe("technique", "topK", options, (o, context: TechniqueContext): Technique => {
  const round = ROUNDING[o.rounding];
  let k = context.batchSize;
  return {
    name: "topK",
    select(realness: Tensor, game: Game): Tensor | null {
      const batch = realness.shape[0]!;
      const n = Math.floor(o.everySteps === undefined ? game.progress.epoch : game.progress.step / o.everySteps);
      k = Math.min(batch, Math.max(1, round(decimal(batch * Math.max(o.floor, o.gamma ** n)))));
      if (k === batch) return null;
      // NaN counts as the largest in topk; a broken sample must never be a good one.
      const ranked = Tensor.where(realness.isnan(), Tensor.fullLike(realness, Number.NEGATIVE_INFINITY), realness);
      return ranked.topk(k, 0, true, false)[1];
    },
    report: () => ({ k }),
  };
});
