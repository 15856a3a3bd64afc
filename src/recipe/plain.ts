/**
 * A recipe as JSON and back: for run folders, hashes and `--set`.
 *
 * Parts become `{ role, kind, options }` and are rebuilt by the factories registered under their role and kind, so a
 * stored recipe is checked by the same schemas as when it was written.
 */
// A stored recipe can name any shipped kind.
import "./shipped-parts.ts";
import { createHash } from "node:crypto";
import { canonicalJson } from "../base/canonical-json.ts";
import { fromPlain, isDescriptor, type PlainDescriptor, toPlain } from "../base/descriptor.ts";
import { defineRecipe, type Recipe, type RecipeInput } from "./recipe.ts";

/** A recipe in which each part is plain data. */
export type PlainRecipe = { readonly [key: string]: unknown };

function mapParts(value: unknown, isPart: (value: object) => boolean, map: (part: never) => unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isPart(value)) return map(value as never);
  if (Array.isArray(value)) return value.map((entry) => mapParts(entry, isPart, map));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, mapParts(inner, isPart, map)]),
  );
}

/** The recipe as plain data, ready for JSON. */
export function toPlainRecipe(recipe: object): PlainRecipe {
  return mapParts(recipe, (value) => isDescriptor(value), toPlain) as PlainRecipe;
}

/**
 * The recipe that {@link toPlainRecipe} wrote. The modules that define parts of the user's own must have been imported
 * (see `importModules`).
 *
 * @throws UserError when a kind is unknown or an option does not fit.
 */
export function fromPlainRecipe(plain: PlainRecipe): Recipe {
  return defineRecipe(withParts(plain) as RecipeInput);
}

/** The same data with its parts rebuilt as descriptors. */
export function withParts(plain: PlainRecipe): object {
  return mapParts(plain, isPlainPart, (part: PlainDescriptor) => fromPlain(part)) as object;
}

function isPlainPart(value: object): boolean {
  return "role" in value && "kind" in value && "options" in value;
}

/**
 * The recipe's identity: SHA-256 (64 hexadecimal digits) of its canonical JSON, defaults included. It covers the
 * options of a user's own parts but not their code.
 *
 * @example
 * recipeHash(recipe).slice(0, 12); // "5f0c9b1a7e42"
 */
export function recipeHash(recipe: object): string {
  return createHash("sha256")
    .update(canonicalJson(toPlainRecipe(recipe)))
    .digest("hex");
}
