/** The gradient penalty of WGAN-GP (Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", algorithm 1). */
import { z } from "zod";
import { scheduled, valueAt } from "../optim/index.ts";
import { eachStep, hostNumber } from "../tensor/index.ts";
import { normPenalty, squaredGradientNorms, uniformPerSample } from "./input-gradient.ts";
import { dueIn, isDue, lazily } from "./lazy-regularisation.ts";
import { positive } from "./options.ts";
import { reportOf } from "./scheduled-report.ts";
import { defineTechnique } from "./technique.ts";

/**
 * Adds a penalty to D's loss at points on the lines between real images x and generated ones G(z):
 *
 *     weight * E[(|dD(y)/dy| - 1)^2],   y = e x + (1 - e) G(z),   e ~ U(0, 1) for each pair
 *
 * - `weight` (lambda, default 10): a number or a schedule ({@link cosine}).
 * - `every` (n, default 1): computes it in every n-th update of D, with n times the weight, as {@link r1} does.
 *
 * A conditional D gets the label of x.
 *
 * @throws UserError when an option is out of range.
 *
 * @example
 * loss: wasserstein(), techniques: [gradientPenalty({ weight: 10 })]
 */
export const gradientPenalty = defineTechnique(
  "gradientPenalty",
  z.strictObject({ weight: scheduled(positive).default(10), ...lazily }),
  ({ weight, every }, { rng }) => {
    const report = reportOf({ gradientPenaltyWeight: weight });
    return {
      name: "gradientPenalty",
      graph: { key: (updates) => dueIn(updates, every) },
      discriminatorPenalty(pass, gan) {
        eachStep(() => report.at(gan.progress));
        if (!isDue(pass.update, every)) return undefined;
        const { real, fake } = pass;
        const e = uniformPerSample(real, rng);
        const between = fake.add(real.sub(fake).mul(e)); // e x + (1 - e) G(z)
        return normPenalty(squaredGradientNorms(pass, between, pass.realLabels), 1).mul(
          hostNumber(() => valueAt(weight, gan.progress) * every),
        );
      },
      report: report.numbers,
    };
  },
);
