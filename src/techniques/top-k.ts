/**
 * Top-k training (Sinha et al. 2020, "Top-k Training of GANs: Improving GAN Performance by Throwing Away Bad Samples"):
 * G learns only from the k samples of its batch that D rates most real.
 */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { insteadOfClasses } from "../models/index.ts";
import { scheduled, valueAt } from "../optim/index.ts";
import { drawFor, type Generator, keep, Tensor } from "../tensor/index.ts";
import { whole } from "./options.ts";
import { defineTechnique, type Progress } from "./technique.ts";

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

/** A sentence where k is still the batch in the last step, although the options are to make it fall. */
function notesOnIdle(o: z.output<typeof options>, batchSize: number, lastK: number, lastEpoch: number): string[] {
  if (lastK < batchSize) return [];
  if (o.share !== undefined && typeof o.share !== "number") {
    return [`topK keeps all ${batchSize} samples to the last step of this run: let its \`share\` fall earlier`];
  }
  if (o.share !== undefined || Math.max(o.gamma, o.floor) === 1) return [];
  const byEpochs =
    lastEpoch < 1
      ? "k falls with completed epochs, and this run completes none before its last step; set `everySteps` to count steps"
      : "k falls with completed epochs, and this run has too few; set a smaller `gamma`, or `everySteps` to count steps";
  const remedy = o.everySteps === undefined ? byEpochs : "set a smaller `everySteps` or `gamma`";
  return [`topK keeps all ${batchSize} samples in every step of this run, as if it were not there: ${remedy}`];
}

/**
 * All rows in the order in which they are kept, int64 [B]: by score, the best first, equal ones by row; or for "bottom" the
 * reverse of that; or in random order. Rows whose score is not finite come last.
 */
function ranking(realness: Tensor, finite: Tensor, keep: Keep, random: Generator): Tensor {
  const { device } = realness;
  const last = finite.eq(0);
  if (keep === "random") {
    const drawn = drawFor(device, { of: "order", below: realness.shape[0]! }, random);
    return drawn.indexSelect(0, last.indexSelect(0, drawn).argsort(0, false, true));
  }
  const best = realness.maskedFill(last, Number.NEGATIVE_INFINITY).argsort(0, true, true);
  if (keep === "top") return best;
  const worst = best.flip([0]);
  return worst.indexSelect(0, last.indexSelect(0, worst).argsort(0, false, true));
}

/**
 * The first k rows of a ranking. There are always k, so that nobody waits for a count: in the place of a row whose score is not
 * finite stands the first one once more, and `valid` is false.
 */
function firstOf(ranked: Tensor, finite: Tensor, k: number): { rows: Tensor; valid: Tensor } {
  const rows = ranked.narrow(0, 0, k).sort()[0];
  const valid = finite.indexSelect(0, rows);
  return { rows: Tensor.where(valid, rows, ranked.narrow(0, 0, 1)), valid };
}

/** The finite rows of each class, the best k of each; of all classes together, in order. */
function bestOfClasses(
  ranked: readonly number[],
  finite: readonly boolean[],
  classOf: readonly number[],
  kept: (rows: number) => number,
): number[] {
  const rows = [...new Set(classOf)].flatMap((label) => {
    const k = kept(classOf.filter((other) => other === label).length);
    return ranked.filter((row) => classOf[row] === label && finite[row]).slice(0, k);
  });
  return rows.sort((a, b) => a - b);
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
 * row. A score that is infinite or not a number is not kept: k shrinks to the number of finite ones where it would be
 * more.
 *
 * Rows are chosen on the device; `perClass` alone reads scores and labels in each step, since the number of rows that it
 * keeps depends on them.
 *
 * With a loss of pairs the generated rows are ranked by D(G(z)) alone, and the pairs of the kept ones remain.
 *
 * Epochs are passes of D over the data: with several updates of D per step they pass faster. `everySteps` counts
 * updates of G.
 *
 * @throws UserError for an option out of range, and for `perClass` with data that has no classes. Where no score is
 * finite G's loss is not a number, which ends training.
 *
 * @example
 * techniques: [topK({ gamma: 0.99, floor: 0.5 })]
 */
export const topK = defineTechnique("topK", checkedOptions, (o, context) => {
  let k: number | Tensor = context.batchSize;
  let counted: Tensor | undefined;
  if (o.perClass && context.classes < 1) {
    throw new UserError(
      `topK: \`perClass\` (=true) needs data with classes, and this data has ${insteadOfClasses(context)}`,
    );
  }
  const kAt = (rows: number, progress: Progress): number => {
    if (o.share !== undefined) {
      return keptByShare(rows, valueAt(o.share, progress), o.rounding as keyof typeof ROUNDING);
    }
    const { epoch, step } = progress;
    return keptOf(rows, Math.floor(o.everySteps === undefined ? epoch : step / o.everySteps), o);
  };
  return {
    name: "topK",
    graph: o.perClass
      ? { refused: "`perClass` reads scores and labels from the device in each step" }
      : { key: (_, { progress }) => [kAt(context.batchSize, progress)] },
    notes: (last) => notesOnIdle(o, context.batchSize, kAt(context.batchSize, last), last.epoch),
    insteadOfEpochs:
      o.share === undefined && o.everySteps === undefined && Math.max(o.gamma, o.floor) < 1 ? "everySteps" : undefined,
    select(realness, { progress }, labels) {
      counted ??= keep(Tensor.zeros([], { dtype: "int64", device: realness.device }));
      const batch = realness.shape[0]!;
      const kept = (rows: number): number => kAt(rows, progress);
      const most = kept(batch);
      const finite = realness.isfinite();
      // Where all are kept there is nothing to draw.
      const ranked = ranking(realness, finite, most === batch ? "top" : o.keep, context.rng);
      if (o.perClass && labels !== undefined) {
        const [order, usable, classOf] = [ranked, finite, labels].map((of) => Array.from(of.toArray(), Number));
        const rows = bestOfClasses(order!, usable!.map(Boolean), classOf!, kept);
        k = rows.length;
        if (k > 0) {
          return {
            rows: Tensor.fromArray(BigInt64Array.from(rows, BigInt)).to({ device: realness.device }),
            factor: o.reduce === "zeroed" ? k / batch : 1,
          };
        }
      }
      const { rows, valid } = firstOf(ranked, finite, most);
      const count = valid.sum();
      k = counted.copy_(count);
      return o.reduce === "zeroed"
        ? { rows, weights: valid, factor: most / batch }
        : { rows, weights: valid.mul(most).div(count), factor: 1 };
    },
    report: () => ({ k: typeof k === "number" ? k : k.item() }),
    dispose: () => counted?.dispose(),
  };
});
