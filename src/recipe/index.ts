/** Recipes: defining, storing, overriding and loading them. */
import "./shipped-parts.ts";

export { canonicalJson } from "../base/canonical-json.ts";
export { accepted, schemaAt, validationMessage } from "../base/validation-message.ts";
export { type Choice, type ChosenRecipe, recipeForImages } from "./for-images.ts";
export { importDefault, type LoadedRecipe, loadRecipe, nameOf, namesFile } from "./load.ts";
export { importModule, importModules } from "./modules.ts";
export { amended, applyOverrides, optionValue, parseSetting, type Setting } from "./overrides.ts";
export type { PartRole, PartTypes } from "./part-types.ts";
export { partsOf } from "./parts.ts";
export { fromPlainRecipe, type PlainRecipe, recipeHash, toPlainRecipe, withParts } from "./plain.ts";
export { defineRecipe, isRecipe, type Recipe, type RecipeInput } from "./recipe.ts";
export type { Places } from "./schema.ts";
export { recipeSchema } from "./schema.ts";
export { shippedRecipes } from "./shipped/index.ts";
export { ownParts } from "./shipped-parts.ts";
export { importedFiles, requireTrust, trustFile } from "./trust.ts";
export { parseValue, splitList } from "./value.ts";
