/** Feature matching (Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.1). */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import type { DataLoader } from "../data/index.ts";
import { noGrad, type Tensor } from "../tensor/index.ts";
import { squaredDiscrepancy } from "./mean-discrepancy.ts";
import { positive } from "./options.ts";
import { defineTechnique, type GeneratorPass } from "./technique.ts";

const BANDWIDTHS = [0.25, 0.5, 1, 2, 4];

const options = z
  .strictObject({
    norm: z.enum(["l2", "l1", "mmd"], "must be one of: l2, l1, mmd").default("l2"),
    layer: z.int("must be a whole number").max(-1, "must be -1 or below: it counts from the last layer").default(-1),
    mode: z.enum(["replace", "add"], "must be one of: replace, add").default("replace"),
    weight: positive.default(1),
    reduce: z.enum(["sum", "mean"], "must be one of: sum, mean").default("sum"),
    bandwidths: z.array(positive).min(1, "must name at least one").optional(),
  })
  .refine(({ norm, bandwidths }) => norm === "mmd" || bandwidths === undefined, {
    path: ["bandwidths"],
    message: 'needs `norm: "mmd"`, of whose kernel it is',
  })
  .refine(({ norm, reduce }) => norm !== "mmd" || reduce === "sum", {
    path: ["reduce"],
    message: 'is of the norms l2 and l1: with `norm: "mmd"` leave it at sum',
  });

type Options = z.output<typeof options>;

/**
 * G's objective is that statistics of its images equal those of real ones. f(x) are the activations of a hidden layer of D:
 *
 *     l2:   weight * |E f(x) - E f(G(z))|_2^2           (the paper's)
 *     l1:   weight * |E f(x) - E f(G(z))|_1             (the authors' code for CIFAR-10 and SVHN, as a mean)
 *     mmd:  weight * MMD^2(f(x), f(G(z)))               (all moments; Gretton et al. 2012, `squaredDiscrepancy`)
 *
 * D's update is unchanged. The expectations are means over a batch of real images, from an auxiliary loader, and over the
 * generated images that G learns from (all, or those that topK selects).
 *
 * - `norm` (default "l2").
 * - `layer` (default -1): the hidden layer, counted from the last. Its activations are taken after the nonlinearity, before
 *   noise or dropout, and flattened.
 * - `mode` (default "replace"): "add" adds the term to the loss's generator half instead.
 * - `weight` (default 1): has little effect on Adam in mode "replace".
 * - `reduce` (default "sum", the paper's norm): over the F features, for l2 and l1; "mean", as in the authors' code, is 1/F of
 *   that. mmd refuses "mean".
 * - `bandwidths` (default 0.25, 0.5, 1, 2, 4): of mmd's Gaussian kernels, in median distances between the features.
 *
 * It costs a forward pass of D over a batch of real images, without gradient.
 *
 * @throws UserError for an option out of range, and in the first step when D has fewer hidden layers.
 *
 * @example
 * techniques: [featureMatching({ norm: "l1", layer: -2 })]
 */
export const featureMatching = defineTechnique("featureMatching", options, (o) => {
  let loader: DataLoader | undefined;
  const term = (pass: GeneratorPass): Tensor => {
    const real = noGrad(() => {
      const { images, labels } = loader!.next();
      return layerOf(pass.discriminate(pass.augment(images, "real"), labels).hidden, o.layer);
    });
    return difference(real, layerOf(pass.selectedOutput.hidden, o.layer), o).mul(o.weight);
  };
  return {
    name: "featureMatching",
    graph: {},
    loaders: () => ({ real: {} }),
    prepare(_gan, loaders) {
      loader = loaders.real;
    },
    ...(o.mode === "replace" ? { generatorLoss: term } : { generatorPenalty: term }),
  };
});

/** The activations [B, F] of a layer counted from the last, -1. */
function layerOf(hidden: readonly Tensor[], layer: number): Tensor {
  const found = hidden.at(layer);
  if (found !== undefined) return found.flatten(1);
  throw new UserError(
    `\`featureMatching.layer\` (=${layer}): the discriminator has ${hidden.length} hidden layers, -1 to -${hidden.length}`,
  );
}

/** How far the features of generated images [M, F] are from those of real ones [N, F]. */
function difference(real: Tensor, fake: Tensor, { norm, reduce, bandwidths = BANDWIDTHS }: Options): Tensor {
  if (norm === "mmd") return squaredDiscrepancy(real, fake, bandwidths);
  const gap = fake.mean([0]).sub(real.mean([0]));
  const sizes = norm === "l2" ? gap.square() : gap.abs();
  return reduce === "sum" ? sizes.sum() : sizes.mean();
}
