/** A run made from networks that another project trained, for samples and scores. It cannot be trained further. */
import { basename } from "node:path";
import { UserError } from "../../base/errors.ts";
import { cifar10, type DataLoader, imagenet, stl10 } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import {
  biggan,
  type ImportedGenerator,
  type ImportedNetworks,
  type ImportOptions,
  readNetworks,
  resnet,
  sagan,
} from "../../models/index.ts";
import type { Module } from "../../nn/index.ts";
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
  /** Whether the discriminator is imported, too; else it has new weights. */
  readonly discriminator: boolean;
  /** Where in the file the generator lay ("" for the whole file), and where others lie. */
  readonly place: string;
  readonly otherPlaces: readonly string[];
  /** What stood between its tensors and was passed over. */
  readonly skipped: readonly string[];
}

/**
 * Reads the weights of a generator, and of a discriminator where there is one (`.pth` or `.safetensors`), recognises them,
 * and writes a run whose only checkpoint, of step 0, holds them. Its recipe is a guess except for these networks: data
 * of that size to score against (CIFAR-10, STL-10, ImageNet), and for want of another a discriminator with new weights
 * and without attention.
 *
 * @param changes - Overrides of that recipe ("data.path=...").
 * @param options - Which networks of the file to take.
 * @throws UserError when the file holds no generator that is known, one lacks a tensor or holds numbers that are not finite, or
 * the folder is not empty.
 *
 * @example
 * const { directory } = importRun("netG_100000_steps.pth", "runs/imported");
 */
export function importRun(
  file: string,
  directory: string,
  changes: readonly string[] = [],
  options: ImportOptions = {},
): ImportedRun {
  return scope(() => {
    const { generator, discriminator, place, otherPlaces, skipped } = readNetworks(file, options);
    const recipe = applyOverrides(recipeFor(generator, discriminator, file), changes);
    for (const [player, own] of Object.entries({
      generator: generator.generator,
      discriminator: discriminator?.discriminator,
    }))
      if (own !== undefined && recipe[player as "generator" | "discriminator"].kind !== own.kind)
        throw new UserError(`the ${player} is the file's (${own.kind}) and cannot be set`);
    const { image, classes, layout } = generator;
    const names = Array.from({ length: classes }, (_, i) => String(i));
    const gan = new BuiltGan(recipe, { sample: image, classes: names }, NO_DATA);
    try {
      loadWhole(gan.generator, generator, `${file}: it looks like a generator of ${layout}`);
      if (discriminator !== undefined) {
        loadWhole(gan.discriminator, discriminator, `${file}: its discriminator looks like one of ${layout}`);
      }
      startRun(recipe, { directory, source: `${IMPORTED}${file}`, overrides: changes });
      const run = new RunDirectory(directory);
      const data = { name: `what ${basename(file)} was trained on`, count: 0, sample: image, classes: names };
      run.describe({ ...run.description(), data });
      writeCheckpoint(run.checkpoints, gan, 0);
      const parameters = gan.generator.parameterCount();
      const found = {
        image,
        classes,
        parameters,
        discriminator: discriminator !== undefined,
        place,
        otherPlaces,
        skipped,
      };
      return { directory: run.path, layout, kind: recipe.generator.kind, options: recipe.generator.options, ...found };
    } finally {
      gan.dispose();
    }
  });
}

/** @throws UserError when a tensor is missing, or has another shape than the rest of the file says. */
function loadWhole(network: Module, { state }: Pick<ImportedGenerator, "state">, looksLike: string): void {
  try {
    network.loadStateDict(state);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const what = error.message.replace(/^state dict: /, "");
    throw new UserError(`${looksLike}, but is not whole; under the names of Gantry's networks, ${what}`);
  }
}

/** A recipe of which only the networks are known. */
function recipeFor(
  { generator, image, classes }: ImportedGenerator,
  imported: ImportedNetworks["discriminator"],
  file: string,
): Recipe {
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
    discriminator: imported?.discriminator ?? player({ conditional, attention: 0, ...width }),
    loss: hinge(),
    optimizers: { generator: adam({ lr: 2e-4 }), discriminator: adam({ lr: 2e-4 }) },
    steps: 1,
  });
}

/** The data of a run that has one checkpoint and no history. */
export const NO_DATA: DataLoader = {
  epoch: 0,
  next: () => {
    throw new Error("this run has no data");
  },
  state: () => ({ tensors: new Map(), numbers: {} }),
  load: () => {},
};
