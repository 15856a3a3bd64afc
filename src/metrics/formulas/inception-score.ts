/** The Inception Score (Salimans et al. 2016, section 4). */
import { counted } from "../../base/counted.ts";
import { noGrad, scope, type Tensor } from "../../tensor/index.ts";
import { inDouble, requireRows, requireWhole } from "./feature-rows.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** Options of {@link inceptionScore}. */
export interface InceptionScoreOptions {
  /** Into how many parts the samples are cut, in their order; default 10. */
  readonly splits?: number;
}

/**
 * exp(mean over x of KL(p(y|x) || p(y))), with p(y) the mean of p(y|x), for each split; mean and standard deviation
 * over the splits (the population's, as in the authors' code, so one split has 0).
 *
 * Between 1 (the same probabilities for every sample) and K (sure of every sample, all classes equally often). Split i of s holds
 * samples floor(iN/s) to floor((i+1)N/s) - 1; shuffle the rows beforehand where samples come sorted by class, for then
 * each split sees few classes. A split of n samples cannot score above n. From logits by log-softmax in float64, so
 * that probabilities that round to 0 count as 0 instead of NaN.
 *
 * @param logits [N, K], before the softmax.
 * @throws UserError for fewer samples than splits, NaN and infinities.
 *
 * @example
 * const { mean, std } = inceptionScore(logits, { splits: 10 });
 */
export function inceptionScore(logits: Tensor, { splits = 10 }: InceptionScoreOptions = {}): Spread {
  requireWhole(splits, "splits", 1);
  requireRows(logits, `logits in ${counted(splits, "split")}`, splits);
  const count = logits.shape[0]!;
  return noGrad(() =>
    spreadOf(
      Array.from({ length: splits }, (_, i) => {
        const start = Math.floor((i * count) / splits);
        const end = Math.floor(((i + 1) * count) / splits);
        return scope(() => scoreOf(inDouble(logits.narrow(0, start, end - start))));
      }),
    ),
  );
}

function scoreOf(logits: Tensor): number {
  const given = logits.logSoftmax(1);
  // log p(y) = log mean p(y|x), summed as logarithms: p(y) must not vanish where some log p(y|x) does not.
  const marginal = given.logsumexp(0).sub(Math.log(logits.shape[0]!));
  return Math.exp(given.exp().mul(given.sub(marginal)).sum(1).mean().item());
}
