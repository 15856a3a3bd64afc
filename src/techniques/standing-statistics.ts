/** Standing statistics as a technique (Brock et al. 2019, appendix C.1): what samples and scores normalise by. */
import { z } from "zod";
import { StandingStatistics } from "../nn/index.ts";
import { defineTechnique, type Gan, type Technique, type TechniqueContext } from "./technique.ts";

const options = z.strictObject({
  batches: z.int("must be a whole number").min(1, "must be at least 1").default(100),
  batchSize: z.int("must be a whole number of samples").min(2, "must be at least 2").optional(),
});

/**
 * Before the generator is sampled from, its batch norms' statistics are taken anew: means over `batches` passes of new
 * latents (and labels, as the recipe distributes them) with the weights that are sampled from. The running statistics of
 * training lag behind the weights, and belong to none where weights are averaged. Training itself is unchanged.
 *
 * - `batches` (default 100, the paper's): passes whose statistics are averaged.
 * - `batchSize` (default the recipe's): samples in each.
 *
 * The latents come from a stream of its own that never moves on: the same weights give the same statistics. They are taken
 * once for each state of the weights, at its first sample. It stands after `weightAveraging` in a recipe, so that the
 * averages are what the statistics are of; sampling in train mode, or without averaged weights (`--no-averaged`), is
 * sampling without it. The formula is {@link StandingStatistics}'s.
 *
 * @throws UserError for an option out of range, and when the run is built for a generator without running statistics or
 * stands before `weightAveraging`.
 *
 * @example
 * techniques: [weightAveraging({ decay: 0.9999 }), standingStatistics({ batches: 16 })]
 */
export const standingStatistics = defineTechnique(
  "standingStatistics",
  options,
  (o, { batchSize: usual, rng: random }: TechniqueContext): Technique => {
    const { batches, batchSize = usual } = o;
    let standing: StandingStatistics | undefined;
    let gan: Gan | undefined;
    /** Whether the statistics are those of the weights as they are. */
    let fresh = false;

    const collect = (into: StandingStatistics, gan: Gan): void => {
      const before = random.getState();
      try {
        into.collect(batches, () => {
          gan.generator.forward(gan.latents(batchSize, random), gan.labels(batchSize, random));
        });
        fresh = true;
      } finally {
        random.setState(before);
        before.dispose();
      }
    };

    return {
      name: "standingStatistics",
      standing: { batches, batchSize },
      after: { weightAveraging: "its statistics are to be those of the averaged weights" },
      prepare(built: Gan) {
        gan = built;
        standing = new StandingStatistics(built.generator);
      },
      afterStep() {
        fresh = false;
      },
      sampler<T>(sample: () => T): T {
        if (standing === undefined || gan === undefined)
          throw new Error("standingStatistics: used before the run was prepared");
        // In train mode each batch is normalised by its own statistics.
        if (gan.generator.training) return sample();
        if (!fresh) collect(standing, gan);
        return standing.use(sample);
      },
      // Nothing is kept: a checkpoint must not depend on when samples were drawn. But its weights are other ones.
      state: () => ({ tensors: new Map(), numbers: {} }),
      load() {
        fresh = false;
      },
      dispose: () => standing?.dispose(),
    };
  },
);
