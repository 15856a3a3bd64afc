/** A run made from a generator that another project trained, for samples and scores. It cannot be trained further. */
import { basename } from "node:path";
import { UserError } from "../../base/errors.ts";
import { cifar10, type DataLoader, imagenet, stl10 } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { biggan, type ImportedGenerator, readWeights, recogniseGenerator, resnet, sagan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { applyOverrides, defineRecipe, type Recipe, type RecipeInput } from "../../recipe/index.ts";
import { scope } from "../../tensor/index.ts";
import { writeCheckpoint } from "../run/checkpoint.ts";
import { RunDirectory } from "../run/run-directory.ts";
import { BuiltGan } from "../step/gan.ts";
import { IMPORTED, startRun } from "./run.ts";

/** What {@link importRun} made. */
export interface ImportedRun {
  readonly directory: string;
  /** The project whose layout the file had. */
  readonly layout: string;
  /** The generator as a recipe has it. */
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly image: ImportedGenerator["image"];
  readonly classes: number;
  readonly parameters: number;
}

/**
 * Reads a generator's weights (`.pth` or `.safetensors`), recognises them, and writes a run whose only checkpoint, of
 * step 0, holds them. Its recipe is a guess except for the generator: data of that size to score against (CIFAR-10,
 * STL-10, ImageNet), and a discriminator with new weights and without attention.
 *
 * @param changes - Overrides of that recipe ("data.path=...").
 * @throws UserError when the file is no generator that is known, or the folder is not empty.
 *
 * @example
 * const { directory } = importRun("netG_100000_steps.pth", "runs/imported");
 */
export function importRun(file: string, directory: string, changes: readonly string[] = []): ImportedRun {
  return scope(() => {
    const imported = recognised(file);
    const recipe = applyOverrides(recipeFor(imported, file), changes);
    if (recipe.generator.kind !== imported.generator.kind) {
      throw new UserError(`the generator is the file's (${imported.generator.kind}) and cannot be set`);
    }
    const { image, classes, layout } = imported;
    const names = Array.from({ length: classes }, (_, i) => String(i));
    const gan = new BuiltGan(recipe, { sample: image, classes: names }, noData);
    try {
      gan.generator.loadStateDict(imported.state);
      startRun(recipe, { directory, source: `${IMPORTED}${file}`, overrides: changes });
      const run = new RunDirectory(directory);
      const data = { name: `what ${basename(file)} was trained on`, count: 0, sample: image, classes: names };
      run.describe({ ...run.description(), data });
      writeCheckpoint(run.checkpoints, gan, 0);
      const parameters = gan.generator.parameterCount();
      const { kind, options } = recipe.generator;
      return { directory: run.path, layout, kind, options, image, classes, parameters };
    } finally {
      gan.dispose();
    }
  });
}

function recognised(file: string): ImportedGenerator {
  const weights = readWeights(file);
  try {
    return recogniseGenerator(weights);
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${file}: ${error.message}`) : error;
  }
}

/** A recipe of which only the generator is known. */
function recipeFor({ generator, image, classes }: ImportedGenerator, file: string): Recipe {
  const { size } = image;
  const conditional = classes > 0;
  const kinds = { resnet, sagan, biggan };
  const player = kinds[generator.kind as keyof typeof kinds].discriminator;
  // BigGAN's networks have one width. Those of the others have the papers' widths by default.
  const width = generator.kind === "biggan" ? { width: generator.options.width as number } : {};
  const data = size === 32 ? cifar10() : size === 48 ? stl10({ size }) : imagenet({ size });
  return defineRecipe({
    name:
      basename(file)
        .replace(/\.\w+$/, "")
        .replace(/[^\w.-]/g, "-")
        .replace(/^[.-]+/, "") || "imported",
    data: data as RecipeInput["data"],
    generator,
    discriminator: player({ conditional, attention: 0, ...width }),
    loss: hinge(),
    optimizers: { generator: adam({ lr: 2e-4 }), discriminator: adam({ lr: 2e-4 }) },
    steps: 1,
  });
}

/** A run with one checkpoint and no history. */
const noData: DataLoader = {
  epoch: 0,
  next: () => {
    throw new Error("an imported run has no data");
  },
  state: () => ({ tensors: new Map(), numbers: {} }),
  load: () => {},
};
