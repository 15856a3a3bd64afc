/** Cross-replica batch norm as a technique (Brock et al. 2019, section 3): what one process's batch norm sees, all see. */
import { z } from "zod";
import type { ModelContext } from "../models/index.ts";
import { CrossReplicaBatchNorm } from "../nn/index.ts";
import { defineTechnique, type Technique, type TechniqueContext } from "./technique.ts";

/**
 * In every place of batch norm, in both networks, stands {@link CrossReplicaBatchNorm}: several workers normalise with the
 * statistics of the whole batch instead of each with those of its share, and so make the update that one would make. With
 * one process it changes nothing.
 *
 * @example
 * techniques: [crossReplicaBatchNorm()]
 */
export const crossReplicaBatchNorm = defineTechnique(
  "crossReplicaBatchNorm",
  z.strictObject({}),
  (_options, _context: TechniqueContext): Technique => ({
    name: "crossReplicaBatchNorm",
    without: { virtualBatchNorm: "both stand in the place of batch norm" },
    networks: ({ generator, discriminator }) => ({
      generator: { ...generator, build: (context) => generator.build(synchronised(context)) },
      discriminator: { ...discriminator, build: (context) => discriminator.build(synchronised(context)) },
    }),
  }),
);

function synchronised(context: ModelContext): ModelContext {
  return {
    ...context,
    batchNorm: (build, dimensions, channels, options) =>
      new CrossReplicaBatchNorm(build, dimensions, channels, options),
  };
}
