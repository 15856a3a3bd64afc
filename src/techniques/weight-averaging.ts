/** Averaged generator weights as a technique: the average is what samples and scores are drawn with. */
import { z } from "zod";
import { describe } from "../base/descriptor.ts";
import { WeightAveraging } from "../optim/index.ts";
import type { Game, Technique, TechniqueContext, TechniqueState } from "./technique.ts";

const options = z.strictObject({
  decay: z.number().min(0, "must be at least 0").lt(1, "must be below 1").default(0.999),
  start: z.int("must be a whole number of steps").min(0, "must be at least 0").default(0),
  warmUp: z.boolean().default(false),
});

/**
 * Keeps average <- decay * average + (1 - decay) * weights over the generator's updates (Karras et al. 2018, section 4;
 * Yazıcı et al. 2019). Training itself is unchanged. Options and defaults are those of {@link WeightAveraging}.
 *
 * Throws UserError for an option out of range.
 *
 * @example
 * techniques: [weightAveraging({ decay: 0.999 })]
 */
export const weightAveraging = describe(
  "technique",
  "weightAveraging",
  options,
  (o, _context: TechniqueContext): Technique => {
    let average: WeightAveraging | undefined;
    const prepared = (): WeightAveraging => {
      if (average === undefined) throw new Error("weightAveraging: used before the run was prepared");
      return average;
    };
    return {
      name: "weightAveraging",
      prepare(game: Game) {
        average = new WeightAveraging(game.generator, o);
      },
      afterStep(player) {
        if (player === "generator") prepared().update();
      },
      sampler: (sample) => prepared().use(sample),
      state: () => ({ tensors: prepared().state(), numbers: prepared().scalars() }),
      load: ({ tensors, numbers }: TechniqueState) => prepared().load(tensors, numbers),
    };
  },
);
