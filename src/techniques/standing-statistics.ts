/** Standing statistics (Brock et al. 2019, appendix C.1): what batch norm normalises by when samples are drawn. */
import { z } from "zod";
import { StandingStatistics } from "../nn/index.ts";
import { whole } from "./options.ts";
import { prepared } from "./prepared.ts";
import { defineTechnique, type Gan } from "./technique.ts";

const options = z.strictObject({
  batches: whole(1).default(100),
  batchSize: whole(2, "samples").optional(),
});

/**
 * Before samples are drawn, G's batch norms take new statistics: means over `batches` passes of new latents (and labels, as the
 * recipe distributes them), with the weights that the samples are drawn with. The running statistics of training lag behind the
 * weights, and do not belong to averaged weights at all. Training itself is unchanged.
 *
 * - `batches` (default 100, the paper's): passes whose statistics are averaged.
 * - `batchSize` (default the recipe's): samples in each.
 *
 * The latents come from a random stream of its own that is always put back: the same weights give the same statistics. They are
 * taken once for each state of the weights, at the first sample. It stands after `weightAveraging` in a recipe, to take the
 * statistics of the averages. Samples in train mode, or without averaged weights (`--no-averaged`), are without it. The formula
 * is {@link StandingStatistics}'s.
 *
 * @throws UserError for an option out of range, and when the run is built for a G without running statistics, or with
 *   `weightAveraging` after it.
 *
 * @example
 * techniques: [weightAveraging({ decay: 0.9999 }), standingStatistics({ batches: 16 })]
 */
export const standingStatistics = defineTechnique("standingStatistics", options, (o, context) => {
  const { rng } = context;
  const { batches, batchSize = context.batchSize } = o;
  let made: { readonly gan: Gan; readonly statistics: StandingStatistics } | undefined;
  /** Whether the statistics are those of the present weights. */
  let fresh = false;

  const collect = (gan: Gan, statistics: StandingStatistics): void => {
    const before = rng.getState();
    try {
      statistics.collect(batches, () => {
        gan.generator.forward(gan.latents(batchSize, rng), gan.labels(batchSize, rng));
      });
      fresh = true;
    } finally {
      rng.setState(before);
      before.dispose();
    }
  };

  return {
    name: "standingStatistics",
    graph: {},
    standing: { batches, batchSize },
    after: {
      weightAveraging: "its statistics are to be those of the averaged weights",
      powerAveraging: "its statistics are to be those of the averaged weights",
    },
    prepare(gan) {
      made = { gan, statistics: new StandingStatistics(gan.generator) };
    },
    afterStep() {
      fresh = false;
    },
    sampler(sample) {
      const { gan, statistics } = prepared(made, "standingStatistics");
      // In train mode each batch is normalised by its own statistics.
      if (gan.generator.training) return sample();
      if (!fresh) collect(gan, statistics);
      return statistics.use(sample);
    },
    // A checkpoint must not depend on when samples were drawn, so nothing is kept. But it has other weights.
    state: () => ({ tensors: new Map(), numbers: {} }),
    load() {
      fresh = false;
    },
    dispose: () => made?.statistics.dispose(),
  };
});
