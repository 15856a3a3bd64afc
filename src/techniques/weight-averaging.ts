/** Averaged weights as a technique: the average is what samples and scores are made with. */
import { z } from "zod";
import { WeightAveraging } from "../optim/index.ts";
import { type CarriedParts, loadParts, stateOfParts } from "./carried-parts.ts";
import {
  defineTechnique,
  type Gan,
  type Player,
  type Technique,
  type TechniqueContext,
  type TechniqueState,
} from "./technique.ts";

const PLAYERS = ["generator", "discriminator"] as const;

const options = z.strictObject({
  decay: z.number().min(0, "must be at least 0").lt(1, "must be below 1").default(0.999),
  start: z.int("must be a whole number of steps").min(0, "must be at least 0").default(0),
  warmUp: z.boolean().default(false),
  players: z.enum(["generator", "discriminator", "both"]).default("generator"),
});

/**
 * Keeps average <- decay * average + (1 - decay) * weights over a player's updates (Karras et al. 2018, appendix A.1;
 * Yazıcı et al. 2019). Training itself is unchanged. Options and defaults are those of {@link WeightAveraging}, and
 *
 * - `players` (default "generator"): whose weights. An averaged discriminator matters where it is used after training, as
 *   the classifier of `semiSupervised`; its updates are counted by themselves.
 *
 * @throws UserError for an option out of range.
 *
 * @example
 * techniques: [weightAveraging({ decay: 0.999 })]
 */
export const weightAveraging = defineTechnique(
  "weightAveraging",
  options,
  ({ players, ...o }, _context: TechniqueContext): Technique => {
    const averages = new Map<Player, WeightAveraging>();
    const prepared = (): [Player, WeightAveraging][] => {
      if (averages.size === 0) throw new Error("weightAveraging: used before the run was prepared");
      return [...averages];
    };
    const parts = (): CarriedParts => prepared().map(([player, average]) => [prefixOf(player), average]);
    return {
      name: "weightAveraging",
      after: { dataDependentInitialisation: "the average begins with the weights that this one sets" },
      averages: players === "both" ? PLAYERS : [players],
      prepare(gan: Gan) {
        for (const player of PLAYERS) {
          if (players === player || players === "both") averages.set(player, new WeightAveraging(gan[player], o));
        }
      },
      afterStep: (player) => averages.get(player)?.update(),
      sampler: <T>(sample: () => T): T =>
        prepared().reduce<() => T>(
          (inner, [, average]) =>
            () =>
              average.use(inner),
          sample,
        )(),
      state: () => stateOfParts(parts()),
      load: (state: TechniqueState) => loadParts(parts(), state),
    };
  },
);

/** The generator's average is stored without one, as when there was no other. */
const prefixOf = (player: Player): string => (player === "generator" ? "" : "of discriminator: ");
