/** A recipe by the name of a shipped one, or by the path of a file that a user wrote. */
import { existsSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import { nearest, UserError } from "../base/errors.ts";
import { refuseWindowsPath } from "../base/windows-path.ts";
import { importModule } from "./modules.ts";
import { defineRecipe, isRecipe, type Recipe } from "./recipe.ts";
import { shippedRecipes } from "./shipped/index.ts";
import { ownParts } from "./shipped-parts.ts";
import type { Hashes } from "./trust.ts";

/** A recipe, and what a run stores about its origin. */
export interface LoadedRecipe {
  readonly recipe: Recipe;
  /** The shipped name, or the absolute path of the file. */
  readonly source: string;
  /** The files to import before the stored recipe can be rebuilt: this one, if it uses parts that the user defined. */
  readonly modules: readonly string[];
}

const looksLikePath = (text: string) => /[/\\]/.test(text) || /\.[cm]?[jt]s$/.test(text);

/** Whether a text names a file, and not a shipped recipe. */
export function namesFile(nameOrPath: string): boolean {
  if (Object.hasOwn(shippedRecipes, nameOrPath)) return false;
  return looksLikePath(nameOrPath) || existsSync(nameOrPath);
}

/**
 * The export of a file: `default`, or, in CommonJS, the exported value itself.
 *
 * @throws UserError when the file is missing, does not parse or throws.
 */
export async function importDefault(
  path: string,
  compared?: Hashes,
): Promise<{ file: string; exported: unknown; isDefault: boolean }> {
  const file = resolve(path);
  refuseWindowsPath(path, "the recipe");
  if (!existsSync(file)) throw new UserError(`the recipe ${path} does not exist; looked for ${file}`);
  const exports = await importModule(file, compared);
  const isDefault = "default" in exports;
  return { file, exported: isDefault ? exports.default : exports, isDefault };
}

async function loadFile(path: string, compared?: Hashes): Promise<LoadedRecipe> {
  const { file, exported, isDefault } = await importDefault(path, compared);
  if (!isRecipe(exported)) {
    const what = isDefault ? ": its default export is not a recipe" : " has no default export";
    throw new UserError(
      `${file}${what}; it must say \`export default defineRecipe({ ... })\`; gantry train also takes \`export default defineTrainer({ ... })\`, gantry sweep does not`,
    );
  }
  const recipe = exported.name ? exported : defineRecipe({ ...exported, name: nameOf(file) } as never);
  return { recipe, source: file, modules: ownParts(recipe).length > 0 ? [file] : [] };
}

/** The file's name as a recipe's name may be written. */
export function nameOf(file: string): string {
  return (
    basename(file, extname(file))
      .replace(/[^\w.-]+/g, "-")
      .replace(/^[.-]+/, "") || "recipe"
  );
}

/**
 * Loads a recipe by shipped name or by file.
 *
 * @param compared - what `requireTrust` has compared the file with, where a stored folder names it
 *
 * @throws UserError when there is no such recipe (naming the nearest), or when the file is missing, does not parse,
 * throws, or does not export a recipe.
 *
 * @example
 * const { recipe } = await loadRecipe("mnist");
 * const mine = await loadRecipe("./my-recipe.ts");
 */
export async function loadRecipe(nameOrPath: string, compared?: Hashes): Promise<LoadedRecipe> {
  const shipped = Object.hasOwn(shippedRecipes, nameOrPath) ? shippedRecipes[nameOrPath] : undefined;
  if (shipped) return { recipe: (await shipped()).default, source: nameOrPath, modules: [] };
  if (namesFile(nameOrPath)) return loadFile(nameOrPath, compared);
  const names = Object.keys(shippedRecipes);
  const likely = nearest(nameOrPath, names);
  const help = likely ? `did you mean \`${likely}\`?` : `accepted: ${names.join(", ")}, or the path of a file`;
  throw new UserError(`there is no recipe \`${nameOrPath}\`; ${help}`);
}
