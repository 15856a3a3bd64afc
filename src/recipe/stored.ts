/**
 * `recipe.json` of a run directory: the recipe as it was trained, overrides included, and where it came from.
 *
 *     { "gantry": "0.1.0", "hash": "…", "source": "mnist", "modules": [], "overrides": ["steps=200"], "recipe": { … } }
 */
import { readFileSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { fileError, writeFileAtomic } from "../formats/atomic.ts";
import { complaint } from "./complaint.ts";
import { importModules } from "./modules.ts";
import { fromPlainRecipe, recipeHash, toPlainRecipe } from "./plain.ts";
import type { Recipe } from "./recipe.ts";
import { gantryVersion } from "./version.ts";

const storedSchema = z.object({
  gantry: z.string(),
  hash: z.string(),
  source: z.string(),
  modules: z.array(z.string()),
  overrides: z.array(z.string()),
  recipe: z.record(z.string(), z.unknown()),
});

/** What `recipe.json` holds. */
export type StoredRecipe = Readonly<z.output<typeof storedSchema>>;

/** Where a recipe came from. */
export interface RecipeOrigin {
  /** A shipped name, or the path of a file; for people. */
  readonly source: string;
  /** Files whose import defines the recipe's own parts. */
  readonly modules: readonly string[];
  /** The `--set` texts that were applied, for people: the recipe that is stored has them applied. */
  readonly overrides: readonly string[];
}

/**
 * Writes `recipe.json` into a run directory, atomically.
 *
 * A module is noted relative to the directory, so that a project can be moved with its runs inside.
 */
export function writeStoredRecipe(directory: string, recipe: Recipe, origin: RecipeOrigin): void {
  const stored: StoredRecipe = {
    gantry: gantryVersion(),
    hash: recipeHash(recipe),
    source: origin.source,
    modules: origin.modules.map((path) => relative(resolve(directory), resolve(path))),
    overrides: [...origin.overrides],
    recipe: toPlainRecipe(recipe),
  };
  writeFileAtomic(resolve(directory, "recipe.json"), [`${JSON.stringify(stored, undefined, 2)}\n`]);
}

/** Reads `recipe.json` without rebuilding the recipe. Throws UserError when it is absent, no JSON, or not of this form. */
export function readStoredRecipe(directory: string): StoredRecipe {
  const file = resolve(directory, "recipe.json");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new UserError(`${directory} is not a run directory: it holds no recipe.json`);
    throw fileError(error, "read", file);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${file} is not valid JSON: ${(error as Error).message}`);
  }
  const parsed = storedSchema.safeParse(content);
  if (!parsed.success) throw new UserError(`${file}: ${complaint(parsed.error, storedSchema, content)}`);
  return parsed.data;
}

/** The recipe of a stored run whose modules have been imported. Throws UserError, naming the file, when it does not fit. */
export function rebuildRecipe(stored: StoredRecipe, directory: string): Recipe {
  try {
    return fromPlainRecipe(stored.recipe);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${resolve(directory, "recipe.json")}: ${error.message}`, { cause: error });
  }
}

/** Imports the files that define the stored recipe's own parts; a run that has none needs no such step. */
export async function importStoredModules(stored: StoredRecipe, directory: string): Promise<void> {
  await importModules(stored.modules.map((path) => (isAbsolute(path) ? path : resolve(directory, path))));
}

/**
 * The recipe of a run directory, with its own parts imported first.
 *
 * @example
 * const { recipe } = await restoreRecipe("runs/mnist-20250131-174503");
 */
export async function restoreRecipe(directory: string): Promise<{ recipe: Recipe; stored: StoredRecipe }> {
  const stored = readStoredRecipe(directory);
  await importStoredModules(stored, directory);
  return { recipe: rebuildRecipe(stored, directory), stored };
}
