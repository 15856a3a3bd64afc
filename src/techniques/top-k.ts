/**
 * Top-k training (Sinha et al. 2020, "Top-k Training of GANs: Improving GAN Performance by Throwing Away Bad Samples"):
 * the generator learns only from the k samples of its batch that the critic rates most real.
 */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { type Generator, Tensor } from "../tensor/index.ts";
import { defineTechnique, type Gan, type Selection, type Technique, type TechniqueContext } from "./technique.ts";

const ROUNDING = { ceil: Math.ceil, round: Math.round, floor: Math.floor } as const;

const options = z.strictObject({
  gamma: z.number().gt(0, "must be above 0").max(1, "must be at most 1").default(0.99),
  floor: z.number().gt(0, "must be above 0").max(1, "must be at most 1").default(0.5),
  everySteps: z.int("must be a whole number of steps").min(1, "must be at least 1").optional(),
  rounding: z.enum(["ceil", "round", "floor"]).default("ceil"),
  keep: z.enum(["top", "bottom", "random"]).default("top"),
  reduce: z.enum(["mean", "zeroed"]).default("mean"),
  perClass: z.boolean().default(false),
});

type Keep = z.output<typeof options>["keep"];

/** Without the error of binary fractions: 0.55 of 100 is 55, not 55.00000000000001, which would be rounded up to 56. */
function decimal(value: number): number {
  return Number(value.toPrecision(12));
}

/** The order in which rows are kept: by score, the best first, equal ones by row; or any. Without those not finite. */
function ranking(realness: readonly number[], keep: Keep, random: Generator): number[] {
  if (keep === "random") {
    const drawn = Array.from(Tensor.randperm(realness.length, { generator: random }).toArray(), Number);
    return drawn.filter((row) => Number.isFinite(realness[row]));
  }
  const finite = [...realness.keys()].filter((row) => Number.isFinite(realness[row]));
  return finite.sort((a, b) => realness[b]! - realness[a]! || a - b);
}

/** At most k rows of a ranking: the first ones, or for "bottom" the last. */
function choose(ranked: readonly number[], k: number, keep: Keep): readonly number[] {
  return keep === "bottom" ? ranked.slice(Math.max(0, ranked.length - k)) : ranked.slice(0, k);
}

/** The groups within which rows compete: all of them, or the rows of each class. */
function groupsOf(rows: number, labels: Tensor | undefined): number[][] {
  const all = Array.from({ length: rows }, (_, row) => row);
  if (labels === undefined) return [all];
  const classOf = Array.from(labels.toArray(), Number);
  return [...new Set(classOf)].map((label) => all.filter((row) => classOf[row] === label));
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
 * - `perClass` (default false): k of each class's n rows in the batch instead, k = n * max(floor, gamma^n) rounded for each
 *   class, at least 1, so that no class is thrown away as a whole. For conditional generators.
 *
 * k belongs to the whole batch, also of several workers. "Largest" means judged most real, whatever the sign of the loss's scores.
 * The order is one: by score, equal scores by row; "top" takes its first k and "bottom" its last, so that the top k and
 * the bottom B - k never share a row. A score that is infinite or not a number is never kept: k shrinks to the number of finite
 * ones where it would be more.
 *
 * Epochs are passes of the discriminator over the data: with several discriminator updates a step they pass as many times
 * as fast, while `everySteps` counts updates of the generator.
 *
 * @throws UserError for an option out of range, for `perClass` with data that has no classes, and in a step when no
 * score at all is finite.
 *
 * @example
 * techniques: [topK({ gamma: 0.99, floor: 0.5 })]
 */
export const topK = defineTechnique("topK", options, (o, context: TechniqueContext): Technique => {
  const round = ROUNDING[o.rounding];
  let k = context.batchSize;
  if (o.perClass && context.classes < 1) {
    throw new UserError("topK: `perClass` (=true) needs data with classes, and this data has none");
  }
  return {
    name: "topK",
    insteadOfEpochs: o.everySteps === undefined && Math.max(o.gamma, o.floor) < 1 ? "everySteps" : undefined,
    select(realness: Tensor, gan: Gan, labels: Tensor | undefined): Selection | null {
      const batch = realness.shape[0]!;
      const { epoch, step } = gan.progress;
      const n = Math.floor(o.everySteps === undefined ? epoch : step / o.everySteps);
      const share = Math.max(o.floor, o.gamma ** n);
      const scores = Array.from(realness.toArray(), Number);
      const groups = groupsOf(batch, o.perClass ? labels : undefined).map((rows) => {
        return { rows: new Set(rows), k: Math.min(rows.length, Math.max(1, round(decimal(rows.length * share)))) };
      });
      if (groups.every((group) => group.k === group.rows.size) && scores.every(Number.isFinite)) {
        k = batch;
        return null;
      }
      const ranked = ranking(scores, o.keep, context.rng);
      const rows = groups
        .flatMap((group) =>
          choose(
            ranked.filter((row) => group.rows.has(row)),
            group.k,
            o.keep,
          ),
        )
        .sort((a, b) => a - b);
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
