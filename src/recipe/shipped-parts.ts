/**
 * Everything that Gantry ships registers its kinds by being imported here, before any file of a user's: so `--set
 * loss=wasserstein` finds a loss that the recipe's file never mentioned, and a user's own parts can be told apart.
 */
import "../data/index.ts";
import "../losses/index.ts";
import "../metrics/scores/index.ts";
import "../models/index.ts";
import "../optim/index.ts";
import "../techniques/index.ts";
import { kindsOf, schemaOf } from "../base/descriptor.ts";
import { partsOf } from "./parts.ts";
import type { Recipe } from "./recipe.ts";
import { lists, slots } from "./schema.ts";

const roles = [...new Set([...Object.values(slots), ...Object.values(lists)])];
const key = (role: string, kind: string) => `${role}/${kind}`;
const shipped = new Map(
  roles.flatMap((role) => kindsOf(role).map((kind) => [key(role, kind), schemaOf(role, kind)] as const)),
);

/**
 * The paths of a recipe's parts that Gantry does not ship: their definitions must be imported before the recipe can be
 * rebuilt from a file. A part that a user defined under a shipped kind counts as the user's.
 */
export function ownParts(recipe: Recipe): string[] {
  return partsOf(recipe)
    .filter(([, { role, kind }]) => shipped.get(key(role, kind)) !== schemaOf(role, kind))
    .map(([path]) => path);
}
