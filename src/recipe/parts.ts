/** The parts of a recipe by the dotted path under which errors and `--set` name them. */
import type { Descriptor } from "../base/descriptor.ts";
import { type Places, recipePlaces } from "./schema.ts";

/** The value at a dotted path, or undefined where the path leaves the object. */
export function at(value: unknown, path: readonly string[]): unknown {
  let here = value;
  for (const step of path) here = (here as Record<string, unknown> | null | undefined)?.[step];
  return here;
}

/**
 * Every part of a recipe with its path; a technique's path is `techniques.<kind>`, a metric's `evaluate.metrics.<kind>`.
 *
 * @example
 * partsOf(recipe).map(([path]) => path); // ["data", "generator", ..., "techniques.topK"]
 */
export function partsOf(recipe: object, { slots, lists }: Places = recipePlaces): [path: string, part: Descriptor][] {
  const found: [string, Descriptor][] = [];
  for (const path of Object.keys(slots)) {
    const part = at(recipe, path.split("."));
    if (part !== undefined) found.push([path, part as Descriptor]);
  }
  for (const path of Object.keys(lists)) {
    const list = (at(recipe, path.split(".")) ?? []) as readonly Descriptor[];
    for (const part of list) found.push([`${path}.${part.kind}`, part]);
  }
  return found;
}
