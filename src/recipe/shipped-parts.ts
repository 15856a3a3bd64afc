/**
 * Imports every part that Gantry ships, which registers its kind, before any file of a user. So `--set
 * loss=wasserstein` finds a loss that the recipe's file never mentioned, and a user's own parts can be distinguished.
 */
import { ARRAYS } from "../data/index.ts";
import "../losses/index.ts";
import "../metrics/index.ts";
import "../models/index.ts";
import "../optim/index.ts";
import "../techniques/index.ts";
import { isShipped, sealShipped } from "../base/descriptor.ts";
import { partsOf } from "./parts.ts";
import type { Recipe } from "./recipe.ts";

sealShipped();

/**
 * The paths of a recipe's parts that only its file can make: parts that Gantry does not ship, and arrays in memory.
 * That file must be imported before a stored recipe can be rebuilt.
 */
export function ownParts(recipe: Recipe): string[] {
  return partsOf(recipe)
    .filter(([, { role, kind }]) => !isShipped(role, kind) || (role === "data" && kind === ARRAYS))
    .map(([path]) => path);
}
