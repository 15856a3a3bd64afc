/** What `gantry train` trains: a recipe or trainer by name or file, or the recipe that is chosen for a folder of images. */
import { existsSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { counted } from "../../base/counted.ts";
import { UserError } from "../../base/errors.ts";
import { visible } from "../../base/visible.ts";
import { containerAt, type ImageSurvey, surveyImages } from "../../data/index.ts";
import { type Choice, nameOf, recipeForImages, shippedRecipes } from "../../recipe/index.ts";
import { type LoadedTrainer, loadTrainer, trainerOf } from "../../training/index.ts";
import { aligned } from "../evaluate/text.ts";
import { programName, quoted } from "../program.ts";
import type { OutputFlags } from "../reporter.ts";

/** Whether a text names a folder or zip archive and no recipe. */
function namesImages(text: string): boolean {
  if (Object.hasOwn(shippedRecipes, text)) return false;
  const stats = statSync(text, { throwIfNoEntry: false });
  return stats !== undefined && (stats.isDirectory() || /\.zip$/i.test(text));
}

/** @throws UserError for data for which no recipe is chosen, with the command that trains on them. */
function refuseContainer(path: string): void {
  if (/\.[cm]?[jt]s$/.test(path) || !existsSync(path)) return;
  const what = containerAt(path) ?? (/\.(tar|tar\.gz|tgz)$/i.test(path) ? "a tar archive" : undefined);
  if (what === undefined) return;
  const command = `${programName()} train mnist --set data=imageFolder --set ${quoted(`data.path=${path}`)} --set data.size=32 --set evaluate=null`;
  throw new UserError(
    `${path}: ${what}. A recipe is chosen only for a folder or zip of image files; train a shipped one on these data: ${command}`,
  );
}

/**
 * Loads a recipe or trainer, or chooses a recipe for images and says why it is so.
 * @param overrides - what `--set` changes, KEY=VALUE
 *
 * @throws UserError when there is no such recipe, or the folder holds no images or is a run.
 */
export async function loadTraining(
  nameOrPath: string,
  overrides: readonly string[],
  output: OutputFlags,
): Promise<LoadedTrainer> {
  if (!Object.hasOwn(shippedRecipes, nameOrPath)) refuseContainer(nameOrPath);
  if (!namesImages(nameOrPath)) {
    if (Object.hasOwn(shippedRecipes, nameOrPath) && existsSync(nameOrPath)) {
      process.stderr.write(`note: ${nameOrPath} is the shipped recipe; what is here by that name is ./${nameOrPath}\n`);
    }
    return loadTrainer(nameOrPath);
  }
  const path = resolve(nameOrPath);
  if (existsSync(join(path, "recipe.json"))) {
    const gantry = programName();
    throw new UserError(
      `${nameOrPath} is a run and no folder of images; continue it with ${gantry} resume ${quoted(nameOrPath)}, or begin another with its networks: ${gantry} train <recipe> --from ${quoted(nameOrPath)}`,
    );
  }
  const survey = await surveyImages(path);
  const { recipe, choices } = recipeForImages(path, survey, nameOf(basename(path)));
  tell(nameOrPath, survey, withOverrides(choices, overrides), output);
  return { trainer: trainerOf(recipe), source: `images of ${path}`, modules: [] };
}

/** The choices as `--set` changed them, so that no value is said that the run does not have. */
function withOverrides(choices: readonly Choice[], overrides: readonly string[]): Choice[] {
  const keyOf = (setting: string): string => setting.split("=")[0]!.trim();
  const given = new Map(overrides.map((setting) => [keyOf(setting), setting]));
  return choices.map((choice) => {
    const key = keyOf(choice.setting);
    // A length in epochs takes the place of steps.
    const setting = given.get(key) ?? (key === "steps" ? given.get("epochs") : undefined);
    return setting === undefined ? choice : { setting, reason: "as given" };
  });
}

function tell(name: string, survey: ImageSurvey, choices: readonly Choice[], { json, quiet }: OutputFlags): void {
  if (json) process.stdout.write(`${JSON.stringify({ event: "chosen", images: name, survey, choices })}\n`);
  if (json || quiet) return;
  const { count, classes, width, height, gray } = survey;
  const span = ([least, most]: readonly [number, number]) => (least === most ? `${least}` : `${least} to ${most}`);
  const lines = [
    `${visible(name)}: ${counted(count, "image")}${classes.length > 0 ? ` in ${counted(classes.length, "class", "classes")}` : ""}, ` +
      `${span(width)} pixels wide and ${span(height)} high, ${gray ? "gray" : "colour"}`,
    "Recipe: SN-DCGAN with the hinge loss and averaged weights, as the recipe cifar10. Chosen (--set changes it):",
    ...aligned(choices.map(({ setting, reason }) => [setting, reason])),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
