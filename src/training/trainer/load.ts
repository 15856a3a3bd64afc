/** A trainer by the name of a shipped recipe, or by the path of a file that exports a recipe or a trainer. */
import { existsSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { importDefault, loadRecipe, nameOf, namesFile, requireTrust } from "../../recipe/index.ts";
import { OwnTrainer } from "./own-trainer.ts";
import { RecipeTrainer } from "./recipe-trainer.ts";
import type { Trainer } from "./trainer.ts";

/** A trainer, and what a run has to remember about where it came from. */
export interface LoadedTrainer {
  readonly trainer: Trainer;
  /** The shipped name, or the absolute path of the file. */
  readonly source: string;
  /** The files to import before the stored settings can be rebuilt. */
  readonly modules: readonly string[];
}

/**
 * Loads a recipe or a trainer.
 *
 * @throws UserError when there is no such recipe (naming the nearest), or when the file is missing, does not parse,
 * throws, or exports something else.
 *
 * @example
 * const { trainer } = await loadTrainer("./own-step.ts");
 */
export async function loadTrainer(nameOrPath: string): Promise<LoadedTrainer> {
  if (namesFile(nameOrPath)) {
    const { file, exported } = await importDefault(nameOrPath);
    if (exported instanceof OwnTrainer) return { trainer: exported.named(nameOf(file)), source: file, modules: [] };
  }
  const { recipe, ...origin } = await loadRecipe(nameOrPath);
  return { trainer: new RecipeTrainer(recipe), ...origin };
}

/**
 * The trainer that a stored run's file exports.
 *
 * @param holder - what names the file, for messages: "the run runs/x".
 *
 * @throws UserError when the file is missing, exports something else, or may not be run.
 */
export async function trainerOfFile(file: string, holder: string): Promise<OwnTrainer> {
  if (!existsSync(file)) {
    const what = file.startsWith("(") ? "the run's trainer was defined in code" : `${file} does not exist`;
    throw new UserError(`${what}; the run needs it: give it as \`trainer\` to openRun, or restore the file`);
  }
  const { exported } = await importDefault(file, requireTrust([file], holder));
  if (exported instanceof OwnTrainer) return exported;
  throw new UserError(`${file} must say \`export default defineTrainer({ ... })\`, as it did when the run began`);
}
