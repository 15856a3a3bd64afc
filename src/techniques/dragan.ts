/** DRAGAN (Kodali et al. 2017, "On Convergence and Stability of GANs", section 2.3). */
import { z } from "zod";
import { scheduled, valueAt } from "../optim/index.ts";
import { drawFor, eachStep, hostNumber } from "../tensor/index.ts";
import { normPenalty, squaredGradientNorms, uniformPerSample } from "./input-gradient.ts";
import { positive } from "./options.ts";
import { reportOf } from "./scheduled-report.ts";
import { defineTechnique } from "./technique.ts";

/**
 * Adds a penalty to D's loss at points around real images x:
 *
 *     weight * E[(|dD(y)/dy| - 1)^2],   y = x + a * noise * std(x) * u
 *
 * with a ~ U(0, 1) for each sample and u ~ U(0, 1) for each element. These points are on the lines between real samples and
 * their perturbed copies, where the authors' code evaluates the penalty. std(x) is the standard deviation of all elements of
 * the batch, without Bessel's correction.
 *
 * - `weight` (lambda, default 10): a number or a schedule ({@link cosine}).
 * - `noise` (default 0.5).
 *
 * @throws UserError when an option is not above 0.
 *
 * @example
 * loss: nonSaturating(), techniques: [dragan()]
 */
export const dragan = defineTechnique(
  "dragan",
  z.strictObject({ weight: scheduled(positive).default(10), noise: positive.default(0.5) }),
  ({ weight, noise }, { rng }) => {
    const report = reportOf({ draganWeight: weight });
    return {
      name: "dragan",
      graph: {},
      discriminatorPenalty(pass, gan) {
        eachStep(() => report.at(gan.progress));
        const { real } = pass;
        const a = uniformPerSample(real, rng);
        const u = drawFor(real.device, { of: "uniform", shape: real.shape }, rng);
        const spread = real.std(null, { correction: 0 }).mul(noise);
        const around = real.add(u.mul(a).mul(spread));
        const weightNow = hostNumber(() => valueAt(weight, gan.progress));
        return normPenalty(squaredGradientNorms(pass, around, pass.realLabels), 1).mul(weightNow);
      },
      report: report.numbers,
    };
  },
);
