/** Virtual batch normalisation (Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.5). */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { type ModelContext, ReferencedDiscriminator, ReferencedGenerator } from "../models/index.ts";
import { BatchNorm, type Module, VirtualBatchNorm } from "../nn/index.ts";
import { players, playersOf, whole } from "./options.ts";
import { requireBuilt } from "./prepared.ts";
import { defineTechnique, type Player, type Technique } from "./technique.ts";

const options = z.strictObject({
  in: players.default("generator"),
  size: whole(1, "samples").optional(),
});

/** A network with virtual batch norm in place of batch norm. @throws UserError when it has none. */
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
 * Puts virtual batch norm in place of every batch norm of a network. A sample is normalised by the statistics of a fixed
 * reference batch, with the sample itself mixed in with weight 1 / (R + 1). So the network's output for a sample does not depend
 * on the other samples of its batch, and is the same in train and evaluation mode. The formula is {@link VirtualBatchNorm}'s.
 *
 * - `in` (default "generator", the paper's use): "generator", "discriminator" or "both".
 * - `size` (R, default the batch size): samples of the reference batch. Each pass costs R samples more.
 *
 * G's reference batch are latents (and labels) from the run's random streams. D's are real samples before any augmentation. Both
 * are buffers of the network, `reference` and `reference_labels`, so checkpoints keep them.
 *
 * @throws UserError for an option out of range, and when the run is built for a network without batch norm.
 *
 * @example
 * techniques: [virtualBatchNorm()]
 */
export const virtualBatchNorm = defineTechnique("virtualBatchNorm", options, (o, context) => {
  const { size = context.batchSize } = o;
  const changed = playersOf(o.in);
  const built: { generator?: ReferencedGenerator; discriminator?: ReferencedDiscriminator } = {};
  const technique: Technique = {
    name: "virtualBatchNorm",
    graph: {},
    networks({ generator, discriminator }) {
      const buildGenerator = (inner: ModelContext): ReferencedGenerator => {
        built.generator = new ReferencedGenerator(inner, withVirtualNorms("generator", generator, inner), size);
        return built.generator;
      };
      const buildDiscriminator = (inner: ModelContext): ReferencedDiscriminator => {
        const network = withVirtualNorms("discriminator", discriminator, inner);
        built.discriminator = new ReferencedDiscriminator(inner, network, size);
        return built.discriminator;
      };
      return {
        generator: changed.includes("generator") ? { ...generator, build: buildGenerator } : generator,
        discriminator: changed.includes("discriminator")
          ? { ...discriminator, build: buildDiscriminator }
          : discriminator,
      };
    },
    prepare(gan, { reference }) {
      for (const player of changed) requireBuilt("virtualBatchNorm", player, built[player] !== undefined);
      // Given weights come with the reference batch that they were trained with, unless it was of other classes or sizes.
      const { generator, discriminator } = built;
      if (generator?.hasReference === false) generator.takeReference(gan.latents(size), gan.labels(size));
      // Without data the run is only sampled from, and the batch is loaded with D's weights.
      const real = discriminator?.hasReference === false ? reference?.next() : undefined;
      if (real !== undefined) discriminator!.takeReference(real.images, real.labels);
    },
  };
  if (o.in === "generator") return technique;
  return { ...technique, loaders: () => ({ reference: { batchSize: size } }) };
});
