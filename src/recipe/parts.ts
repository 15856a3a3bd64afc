/** The parts of a recipe by the dotted path under which errors and `--set` name them. */
import type { Descriptor } from "../base/descriptor.ts";
import { slots } from "./schema.ts";

/** As much of a recipe as {@link partsOf} needs, so that it also serves before the recipe is complete. */
interface Parted {
  readonly techniques: readonly Descriptor[];
  readonly [key: string]: unknown;
}

/** The value at a dotted path, or undefined where the path leaves the object. */
export function at(value: unknown, path: readonly string[]): unknown {
  let here = value;
  for (const step of path) here = (here as Record<string, unknown> | null | undefined)?.[step];
  return here;
}

/**
 * Every part of a recipe with its path; a technique's path is `techniques.<kind>`.
 *
 * @example
 * partsOf(recipe).map(([path]) => path); // ["data", "generator", ..., "techniques.topK"]
 */
export function partsOf(recipe: Parted): [path: string, part: Descriptor][] {
  const found: [string, Descriptor][] = [];
  for (const path of Object.keys(slots)) {
    const part = at(recipe, path.split("."));
    if (part !== undefined) found.push([path, part as Descriptor]);
  }
  for (const technique of recipe.techniques) found.push([`techniques.${technique.kind}`, technique]);
  return found;
}
