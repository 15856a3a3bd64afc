/**
 * Top-k training (Sinha et al. 2020, "Top-k Training of GANs: Improving GAN Performance by Throwing Away Bad Samples"):
 * the generator learns only from the k samples of its batch that the critic rates most real.
 */
import { z } from "zod";
import { describe } from "../base/descriptor.ts";
import { UserError } from "../base/errors.ts";
import { type Generator, Tensor } from "../tensor/index.ts";
import type { Game, Selection, Technique, TechniqueContext } from "./technique.ts";

const ROUNDING = { ceil: Math.ceil, round: Math.round, floor: Math.floor } as const;

const options = z.strictObject({
  gamma: z.number().gt(0, "must be above 0").max(1, "must be at most 1").default(0.99),
  floor: z.number().gt(0, "must be above 0").max(1, "must be at most 1").default(0.5),
  everySteps: z.int("must be a whole number of steps").min(1, "must be at least 1").optional(),
  rounding: z.enum(["ceil", "round", "floor"]).default("ceil"),
  keep: z.enum(["top", "bottom", "random"]).default("top"),
  reduce: z.enum(["mean", "zeroed"]).default("mean"),
});

type Keep = z.output<typeof options>["keep"];

/** Without the error of binary fractions: 0.55 of 100 is 55, not 55.00000000000001, which would be rounded up to 56. */
function decimal(value: number): number {
  return Number(value.toPrecision(12));
}

/** The rows to keep, at most k, in ascending order; never one whose score is not finite. */
function choose(realness: readonly number[], k: number, keep: Keep, random: Generator): number[] {
  const drawn =
    keep === "random"
      ? Array.from(Tensor.randperm(realness.length, { generator: random }).toArray(), Number)
      : undefined;
  const finite = (drawn ?? [...realness.keys()]).filter((row) => Number.isFinite(realness[row]));
  if (drawn === undefined) finite.sort((a, b) => realness[b]! - realness[a]! || a - b);
  const kept = keep === "bottom" ? finite.slice(Math.max(0, finite.length - k)) : finite.slice(0, k);
  return kept.sort((a, b) => a - b);
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
 * - `keep` (default "top"): "bottom" keeps the k judged least real and "random" any k, as controls of an experiment:
 *   "random" tells the harm of the worst samples from the effect of fewer samples.
 * - `reduce` (default "mean"): "zeroed" takes the mean over all B with the others' losses zeroed, k / B of the mean.
 *
 * k belongs to the whole batch of one process. "Largest" means judged most real, whatever the sign of the loss's scores.
 * The order is one: by score, equal scores by row; "top" takes its first k and "bottom" its last, so that the top k and
 * the bottom B - k never share a row. A score that is infinite or not a number is never kept: k shrinks to the number of finite
 * ones where it would be more.
 *
 * Epochs are passes of the discriminator over the data: with several discriminator updates a step they pass as many times
 * as fast, while `everySteps` counts updates of the generator.
 *
 * Throws UserError for an option out of range, and in a step when no score at all is finite.
 *
 * @example
 * techniques: [topK({ gamma: 0.99, floor: 0.5 })]
 */
export const topK = describe("technique", "topK", options, (o, context: TechniqueContext): Technique => {
  const round = ROUNDING[o.rounding];
  let k = context.batchSize;
  return {
    name: "topK",
    insteadOfEpochs: o.everySteps === undefined && Math.max(o.gamma, o.floor) < 1 ? "everySteps" : undefined,
    select(realness: Tensor, game: Game): Selection | null {
      const batch = realness.shape[0]!;
      const { epoch, step } = game.progress;
      const n = Math.floor(o.everySteps === undefined ? epoch : step / o.everySteps);
      const wanted = Math.min(batch, Math.max(1, round(decimal(batch * Math.max(o.floor, o.gamma ** n)))));
      const scores = Array.from(realness.toArray(), Number);
      if (wanted === batch && scores.every(Number.isFinite)) {
        k = batch;
        return null;
      }
      const rows = choose(scores, wanted, o.keep, context.random);
      if (rows.length === 0) {
        throw new UserError(
          `topK: step ${step + 1}: none of the ${batch} scores of generated samples is finite, so training has diverged`,
        );
      }
      k = rows.length;
      return {
        rows: Tensor.fromArray(BigInt64Array.from(rows, BigInt)).to({ device: realness.device }),
        factor: o.reduce === "zeroed" ? k / batch : 1,
      };
    },
    report: () => ({ k }),
  };
});
