/** Cross-replica batch norm (Brock et al. 2019, section 3): the workers share their batch statistics. */
import { z } from "zod";
import type { ModelContext } from "../models/index.ts";
import { CrossReplicaBatchNorm } from "../nn/index.ts";
import { defineTechnique } from "./technique.ts";

/**
 * Puts {@link CrossReplicaBatchNorm} in place of every batch norm, in both networks (PyTorch: SyncBatchNorm). Several workers
 * then normalise with the statistics of the whole batch instead of those of their shares, and make the update that one process
 * would make. With one process it changes nothing.
 *
 * @example
 * techniques: [crossReplicaBatchNorm()]
 */
export const crossReplicaBatchNorm = defineTechnique("crossReplicaBatchNorm", z.strictObject({}), () => ({
  name: "crossReplicaBatchNorm",
  graph: {},
  without: { virtualBatchNorm: "both stand in the place of batch norm" },
  networks: ({ generator, discriminator }) => ({
    generator: { ...generator, build: (context) => generator.build(synchronised(context)) },
    discriminator: { ...discriminator, build: (context) => discriminator.build(synchronised(context)) },
  }),
}));

function synchronised(context: ModelContext): ModelContext {
  return {
    ...context,
    batchNorm: (build, dimensions, channels, options) =>
      new CrossReplicaBatchNorm(build, dimensions, channels, options),
  };
}
