/** What techniques check before they work. */
import { UserError } from "../base/errors.ts";
import type { Player } from "./technique.ts";

/**
 * What a technique made in its `prepare`.
 * @throws when that has not been called.
 */
export function prepared<T>(made: T | undefined, technique: string): T {
  if (made === undefined) throw new Error(`${technique}: used before \`prepare\` was called`);
  return made;
}

/**
 * For a technique that changes how a network is built.
 *
 * @throws UserError in its name when the network that it describes was not `built`: a later technique then describes that
 *   player from its options, and what this one adds would silently be missing.
 */
export function requireBuilt(technique: string, player: Player, built: boolean): void {
  if (built) return;
  throw new UserError(
    `\`${technique}\`: a technique after it in the recipe describes the ${player} again and leaves it out; put \`${technique}\` after that one`,
  );
}
