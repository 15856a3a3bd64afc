/** Historical averaging (Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.3). */
import { z } from "zod";
import { HistoricalAverage } from "../optim/index.ts";
import { type CarriedParts, loadParts, stateOfParts } from "./carried-parts.ts";
import {
  defineTechnique,
  type Gan,
  type Player,
  type Technique,
  type TechniqueContext,
  type TechniqueState,
} from "./technique.ts";

const options = z.strictObject({
  weight: z.number().positive("must be above 0").default(0.01),
  players: z.enum(["both", "generator", "discriminator"]).default("both"),
});

const PLAYERS = ["generator", "discriminator"] as const;

/**
 * Adds to each player's cost
 *
 *     weight * |theta - (1/t) sum_{i=1..t} theta[i]|^2
 *
 * over the values theta[1] ... theta[t] of its own parameters so far, so that players that circle each other are drawn to
 * the middle of their orbits. Loosely fictitious play.
 *
 * - `weight` (default 0.01): the paper names none, and its formula as it stands has 1. A choice; see below.
 * - `players` (default "both", the paper's): whose cost has the term.
 *
 * theta[1] are the initial weights, theta[t] the present ones, and t counts all updates of the player, the discriminator's
 * several a step too. The mean is a constant: the term's gradient is 2 weight (theta - mean), added to the player's
 * gradients. The logged losses are without the term; the log has it as `historyD` and `historyG`.
 *
 * What a weight does (docs/results/games.md): it must be large enough to damp the circling, and after that it is in the
 * way. The players lag behind their mean by gradient / (2 weight), and the mean follows them by 1/t of that: where all
 * updates point one way, t steps of gradient descent bring a player gradient * ln(t) / (2 weight), instead of
 * gradient * lr * t. The default is the largest power of ten that left networks most of their freedom: in the recipe
 * `mixture` with batches of 64 (one seed) the generator's |theta - mean|^2 was 9.0 after 1,500 steps with weight 0.001, 7.5
 * with 0.01, 1.1 with 0.1 and 0.2 with 1.
 *
 * Memory: 8 bytes a weight of each player.
 *
 * @throws UserError for an option out of range.
 *
 * @example
 * techniques: [historicalAveraging({ weight: 0.001 })]
 */
export const historicalAveraging = defineTechnique(
  "historicalAveraging",
  options,
  ({ weight, players }, _context: TechniqueContext): Technique => {
    const histories = new Map<Player, HistoricalAverage>();
    const parts = (): CarriedParts => [...histories].map(([player, history]) => [`${player}.`, history]);
    return {
      name: "historicalAveraging",
      after: { dataDependentInitialisation: "the average begins with the weights that this one sets" },
      prepare(gan: Gan) {
        for (const player of PLAYERS) {
          if (players === "both" || players === player) histories.set(player, new HistoricalAverage(gan[player]));
        }
      },
      gradients: (player, gradients) => histories.get(player)?.pull(gradients, weight) ?? gradients,
      afterStep: (player) => histories.get(player)?.update(),
      report() {
        const terms = [...histories].map(([player, history]) => {
          return [`history${player === "generator" ? "G" : "D"}`, weight * history.squaredDistance()] as const;
        });
        return Object.fromEntries(terms);
      },
      state: () => stateOfParts(parts()),
      load: (state: TechniqueState) => loadParts(parts(), state),
    };
  },
);
