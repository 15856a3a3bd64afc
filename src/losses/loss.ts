/** Loss: the objectives of D and G, and two transformations of D's score. */
import type { z } from "zod";
import { type Descriptor, definer } from "../base/descriptor.ts";
import { UserError } from "../base/errors.ts";
import type { Tensor } from "../tensor/index.ts";

/**
 * Targets of D's objective other than the usual ones: a number for all images, or one per image [B] (label smoothing,
 * Salimans et al. 2016, section 3.4).
 */
export interface LossTargets {
  /** Target of D(x). */
  readonly real?: number | Tensor;
  /** Target of D(G(z)). */
  readonly fake?: number | Tensor;
}

/**
 * Both players minimise. Scores are D's outputs [B] before any sigmoid. Every value is per sample, [B]: techniques can
 * choose rows, and the step takes the mean.
 */
export interface Loss {
  /** The kind, for messages. */
  readonly name: string;
  /** The usual targets of real and generated images; undefined where the objective has none, and refuses them. */
  readonly usualTargets: { readonly real: number; readonly fake: number } | undefined;
  /** Bound of D's weights: they are clamped to [-clip, clip] after each update of D. */
  readonly clip?: number;
  /**
   * What D minimises: mean(real) + mean(fake), from the scores of real and generated images. Row i of `real` and row i
   * of `fake` can be taken as a pair.
   *
   * @throws UserError when `targets` are given to a loss that has none.
   */
  discriminator(real: Tensor, fake: Tensor, targets?: LossTargets): { real: Tensor; fake: Tensor };
  /** Whether {@link generator} needs the scores of real images. */
  readonly pairs?: boolean;
  /**
   * What G minimises, from the scores [B] of generated images. A loss with {@link pairs} also gets the scores [B] of a
   * new batch of real images, row i a pair with row i of `fake`. They have no graph.
   */
  generator(fake: Tensor, real?: Tensor): Tensor;
  /** The score, turned so that larger is more real: what top-k ranks by. */
  realness(score: Tensor): Tensor;
  /** D(x) in [0, 1] for display. Only the cross-entropies give it a meaning as a probability. */
  probability(score: Tensor): Tensor;
}

/**
 * Defines a loss: its kind, the zod schema of its options, and a function that makes the {@link Loss} from them.
 *
 * @throws UserError when a loss that ships with Gantry has the same kind.
 *
 * @example
 * const wide = defineLoss("wide", z.strictObject({ margin: z.number().default(2) }), ({ margin }) => ({
 *   name: "wide",
 *   usualTargets: undefined,
 *   discriminator: (real, fake) => ({ real: real.neg().add(margin).relu(), fake: fake.add(margin).relu() }),
 *   generator: (fake) => fake.neg(),
 *   realness: (score) => score,
 *   probability: (score) => score.sigmoid(),
 * }));
 */
export const defineLoss: <S extends z.ZodObject>(
  kind: string,
  options: S,
  make: (options: z.output<S>) => Loss,
) => (options?: z.input<S>) => Descriptor<"loss", undefined, Loss> = definer<"loss", undefined, Loss>("loss");

/** @throws UserError when targets are given to a loss without any. */
export function refuseTargets(loss: string, targets: LossTargets | undefined): void {
  if (targets?.real === undefined && targets?.fake === undefined) return;
  throw new UserError(
    `${loss}: targets have no meaning here; label smoothing needs nonSaturating, minimax or leastSquares`,
  );
}
