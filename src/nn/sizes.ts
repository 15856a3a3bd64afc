/** Checks of layer sizes, so that an error names the layer and not an operator of the engine. */
import { UserError } from "../base/errors.ts";

/** Helps who wrote PyTorch's arguments, which begin with the sizes. */
export const CONTEXT_FIRST =
  "; the first argument of a layer with weights is its context, such as { rng: new Generator(1) }";

/**
 * @throws UserError unless every value is a positive whole number.
 *
 * @example
 * requirePositive("Linear", { inFeatures, outFeatures });
 */
export function requirePositive(layer: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isInteger(value) || value < 1) {
      const hint = typeof value === "number" ? "" : CONTEXT_FIRST;
      throw new UserError(`${layer}: \`${name}\` (=${value}) must be a positive whole number${hint}`);
    }
  }
}

/** @throws UserError unless `groups` divides every value. */
export function requireDivisible(layer: string, groups: number, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value % groups !== 0) {
      throw new UserError(`${layer}: \`${name}\` (=${value}) must be divisible by \`groups\` (=${groups})`);
    }
  }
}
