/** One-sided label smoothing (Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.4), and noisy labels. */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { drawFor, Tensor } from "../tensor/index.ts";
import { defineTechnique } from "./technique.ts";

const A_TARGET = "must be a number, or the ends of a range such as [0.7, 1.2]";
const range = z.tuple([z.number(), z.number()]).refine(([low, high]) => low <= high, A_TARGET);
const target = z.union([z.number(), range], A_TARGET);

const options = z.strictObject({
  real: target.default(0.9),
  fake: target.optional(),
  flip: z.number().min(0, "must be at least 0").lt(0.5, "must be below 0.5").default(0),
});

type Target = z.output<typeof target>;

/**
 * D's target for real images is `real` instead of 1, so that nothing rewards it for being surer than that. With alpha the target
 * of real images and beta that of generated ones, the best D is
 *
 *     D(x) = (alpha p_data(x) + beta p_model(x)) / (p_data(x) + p_model(x))
 *
 * With beta above 0, p_model is in the numerator: where p_data is about 0, generated samples have no reason to move. Hence
 * smoothing is one-sided unless `fake` is given.
 *
 * - `real` (default 0.9; the authors' code for ImageNet has 0.75): alpha. A range [low, high] draws a target for each image.
 * - `fake` (default: the loss's own, 0): beta, likewise. Other than 0 it is two-sided smoothing.
 * - `flip` (default 0): with this probability an image gets the target of the other side.
 *
 * Ranges and `flip` are "noisy labels", as practitioners use them, drawn in each update. In expectation they are smoothing, with
 * the mean of a range as target, and with alpha (1 - flip) + beta flip for alpha and beta (1 - flip) + alpha flip for beta:
 * cross-entropy is linear in the target, and least squares is up to a constant. They add noise to the gradients.
 *
 * Targets are on the scale of the loss's own (`loss.usualTargets`).
 *
 * @throws UserError for an option out of range; when the GAN is built with a loss that has no targets (hinge, wasserstein); and
 *   where the mean target of real images is not above that of generated ones, or one lies outside of the loss's own two.
 *
 * @example
 * loss: nonSaturating(), techniques: [labelSmoothing()]
 */
export const labelSmoothing = defineTechnique(
  "labelSmoothing",
  options,
  ({ real, fake, flip }, { rng, device = "cpu" }) => {
    const uniform = (count: number): Tensor => drawFor(device, { of: "uniform", shape: [count] }, rng);
    const drawn = (of: Target, count: number): Tensor =>
      typeof of === "number"
        ? Tensor.full([count], of, { device })
        : uniform(count)
            .mul(of[1] - of[0])
            .add(of[0]);
    const fixed =
      flip === 0 && typeof real === "number" && !Array.isArray(fake)
        ? { real, ...(fake === undefined ? {} : { fake }) }
        : undefined;
    return {
      name: "labelSmoothing",
      graph: {},
      prepare: ({ loss }) => refuseOutside({ real, fake }, loss.usualTargets),
      targets({ loss }, count) {
        if (fixed !== undefined) return fixed;
        const other = fake ?? loss.usualTargets!.fake;
        const of = (own: Target, foreign: Target): Tensor => {
          const targets = drawn(own, count);
          return flip === 0 ? targets : Tensor.where(uniform(count).lt(flip), drawn(foreign, count), targets);
        };
        return { real: of(real, other), fake: of(other, real) };
      },
    };
  },
);

const meanOf = (of: Target): number => (typeof of === "number" ? of : (of[0] + of[1]) / 2);

/** @throws UserError unless targets lie between the loss's own two, that of real images above: others have no optimum. */
function refuseOutside(
  given: { real: Target; fake: Target | undefined },
  usual: { real: number; fake: number } | undefined,
): void {
  if (usual === undefined) return; // The loss is refused with the other conflicts.
  for (const side of ["real", "fake"] as const) {
    const of = given[side];
    if (of === undefined || (meanOf(of) >= usual.fake && meanOf(of) <= usual.real)) continue;
    throw new UserError(
      `\`labelSmoothing.${side}\` (=${JSON.stringify(of)}) must lie between the loss's own targets, ${usual.fake} and ${usual.real}, on average`,
    );
  }
  const [real, fake] = [given.real, given.fake ?? usual.fake];
  if (meanOf(real) > meanOf(fake)) return;
  throw new UserError(
    `\`labelSmoothing.real\` (=${JSON.stringify(real)}) must be above the target of generated images (=${JSON.stringify(fake)}) on average`,
  );
}
