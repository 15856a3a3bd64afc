/** Virtual batch normalisation (Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.5). */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { type ModelContext, ReferencedDiscriminator, ReferencedGenerator } from "../models/index.ts";
import { BatchNorm, type Module, VirtualBatchNorm } from "../nn/index.ts";
import { requireBuilt } from "./require-built.ts";
import {
  defineTechnique,
  type Gan,
  type NetworkDescriptors,
  type Player,
  type Technique,
  type TechniqueContext,
} from "./technique.ts";

const options = z.strictObject({
  in: z.enum(["generator", "discriminator", "both"]).default("generator"),
  size: z.int("must be a whole number of samples").min(1, "must be at least 1").optional(),
});

/**
 * Builds a network with virtual batch norm in the places of batch norm.
 * @throws UserError when there are none.
 */
function withVirtualNorms<N extends Module>(
  player: Player,
  { kind, build }: { readonly kind: string; build(context: ModelContext): N },
  context: ModelContext,
): N {
  const network = build({
    ...context,
    batchNorm: (inner, _dimensions, channels, norm) => new VirtualBatchNorm(inner, channels, norm),
  });
  const modules = network.modules();
  const problem = modules.some((module) => module instanceof BatchNorm)
    ? "makes batch norm of its own, which cannot be exchanged"
    : modules.some((module) => module instanceof VirtualBatchNorm)
      ? undefined
      : "has no batch norm that it could take the place of";
  if (problem === undefined) return network;
  throw new UserError(`\`virtualBatchNorm\`: the ${player} \`${kind}\` ${problem}; see its options and \`in\``);
}

/**
 * Puts virtual batch norm in the place of every batch norm of a network: a sample is normalised by the statistics of a
 * reference batch, which is chosen once, with the sample itself mixed in with weight 1 / (R + 1). What a network makes of a
 * sample then does not depend on the other samples of its batch, and is the same in train and evaluation mode.
 *
 * - `in` (default "generator", the paper's use): "generator", "discriminator" or "both".
 * - `size` (R, default the batch size): samples of the reference batch. Each pass costs R samples more.
 *
 * The generator's reference batch are latents (and labels) from the run's streams, the discriminator's are real samples
 * as the data has them, before any augmentation. Both are buffers of the network, `reference` and `reference_labels`, so that
 * checkpoints keep them and a stored run is sampled from with the same. The formula is {@link VirtualBatchNorm}'s.
 *
 * @throws UserError for an option out of range, and when the run is built for a network without batch norm.
 *
 * @example
 * techniques: [virtualBatchNorm()]
 */
export const virtualBatchNorm = defineTechnique(
  "virtualBatchNorm",
  options,
  (o, { batchSize }: TechniqueContext): Technique => {
    const size = o.size ?? batchSize;
    let maker: ReferencedGenerator | undefined;
    let judge: ReferencedDiscriminator | undefined;
    const technique: Technique = {
      name: "virtualBatchNorm",
      networks({ generator, discriminator }: NetworkDescriptors): NetworkDescriptors {
        const makeGenerator = (context: ModelContext): ReferencedGenerator => {
          maker = new ReferencedGenerator(context, withVirtualNorms("generator", generator, context), size);
          return maker;
        };
        const makeDiscriminator = (context: ModelContext): ReferencedDiscriminator => {
          judge = new ReferencedDiscriminator(context, withVirtualNorms("discriminator", discriminator, context), size);
          return judge;
        };
        return {
          generator: o.in === "discriminator" ? generator : { ...generator, build: makeGenerator },
          discriminator: o.in === "generator" ? discriminator : { ...discriminator, build: makeDiscriminator },
        };
      },
      prepare(gan: Gan, loaders) {
        if (o.in !== "discriminator") requireBuilt("virtualBatchNorm", "generator", maker !== undefined);
        if (o.in !== "generator") requireBuilt("virtualBatchNorm", "discriminator", judge !== undefined);
        // Given weights bring the reference batch along that they were trained with.
        if (gan.hasGivenWeights) return;
        maker?.takeReference(gan.latents(size), gan.labels(size));
        // Without data the run is only sampled from, and the batch comes back with the discriminator's weights.
        const real = loaders.reference?.next();
        if (real !== undefined) judge?.takeReference(real.images, real.labels);
      },
    };
    if (o.in === "generator") return technique;
    return { ...technique, loaders: () => ({ reference: { batchSize: size } }) };
  },
);
