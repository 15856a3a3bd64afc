/** Feature matching (Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.1). */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import type { DataLoader } from "../data/index.ts";
import { noGrad, type Tensor } from "../tensor/index.ts";
import { squaredDiscrepancy } from "./mean-discrepancy.ts";
import { defineTechnique, type GeneratorPass, type Technique, type TechniqueContext } from "./technique.ts";

const BANDWIDTHS = [0.25, 0.5, 1, 2, 4];

const options = z
  .strictObject({
    norm: z.enum(["l2", "l1", "mmd"], "must be one of: l2, l1, mmd").default("l2"),
    layer: z.int("must be a whole number").max(-1, "must be -1 or below: it counts from the last layer").default(-1),
    mode: z.enum(["replace", "add"], "must be one of: replace, add").default("replace"),
    weight: z.number().positive("must be above 0").default(1),
    reduce: z.enum(["sum", "mean"], "must be one of: sum, mean").default("sum"),
    bandwidths: z.array(z.number().positive("must be above 0")).min(1, "must name at least one").optional(),
  })
  .refine(({ norm, bandwidths }) => norm === "mmd" || bandwidths === undefined, {
    path: ["bandwidths"],
    message: 'belong to the kernel of `norm: "mmd"`',
  })
  .refine(({ norm, reduce }) => norm !== "mmd" || reduce === "sum", {
    path: ["reduce"],
    message: 'is of the norms l2 and l1: with `norm: "mmd"` leave it at sum',
  });

type Options = z.output<typeof options>;

/**
 * The generator's objective is that statistics of its images equal those of real ones, f being the activations of a hidden
 * layer of the discriminator:
 *
 *     l2:   weight * |E f(x) - E f(G(z))|_2^2           (the paper's)
 *     l1:   weight * |E f(x) - E f(G(z))|_1             (the authors' code for CIFAR-10 and SVHN, as a mean)
 *     mmd:  weight * MMD^2(f(x), f(G(z)))               (matches all moments; Gretton et al. 2012, `squaredDiscrepancy`)
 *
 * The discriminator's update is unchanged. Expectations are means over a batch of real images, from an order of their own,
 * and over the generated images that the generator learns from (all, or those that topK keeps).
 *
 * - `norm` (default "l2").
 * - `layer` (default -1): which hidden layer, counted from the last; its activations after the nonlinearity, before noise
 *   or dropout, flattened.
 * - `mode` (default "replace"): "add" adds it to the loss's own generator half instead.
 * - `weight` (default 1): its factor. Of little effect on Adam in mode "replace".
 * - `reduce` (default "sum", the paper's norm): over the F features, for l2 and l1; "mean", as the authors' code has it, is
 *   1/F of that. Of no effect on mmd, which refuses "mean".
 * - `bandwidths` (default 0.25, 0.5, 1, 2, 4): of mmd's Gaussian kernels, in median distances between the features.
 *
 * Costs a forward pass of the discriminator over as many real images, without gradient.
 *
 * @throws UserError for an option out of range, and in the first step when the discriminator has fewer hidden layers.
 *
 * @example
 * techniques: [featureMatching({ norm: "l1", layer: -2 })]
 */
export const featureMatching = defineTechnique(
  "featureMatching",
  options,
  (o: Options, _context: TechniqueContext): Technique => {
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
      loaders: () => ({ real: {} }),
      prepare(_gan, loaders) {
        loader = loaders.real;
      },
      ...(o.mode === "replace" ? { generatorLoss: term } : { generatorPenalty: term }),
    };
  },
);

/** The activations [B, F] of a layer counted from the last, -1. */
function layerOf(hidden: readonly Tensor[], layer: number): Tensor {
  const found = hidden.at(layer);
  if (found !== undefined) return found.flatten(1);
  throw new UserError(
    `featureMatching.layer (= ${layer}): the discriminator has ${hidden.length} hidden layers, -1 to -${hidden.length}`,
  );
}

/** How far the features of generated images [M, F] are from those of real ones [N, F]. */
function difference(real: Tensor, fake: Tensor, { norm, reduce, bandwidths = BANDWIDTHS }: Options): Tensor {
  if (norm === "mmd") return squaredDiscrepancy(real, fake, bandwidths);
  const gap = fake.mean([0]).sub(real.mean([0]));
  const sizes = norm === "l2" ? gap.square() : gap.abs();
  return reduce === "sum" ? sizes.sum() : sizes.mean();
}
