/** Loss: an objective of the game, as the training step sees it: two halves and a reading of the score. */
import { definer } from "../base/descriptor.ts";
import { UserError } from "../base/errors.ts";
import type { Tensor } from "../tensor/index.ts";

/**
 * Targets of the discriminator's half other than the usual ones: one for all images, or one an image [B] (label smoothing,
 * Salimans et al. 2016, section 3.4).
 */
export interface LossTargets {
  /** What the score of a real image should say. */
  readonly real?: number | Tensor;
  /** What the score of a generated image should say. */
  readonly fake?: number | Tensor;
}

/**
 * Both players minimise. Every value is per sample, [B], so that techniques can choose rows; the step takes the mean.
 * Scores are the discriminator's raw outputs, before any sigmoid.
 */
export interface Loss {
  /** The kind, for messages. */
  readonly name: string;
  /** The usual targets of real and generated images; undefined where the objective has none: giving some is refused. */
  readonly usualTargets: { readonly real: number; readonly fake: number } | undefined;
  /** Bound of the discriminator's weights: its parameters are clamped to [-clip, clip] after each of its updates. */
  readonly clip?: number;
  /**
   * What the discriminator minimises: mean(real) + mean(fake).
   *
   * @throws UserError when `targets` is given to a loss that has none.
   */
  discriminator(real: Tensor, fake: Tensor, targets?: LossTargets): { real: Tensor; fake: Tensor };
  /** Whether {@link generator} needs the scores of real images. */
  readonly pairs?: boolean;
  /**
   * What G minimises, from the scores of generated images [B]. A loss that declares {@link pairs} also gets the scores [B] of
   * a new batch of real images, row by row a pair with `fake`.
   */
  generator(fake: Tensor, real?: Tensor): Tensor;
  /** The score turned so that larger means judged more real: what top-k ranks by. */
  realness(score: Tensor): Tensor;
  /** D(x) in [0, 1] for display; only the cross-entropies give it a meaning as a probability. */
  probability(score: Tensor): Tensor;
}

/**
 * Defines a loss: its kind, the zod schema of its options, and a function that makes the {@link Loss} from them.
 *
 * @example
 * const pull = defineLoss("pull", z.strictObject({ weight: z.number().default(1) }), ({ weight }) => ({ ... }));
 */
export const defineLoss = definer<"loss", undefined, Loss>("loss");

/** @throws UserError when targets are given to a loss without any. */
export function refuseTargets(loss: string, targets: LossTargets | undefined): void {
  if (targets?.real === undefined && targets?.fake === undefined) return;
  throw new UserError(
    `${loss}: targets have no meaning here; label smoothing needs nonSaturating, minimax or leastSquares`,
  );
}
