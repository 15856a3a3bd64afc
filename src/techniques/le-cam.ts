/** LeCam regularisation (Tseng et al. 2021, "Regularizing Generative Adversarial Networks under Limited Data", section 3.2). */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { eachStep, keep, noGrad, Tensor } from "../tensor/index.ts";
import { decay, positive, whole } from "./options.ts";
import { prepared } from "./prepared.ts";
import { defineTechnique } from "./technique.ts";

const options = z.strictObject({
  weight: positive.default(0.3),
  decay: decay.default(0.99),
  warmUp: whole(0, "steps").default(1_000),
  oneSided: z.boolean().default(true),
});

/**
 * Pulls D's scores of each kind towards the average score of the other kind, which bounds how sure D becomes. Adds to D's
 * loss
 *
 *     weight * ( E[(D(x) - a_fake)^2] + E[(a_real - D(G(z)))^2] )
 *
 * where a_real and a_fake are exponential moving averages of the means of D(x) and D(G(z)), the present batch included.
 *
 * - `weight` (lambda, default 0.3, the authors' for BigGAN on CIFAR-10).
 * - `decay` (default 0.99): of the averages, per update of D.
 * - `warmUp` (default 1000): steps in which nothing is added and the averages are the last batch's means.
 * - `oneSided` (default true): squares max(0, D(x) - a_fake) and max(0, a_real - D(G(z))), as the authors' code does; false is
 *   the paper's equation.
 *
 * @throws UserError for an option out of range.
 *
 * @example
 * techniques: [leCam({ weight: 0.3 }), diffAugment({ policy: ["translation", "cutout"] })]
 */
export const leCam = defineTechnique("leCam", options, (o, { device }) => {
  let made: Tensor | undefined;
  /** [a_real, a_fake]; NaN until there was a first mean. */
  const averages = (): Tensor => prepared(made, "leCam");
  let updates = 0;
  const distance = (difference: Tensor): Tensor => (o.oneSided ? difference.relu() : difference).square().mean();
  return {
    name: "leCam",
    graph: {
      key: (coming, { progress }) => [
        Number(progress.step < o.warmUp),
        ...coming.map((_, i) => Number(updates + i === 0)),
      ],
    },
    prepare() {
      made = keep(Tensor.full([2], Number.NaN, { device }));
    },
    discriminatorPenalty({ realOutput: { score: real }, fakeOutput: { score: fake } }, { progress }) {
      const warming = progress.step < o.warmUp;
      noGrad(() => {
        const means = Tensor.stack([real.mean(), fake.mean()]);
        const kept = warming || updates === 0 ? 0 : o.decay;
        const moved = averages()
          .mul(kept)
          .add(means, 1 - kept);
        const next = Tensor.where(averages().isfinite(), moved, means);
        // An overflow of float16, whose update is skipped, would stay in them: 0 times NaN is NaN.
        averages().copy_(Tensor.where(means.isfinite(), next, averages()));
      });
      eachStep(() => updates++);
      if (warming) return undefined;
      const [averageReal, averageFake] = [averages().select(0, 0), averages().select(0, 1)];
      return distance(real.sub(averageFake))
        .add(distance(averageReal.sub(fake)))
        .mul(o.weight);
    },
    state: () => ({ tensors: new Map([["averages", averages()]]), numbers: { updates } }),
    load({ tensors, numbers }) {
      const saved = tensors.get("averages");
      if (saved === undefined || numbers.updates === undefined) {
        throw new UserError("leCam: the checkpoint does not have the averages of the scores");
      }
      noGrad(() => averages().copy_(saved));
      updates = numbers.updates;
    },
  };
});
