/** What R1 and R2 (Mescheder et al. 2018) share: a penalty on the squared slope of D at its own images. */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { scheduled, valueAt } from "../optim/index.ts";
import { drawFor, eachStep, getRngState, hostNumber, type Tensor } from "../tensor/index.ts";
import { squaredNorms } from "./input-gradient.ts";
import { dueIn, isDue, lazily } from "./lazy-regularisation.ts";
import { positive } from "./options.ts";
import { reportOf } from "./scheduled-report.ts";
import type { DiscriminatorPass, Technique, TechniqueContext } from "./technique.ts";

export const zeroCentredOptions = z.strictObject({
  weight: scheduled(positive).default(10),
  ...lazily,
  finiteDifference: positive.optional(),
  images: z.enum(["raw", "augmented"]).default("raw"),
});

/** weight / 2 * E[|dD/dx|^2] at real or at generated images, or the same by finite differences. */
export function zeroCentredPenalty(
  name: "r1" | "r2",
  of: "real" | "fake",
  { weight, every, finiteDifference: sigma, images }: z.output<typeof zeroCentredOptions>,
  context: TechniqueContext,
): Technique {
  const raw = images === "raw";
  const place = raw ? ({ real: "rawReal", fake: "rawFake" } as const)[of] : of;
  const report = reportOf({ [`${name}Weight`]: weight });
  return {
    name,
    graph:
      sigma === undefined
        ? { key: (updates) => dueIn(updates, every) }
        : { refused: "`finiteDifference` looks whether the discriminator draws, which is read from the device" },
    throughAugmentation: raw && sigma !== undefined,
    inputGradients: (update) => (sigma === undefined && isDue(update, every) ? [place] : []),
    discriminatorPenalty(pass, gan) {
      eachStep(() => report.at(gan.progress));
      if (!isDue(pass.update, every)) return undefined;
      const squaredSlopes =
        sigma === undefined
          ? squaredNorms(pass.inputGradient(place))
          : squaredDifferences(pass, of, { sigma, raw, name }, context);
      return squaredSlopes.mean().mul(hostNumber(() => (valueAt(weight, gan.progress) * every) / 2));
    },
    report: report.numbers,
  };
}

/** ((D(x) - D(x + sigma e)) / sigma)^2 of each image x, [B]; e ~ N(0, 1) for each of its values. */
function squaredDifferences(
  pass: DiscriminatorPass,
  of: "real" | "fake",
  { sigma, raw, name }: { readonly sigma: number; readonly raw: boolean; readonly name: string },
  { rng, device }: TechniqueContext,
): Tensor {
  const [images, labels, output] =
    of === "real" ? [pass.real, pass.realLabels, pass.realOutput] : [pass.fake, pass.fakeLabels, pass.fakeOutput];
  const noise = drawFor(images.device, { of: "normal", shape: images.shape }, rng).to({ dtype: images.dtype });
  const change = noise.mul(sigma);
  const moved = images.add(raw ? pass.augmentedChange(of, change) : change);
  const before = getRngState(device);
  const { score } = pass.discriminate(moved, labels);
  if (before.ne(getRngState(device)).any().item() === 1) {
    throw new UserError(
      `\`${name}.finiteDifference\` (=${sigma}): the discriminator draws in each pass (dropout, noise), so its scores of close images are not close; leave \`finiteDifference\` out`,
    );
  }
  return output.score.sub(score).div(sigma).square();
}
