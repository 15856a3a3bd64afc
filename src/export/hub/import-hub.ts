/**
 * Makes a run of a hub folder. The folder may come from anybody: nothing in it is run, except files of a user's own parts, and
 * these only when this user has used them or says `--trust`.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { UserError } from "../../base/errors.ts";
import { crcOfFile, hexOf, readJsonFile, readSafetensors } from "../../formats/index.ts";
import { hinge } from "../../losses/index.ts";
import { adam } from "../../optim/index.ts";
import { applyOverrides, defineRecipe, importModules, type RecipeInput, withParts } from "../../recipe/index.ts";
import { scope } from "../../tensor/index.ts";
import {
  BuiltGan,
  type DataShape,
  IMPORTED,
  NO_DATA,
  RunDirectory,
  startRun,
  writeCheckpoint,
} from "../../training/index.ts";
import { configSchema, HUB_FILES, type HubConfig } from "./config.ts";

/** What {@link importHub} made. */
export interface ImportedHub {
  readonly directory: string;
  /** The kind of the generator. */
  readonly kind: string;
  /** The version of Gantry that wrote the folder. */
  readonly version: string;
  readonly step: number;
  readonly data: HubConfig["data"];
  readonly parameters: number;
}

/**
 * Makes a run of a hub folder: its samples are those of the run that was exported, bit by bit on the same engine. The
 * discriminator has new weights, and the run cannot be trained further.
 *
 * @param changes - Overrides of the run's recipe, such as "data.path=...", to score it against data.
 * @throws UserError when a file is missing, damaged or of another form, the folder wants to run code, or `directory` is taken.
 *
 * @example
 * const { directory } = await importHub("digits-hub", "runs/imported");
 */
export async function importHub(
  folder: string,
  directory: string,
  changes: readonly string[] = [],
): Promise<ImportedHub> {
  for (const name of [HUB_FILES.config, HUB_FILES.weights]) {
    if (existsSync(join(folder, name))) continue;
    throw new UserError(
      `${folder} is no hub folder: it has no ${name}; name a folder that \`gantry export --to hub\` wrote`,
    );
  }
  const config = readJsonFile(join(folder, HUB_FILES.config), configSchema);
  if (!(HUB_FILES.weights in config.checksums)) {
    throw new UserError(`${join(folder, HUB_FILES.config)}: \`checksums\` lacks ${HUB_FILES.weights}`);
  }
  for (const [name, stated] of Object.entries(config.checksums)) {
    const file = join(folder, name);
    const actual = hexOf(crcOfFile(file));
    if (actual !== stated) {
      throw new UserError(`${file} is damaged: its CRC-32 is ${actual}, ${HUB_FILES.config} says ${stated}`);
    }
  }
  const modules = config.modules.map((name) => resolve(folder, name));
  await importModules(modules, `the hub folder ${folder}`);
  const recipe = applyOverrides(
    defineRecipe({
      ...(withParts(config.recipe) as RecipeInput),
      // The rest of a recipe, which samples do not depend on.
      loss: hinge(),
      optimizers: { generator: adam({ lr: 2e-4 }), discriminator: adam({ lr: 2e-4 }) },
      steps: Math.max(1, config.step),
    }),
    changes,
  );
  return scope(() => {
    const gan = new BuiltGan(recipe, shapeOf(folder, config), NO_DATA);
    try {
      gan.generator.loadStateDict(readSafetensors(join(folder, HUB_FILES.weights)).tensors);
      gan.reach(config.step);
      startRun(recipe, { directory, source: `${IMPORTED}${folder}`, overrides: changes, modules });
      const run = new RunDirectory(directory);
      run.keepConditions(gan.shape);
      run.describe({ ...run.description(), data: config.data });
      writeCheckpoint(run.checkpoints, gan, 0);
      const parameters = gan.generator.parameterCount();
      const { version, step, data } = config;
      return { directory: run.path, kind: recipe.generator.kind, version, step, data, parameters };
    } finally {
      gan.dispose();
    }
  });
}

/** The form of the data. Its conditions stay until the scope ends. */
function shapeOf(folder: string, { data: { conditions: columns, ...data } }: HubConfig): DataShape {
  if (columns === undefined) return data;
  const file = join(folder, HUB_FILES.conditions);
  const rows = readSafetensors(file).tensors.get("conditions");
  if (rows?.ndim === 2 && rows.shape[1] === columns.length && rows.dtype === "float32") {
    return { ...data, conditions: { columns, rows } };
  }
  throw new UserError(`${file} does not hold the ${columns.length} conditions of ${HUB_FILES.config}`);
}
