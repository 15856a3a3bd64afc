/** The state of a technique that keeps the same thing for each of several players. */
import { prefixed, unprefixed } from "../base/prefixed.ts";
import type { Tensor } from "../tensor/index.ts";
import type { TechniqueState } from "./technique.ts";

/** What is kept for a player: tensors and numbers by name. */
interface Carried {
  state(): ReadonlyMap<string, Tensor>;
  scalars(): Readonly<Record<string, number>>;
  load(tensors: ReadonlyMap<string, Tensor>, scalars: Readonly<Record<string, number>>): void;
}

/** Parts by the prefix of their names. */
export type CarriedParts = readonly (readonly [prefix: string, part: Carried])[];

/** The state of all parts. */
export function stateOfParts(parts: CarriedParts): TechniqueState {
  return {
    tensors: new Map(parts.flatMap(([prefix, part]) => prefixed(prefix, part.state()))),
    numbers: Object.fromEntries(parts.flatMap(([prefix, part]) => prefixed(prefix, Object.entries(part.scalars())))),
  };
}

/** Gives every part back what {@link stateOfParts} took from it. */
export function loadParts(parts: CarriedParts, { tensors, numbers }: TechniqueState): void {
  for (const [prefix, part] of parts) {
    part.load(unprefixed(prefix, tensors), Object.fromEntries(unprefixed(prefix, Object.entries(numbers))));
  }
}
