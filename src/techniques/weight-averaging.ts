/** Weight averaging (Karras et al. 2018, appendix A.1; Yazıcı et al. 2019): samples and scores are made with the average. */
import { z } from "zod";
import { WeightAveraging } from "../optim/index.ts";
import { decay, players, playersOf, whole } from "./options.ts";
import { loadParts, type StateParts, stateOfParts } from "./state-parts.ts";
import { defineTechnique, type Player } from "./technique.ts";

const options = z.strictObject({
  decay: decay.default(0.999),
  start: whole(0, "steps").default(0),
  warmUp: z.boolean().default(false),
  players: players.default("generator"),
});

/**
 * Keeps an exponential moving average over a player's updates:
 *
 *     average <- decay * average + (1 - decay) * weights
 *
 * Training itself is unchanged. `decay`, `start` and `warmUp` are the options of {@link WeightAveraging}.
 *
 * - `players` (default "generator"): whose weights. An averaged D matters where D is used after training, as the classifier of
 *   `semiSupervised`.
 *
 * @throws UserError for an option out of range.
 *
 * @example
 * techniques: [weightAveraging({ decay: 0.999 })]
 */
export const weightAveraging = defineTechnique("weightAveraging", options, ({ players, ...o }) => {
  const averages = new Map<Player, WeightAveraging>();
  const parts = (): StateParts => [...averages].map(([player, average]) => [prefixOf(player), average]);
  return {
    name: "weightAveraging",
    after: { dataDependentInitialisation: "the average begins with the weights that this one sets" },
    averages: playersOf(players),
    prepare(gan) {
      for (const player of playersOf(players)) averages.set(player, new WeightAveraging(gan[player], o));
    },
    afterStep: (player) => averages.get(player)?.update(),
    sampler: (sample) => [...averages.values()].reduce((inner, average) => () => average.use(inner), sample)(),
    state: () => stateOfParts(parts()),
    load: (state) => loadParts(parts(), state),
  };
});

/** In checkpoints G's average has no prefix. */
const prefixOf = (player: Player): string => (player === "generator" ? "" : "of discriminator: ");
