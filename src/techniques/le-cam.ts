/** LeCam regularisation (Tseng et al. 2021, "Regularizing Generative Adversarial Networks under Limited Data", section 3.2). */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { keep, noGrad, Tensor } from "../tensor/index.ts";
import { defineTechnique, type Technique, type TechniqueContext, type TechniqueState } from "./technique.ts";

const options = z.strictObject({
  weight: z.number().positive("must be above 0").default(0.3),
  decay: z.number().min(0, "must be at least 0").lt(1, "must be below 1").default(0.99),
  warmUp: z.int("must be a whole number of steps").min(0, "must be at least 0").default(1_000),
  oneSided: z.boolean().default(true),
});

/**
 * Adds to the discriminator's loss
 *
 *     weight * ( E[(D(x) - a_fake)^2] + E[(a_real - D(G(z)))^2] )
 *
 * where a_real and a_fake are exponential moving averages of the mean D(x) and D(G(z)), in which the batch at hand already
 * counts. It draws scores of either kind towards the average of the other, which bounds how sure D becomes.
 *
 * - `weight` (lambda, default 0.3, the authors' for BigGAN on CIFAR-10).
 * - `decay` (default 0.99): what stays of the averages in each update of the discriminator, from 0 to below 1.
 * - `warmUp` (default 1000): generator steps in which nothing is added and the averages are the last batch's means.
 * - `oneSided` (default true): max(0, D(x) - a_fake) and max(0, a_real - D(G(z))) are squared, as the authors' code has it;
 *   false is the paper's equation, where a score beyond the other kind's average is drawn back as well.
 *
 * The averages are in checkpoints.
 *
 * @throws UserError for an option out of range.
 *
 * @example
 * techniques: [leCam({ weight: 0.3 }), diffAugment({ policy: ["translation", "cutout"] })]
 */
export const leCam = defineTechnique("leCam", options, (o, { device }: TechniqueContext): Technique => {
  /** Of real images, of generated ones: [2]. */
  let averages: Tensor | undefined;
  let updates = 0;
  const prepared = (): Tensor => {
    if (averages === undefined) throw new Error("leCam: used before the run was prepared");
    return averages;
  };
  const distance = (difference: Tensor): Tensor => (o.oneSided ? difference.relu() : difference).square().mean();
  return {
    name: "leCam",
    prepare() {
      averages = keep(Tensor.zeros([2], { device }));
    },
    discriminatorPenalty({ realOutput: judgedReal, fakeOutput: judgedFake }, { progress }) {
      const [real, fake] = [judgedReal.score, judgedFake.score];
      const warming = progress.step < o.warmUp;
      noGrad(() => {
        const means = Tensor.stack([real.mean(), fake.mean()]);
        const decay = warming || updates === 0 ? 0 : o.decay;
        prepared()
          .mul_(decay)
          .add_(means, 1 - decay);
      });
      updates++;
      if (warming) return undefined;
      const [averageReal, averageFake] = [prepared().select(0, 0), prepared().select(0, 1)];
      return distance(real.sub(averageFake))
        .add(distance(averageReal.sub(fake)))
        .mul(o.weight);
    },
    state: () => ({ tensors: new Map([["averages", prepared()]]), numbers: { updates } }),
    load({ tensors, numbers }: TechniqueState) {
      const saved = tensors.get("averages");
      if (saved === undefined || numbers.updates === undefined) {
        throw new UserError("leCam: the checkpoint does not have the averages of the scores");
      }
      noGrad(() => prepared().copy_(saved));
      updates = numbers.updates;
    },
  };
});
