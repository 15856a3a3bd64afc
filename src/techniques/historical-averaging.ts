/** Historical averaging (Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.3). */
import { z } from "zod";
import { HistoricalAverage } from "../optim/index.ts";
import { letterOf, players, playersOf, positive } from "./options.ts";
import { loadParts, type StateParts, stateOfParts } from "./state-parts.ts";
import { defineTechnique, type Player } from "./technique.ts";

const options = z.strictObject({
  weight: positive.default(0.01),
  players: players.default("both"),
});

/**
 * Pulls each player to the mean of its past weights, so that players that circle each other come to the middle of their
 * orbits. Adds to each player's cost
 *
 *     weight * |theta - (1/t) sum_{i=1..t} theta[i]|^2
 *
 * where theta[1] are the initial weights, theta[t] the present ones, and t counts the player's updates. The mean is a constant:
 * the term's gradient, 2 weight (theta - mean), is added to the player's gradients. The logged losses are without the term;
 * the log has it as `historyD` and `historyG`.
 *
 * - `weight` (default 0.01): the paper names none, and its formula as it stands has 1.
 * - `players` (default "both", the paper's): whose cost has the term.
 *
 * The weight must be large enough to damp the circling. Beyond that it slows learning: a player lags behind its mean by
 * gradient / (2 weight), and the mean follows by 1/t of that. t steps of gradient descent in one direction then move a player
 * by gradient * ln(t) / (2 weight) instead of gradient * lr * t (docs/results/games.md). The default is the largest power of
 * ten that left networks most of their freedom: in the recipe `mixture` with batches of 64 (one seed) G's |theta - mean|^2 was
 * 9.0 after 1,500 steps with weight 0.001, 7.5 with 0.01, 1.1 with 0.1 and 0.2 with 1.
 *
 * It needs 8 bytes of memory per weight of each player.
 *
 * @throws UserError for an option out of range.
 *
 * @example
 * techniques: [historicalAveraging({ weight: 0.001 })]
 */
export const historicalAveraging = defineTechnique("historicalAveraging", options, (o) => {
  const histories = new Map<Player, HistoricalAverage>();
  const parts = (): StateParts => [...histories].map(([player, history]) => [`${player}.`, history]);
  return {
    name: "historicalAveraging",
    graph: { refused: "the share of the present weights in its mean is another one in each step" },
    after: { dataDependentInitialisation: "the average begins with the weights that this one sets" },
    prepare(gan) {
      for (const player of playersOf(o.players)) histories.set(player, new HistoricalAverage(gan[player]));
    },
    gradients: (player, gradients) => histories.get(player)?.pull(gradients, o.weight) ?? gradients,
    afterStep: (player) => histories.get(player)?.update(),
    report: () =>
      Object.fromEntries(
        [...histories].map(([player, history]) => [`history${letterOf(player)}`, o.weight * history.squaredDistance()]),
      ),
    state: () => stateOfParts(parts()),
    load: (state) => loadParts(parts(), state),
  };
});
