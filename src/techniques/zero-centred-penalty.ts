/** What R1 and R2 (Mescheder et al. 2018) share: a penalty on the squared slope of D at its own images. */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { getRngState, Tensor } from "../tensor/index.ts";
import { squaredNorms } from "./input-gradient.ts";
import { isDue, lazily } from "./lazy-regularisation.ts";
import { positive } from "./options.ts";
import type { DiscriminatorPass, Technique, TechniqueContext } from "./technique.ts";

export const zeroCentredOptions = z.strictObject({
  weight: positive.default(10),
  ...lazily,
  finiteDifference: positive.optional(),
});

/** weight / 2 * E[|dD/dx|^2] at real or at generated images, or the same by finite differences. */
export function zeroCentredPenalty(
  name: string,
  of: "real" | "fake",
  { weight, every, finiteDifference: sigma }: z.output<typeof zeroCentredOptions>,
  context: TechniqueContext,
): Technique {
  return {
    name,
    inputGradients: (update) => (sigma === undefined && isDue(update, every) ? [of] : []),
    discriminatorPenalty(pass) {
      if (!isDue(pass.update, every)) return undefined;
      const squaredSlopes =
        sigma === undefined ? squaredNorms(pass.inputGradient(of)) : squaredDifferences(pass, of, sigma, name, context);
      return squaredSlopes.mean().mul((weight * every) / 2);
    },
  };
}

/** ((D(x) - D(x + sigma e)) / sigma)^2 of each image x, [B]; e ~ N(0, 1) for each of its values. */
function squaredDifferences(
  pass: DiscriminatorPass,
  of: "real" | "fake",
  sigma: number,
  name: string,
  { rng, device }: TechniqueContext,
): Tensor {
  const [images, labels, output] =
    of === "real" ? [pass.real, pass.realLabels, pass.realOutput] : [pass.fake, pass.fakeLabels, pass.fakeOutput];
  const noise = Tensor.randn(images.shape, { generator: rng }).to({ device: images.device, dtype: images.dtype });
  const before = getRngState(device);
  const { score } = pass.discriminate(images.add(noise.mul(sigma)), labels);
  if (before.ne(getRngState(device)).any().item() === 1) {
    throw new UserError(
      `\`${name}.finiteDifference\` (=${sigma}): the discriminator draws in each pass (dropout, noise), so its scores of close images are not close; leave \`finiteDifference\` out`,
    );
  }
  return output.score.sub(score).div(sigma).square();
}
