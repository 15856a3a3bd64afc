/** Logit centring (Lin et al. 2025, "Adversarial Flow Models"): keeps D's scores around 0. */
import { z } from "zod";
import { scheduled, valueAt } from "../optim/index.ts";
import { eachStep, hostNumber } from "../tensor/index.ts";
import { positive } from "./options.ts";
import { reportOf } from "./scheduled-report.ts";
import { defineTechnique } from "./technique.ts";

/**
 * Adds to D's loss, over the pairs of a batch,
 *
 *     weight * E[(D(x) + D(G(z)))^2]
 *
 * A relativistic loss knows differences of scores only, so that their level can drift without end; this term holds it. It has
 * no effect on the difference of a pair.
 *
 * - `weight` (default 0.01, the paper's): a number or a schedule ({@link cosine}).
 *
 * @throws UserError when the weight is not above 0.
 *
 * @example
 * loss: relativistic(), techniques: [logitCentring()]
 */
export const logitCentring = defineTechnique(
  "logitCentring",
  z.strictObject({ weight: scheduled(positive).default(0.01) }),
  ({ weight }) => {
    const report = reportOf({ logitCentringWeight: weight });
    return {
      name: "logitCentring",
      graph: {},
      discriminatorPenalty({ realOutput, fakeOutput }, gan) {
        eachStep(() => report.at(gan.progress));
        const weightNow = hostNumber(() => valueAt(weight, gan.progress));
        return realOutput.score.add(fakeOutput.score).square().mean().mul(weightNow);
      },
      report: report.numbers,
    };
  },
);
