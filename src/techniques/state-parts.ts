/** The state of a technique that keeps the same thing for each of several players. */
import { prefixed, unprefixed } from "../base/prefixed.ts";
import type { Tensor } from "../tensor/index.ts";
import type { TechniqueState } from "./technique.ts";

/** What is kept for one player: tensors and numbers by name. */
interface Stateful {
  state(): ReadonlyMap<string, Tensor>;
  scalars(): Readonly<Record<string, number>>;
  load(tensors: ReadonlyMap<string, Tensor>, scalars: Readonly<Record<string, number>>): void;
}

/** What is kept, by the prefix of its names. */
export type StateParts = readonly (readonly [prefix: string, part: Stateful])[];

/** The state of all of them. */
export function stateOfParts(parts: StateParts): TechniqueState {
  return {
    tensors: new Map(parts.flatMap(([prefix, part]) => prefixed(prefix, part.state()))),
    numbers: Object.fromEntries(parts.flatMap(([prefix, part]) => prefixed(prefix, Object.entries(part.scalars())))),
  };
}

/** Loads what {@link stateOfParts} returned. */
export function loadParts(parts: StateParts, { tensors, numbers }: TechniqueState): void {
  for (const [prefix, part] of parts) {
    part.load(unprefixed(prefix, tensors), Object.fromEntries(unprefixed(prefix, Object.entries(numbers))));
  }
}
