/** For techniques that build a network in a way of their own. */
import { UserError } from "../base/errors.ts";
import type { Player } from "./technique.ts";

/**
 * @throws UserError, in the name of `technique`, when the network that it describes was not `built`: a later technique
 * has then described that player anew, from its options, and what was to be in it would silently be missing.
 */
export function requireBuilt(technique: string, player: Player, built: boolean): void {
  if (built) return;
  throw new UserError(
    `\`${technique}\`: a technique after it in the recipe describes the ${player} anew and leaves it out; put \`${technique}\` after that one`,
  );
}
