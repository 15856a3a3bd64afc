/**
 * Top-k training (Sinha et al. 2020, "Top-k Training of GANs: Improving GAN Performance by Throwing Away Bad Samples"):
 * G learns only from the k samples of its batch that D rates most real.
 */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { insteadOfClasses } from "../models/index.ts";
import { scheduled, valueAt } from "../optim/index.ts";
import { type Generator, Tensor } from "../tensor/index.ts";
import { whole } from "./options.ts";
import { defineTechnique } from "./technique.ts";

const ROUNDING = { ceil: Math.ceil, round: Math.round, floor: Math.floor } as const;
const rules = ["ceil", "round", "floor", "cumulative"] as const;

const fraction = z.number().gt(0, "must be above 0").max(1, "must be at most 1");
const USUAL = { gamma: 0.99, floor: 0.5 };
const options = z.strictObject({
  gamma: fraction.default(USUAL.gamma),
  floor: fraction.default(USUAL.floor),
  everySteps: whole(1, "steps").optional(),
  share: scheduled(fraction).optional(),
  rounding: z.enum(rules).default("ceil"),
  keep: z.enum(["top", "bottom", "random"]).default("top"),
  reduce: z.enum(["mean", "zeroed"]).default("mean"),
  perClass: z.boolean().default(false),
});
const checkedOptions = options.refine(
  ({ share, gamma, floor, everySteps, rounding }) =>
    share === undefined ||
    (gamma === USUAL.gamma && floor === USUAL.floor && everySteps === undefined && rounding !== "cumulative"),
  { path: ["share"], message: "says all of k: leave out `gamma`, `floor`, `everySteps` and cumulative rounding" },
);

type Keep = z.output<typeof options>["keep"];

/** Removes the error of binary fractions: 0.55 x 100 is 55, not 55.00000000000001, which would be rounded up to 56. */
function decimal(value: number): number {
  return Number(value.toPrecision(12));
}

/** k of `rows` by a share of them. */
function keptByShare(rows: number, share: number, rounding: keyof typeof ROUNDING): number {
  return Math.min(rows, Math.max(1, ROUNDING[rounding](decimal(rows * share))));
}

/** k of `rows` after n reductions. */
function keptOf(rows: number, n: number, o: Pick<z.output<typeof options>, "gamma" | "floor" | "rounding">): number {
  if (o.rounding !== "cumulative") {
    return keptByShare(rows, Math.max(o.floor, o.gamma ** n), o.rounding);
  }
  const end = Math.max(1, Math.floor(decimal(rows * o.floor)));
  let k = rows;
  for (let i = 0; i < n && k > end && o.gamma < 1; i++) k = Math.max(end, Math.floor(decimal(k * o.gamma)));
  return k;
}

/**
 * Rows with finite scores in the order in which they are kept: by score, the best first, equal ones by row; or in
 * random order.
 */
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
 * G's loss becomes the mean over the k largest of D(G(z)); its gradient is B / k times that of the batch with the other
 * losses set to zero. D's update is unchanged. k begins at B and shrinks:
 *
 *     k = max(floor * B, B * gamma^n),   n = epochs completed when the step begins
 *
 * - `gamma` (default 0.99): the factor of each epoch; the paper's range is 0.75 to 0.999.
 * - `floor` (default 0.5): the smallest k as a fraction nu of B; the paper's range is 0.5 to 0.75.
 * - `everySteps`: steps that count as one in n, instead of epochs (for data that has no epochs).
 * - `share`: k / B itself, a number or a schedule ({@link linear}), in place of `gamma`, `floor` and `everySteps`.
 * - `rounding` (default "ceil"): k is a real number, and rounded at use by "ceil", "round" or "floor". The paper does not
 *   say how. With "cumulative" k is rounded down whenever it falls and goes on from there, so that it falls faster: with
 *   gamma 0.99, 256 becomes 192 after 23 reductions instead of 29. One public reproduction (JAX-GAN) does this.
 * - `keep` (default "top"): "bottom" keeps the k rated least real and "random" any k. They are controls of an
 *   experiment: "random" tells the harm of the worst samples from the effect of fewer samples.
 * - `reduce` (default "mean"): "zeroed" is the mean over all B with the other losses set to zero, k / B of the mean.
 * - `perClass` (default false): k of each class's b rows in the batch, k = b * max(floor, gamma^n) rounded for each
 *   class, at least 1, so that no class is thrown away as a whole. For conditional generators.
 *
 * k belongs to the whole batch of all micro-batches and workers. Rows are ordered by `loss.realness`, equal ones by row
 * number. "top" takes the first k of that order and "bottom" the last, so the top k and the bottom B - k never share a
 * row. A score that is infinite or not a number is never kept: k shrinks to the number of finite ones where it would be
 * more.
 *
 * With a loss of pairs the generated rows are ranked by D(G(z)) alone, and the pairs of the kept ones remain.
 *
 * Epochs are passes of D over the data: with several updates of D per step they pass faster. `everySteps` counts
 * updates of G.
 *
 * @throws UserError for an option out of range, for `perClass` with data that has no classes, and in a step when no
 * score is finite.
 *
 * @example
 * techniques: [topK({ gamma: 0.99, floor: 0.5 })]
 */
export const topK = defineTechnique("topK", checkedOptions, (o, context) => {
  let k = context.batchSize;
  if (o.perClass && context.classes < 1) {
    throw new UserError(
      `topK: \`perClass\` (=true) needs data with classes, and this data has ${insteadOfClasses(context)}`,
    );
  }
  return {
    name: "topK",
    insteadOfEpochs:
      o.share === undefined && o.everySteps === undefined && Math.max(o.gamma, o.floor) < 1 ? "everySteps" : undefined,
    select(realness, { progress }, labels) {
      const { epoch, step } = progress;
      const batch = realness.shape[0]!;
      const n = Math.floor(o.everySteps === undefined ? epoch : step / o.everySteps);
      const share = o.share === undefined ? undefined : valueAt(o.share, progress);
      const scores = Array.from(realness.toArray(), Number);
      const groups = groupsOf(batch, o.perClass ? labels : undefined).map((rows) => {
        const k =
          share === undefined
            ? keptOf(rows.length, n, o)
            : keptByShare(rows.length, share, o.rounding as keyof typeof ROUNDING);
        return { rows: new Set(rows), k };
      });
      if (groups.every((group) => group.k === group.rows.size) && scores.every(Number.isFinite)) {
        k = batch;
        return null;
      }
      const ranked = ranking(scores, o.keep, context.rng);
      const inGroup = (group: ReadonlySet<number>): number[] => ranked.filter((row) => group.has(row));
      const rows = groups.flatMap((group) => choose(inGroup(group.rows), group.k, o.keep)).sort((a, b) => a - b);
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
