/** The data of a run, images or vectors, behind one face. Nothing else in training asks which they are. */
import type { AnyDataDescriptor, BatchFeed, DataContext, Dataset, Mixture, VectorData } from "../data/index.ts";
import { pointCloud, writePng } from "../figures/index.ts";
import { type GridOptions, writePngGrid } from "../formats/index.ts";
import { fromPlainRecipe } from "../recipe/plain.ts";
import type { Recipe } from "../recipe/recipe.ts";
import type { Tensor } from "../tensor/index.ts";
import type { Evaluator } from "./evaluation.ts";
import type { DataShape } from "./game.ts";
import { ImageEvaluator } from "./image-evaluation.ts";
import { imageFeed, shapeOf } from "./image-feed.ts";
import type { RunDescription } from "./run-directory.ts";
import { seedOf } from "./streams.ts";
import { VectorEvaluator } from "./vector-evaluation.ts";

/** The data of a run. */
export interface Material {
  /** Name for people. */
  readonly name: string;
  /** Samples that count as an epoch; undefined where the data knows no epochs. */
  readonly samplesPerEpoch: number | undefined;
  /** What else belongs beside every score. */
  readonly note: string | undefined;
  /** Files of the data that could not be read and are left out. */
  readonly broken: number;
  /** Changes whenever the samples may; undefined where they are drawn. */
  readonly fingerprint: string | undefined;
  readonly shape: DataShape;
  /** Endless batches as the recipe wants them, from their beginning; they follow from its seed. */
  feed(): BatchFeed;
  /** Opens the recipe's `evaluate`; undefined where it has none. Throws UserError when a part of it is missing. */
  openEvaluator(): Promise<Evaluator | undefined>;
  /** Writes generated samples as a PNG file. They are read before the first `await`: the caller may free them then. */
  writePicture(path: string, samples: Tensor, options: GridOptions): Promise<PictureSize>;
}

/** Of a written picture, in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Builds a recipe's data. Throws UserError when they are not there, and the reason of `stop` when that is raised meanwhile. */
export async function openMaterial(
  recipe: Recipe,
  context: Pick<DataContext, "onProgress" | "stop"> = {},
): Promise<Material> {
  const data = await (recipe.data as AnyDataDescriptor).build(context);
  return "images" in data ? imageMaterial(data, recipe) : vectorMaterial(data, recipe);
}

function imageMaterial(dataset: Dataset, recipe: Recipe): Material {
  return {
    name: dataset.name,
    samplesPerEpoch: dataset.count,
    note: dataset.protocolNote,
    broken: dataset.broken.length,
    fingerprint: dataset.fingerprint,
    shape: shapeOf(dataset),
    feed: () => imageFeed(dataset, recipe),
    openEvaluator: () => ImageEvaluator.open(recipe, dataset),
    writePicture: writePngGrid,
  };
}

function vectorMaterial(data: VectorData, recipe: Recipe): Material {
  const { batchSize, device, seed } = recipe;
  return {
    name: data.name,
    samplesPerEpoch: data.samplesPerEpoch,
    note: undefined,
    broken: 0,
    fingerprint: undefined,
    shape: { sample: { features: data.features }, classes: [] },
    feed: () => data.feed({ batchSize, device, seed: seedOf(seed, "data") }),
    openEvaluator: async () => VectorEvaluator.open(recipe, data),
    writePicture: (path, samples) => writeCloud(path, samples, data.mixture),
  };
}

function writeCloud(path: string, samples: Tensor, mixture: Mixture | undefined): Promise<PictureSize> {
  return writePng(path, pointCloud({ panels: [{ points: samples.tolist() as number[][] }], mixture }));
}

/**
 * Writes samples of a run as a PNG file: images in a grid, vectors as a scatter plot over their data's modes. Images
 * need no data for it.
 *
 * Throws UserError when the run has not been trained yet or the file cannot be written.
 */
export async function writeRunPicture(
  { recipe, data }: RunDescription,
  path: string,
  samples: Tensor,
  options: GridOptions = {},
): Promise<PictureSize> {
  if (data === undefined || !("features" in data.sample)) return writePngGrid(path, samples, options);
  const { mixture } = (await fromPlainRecipe(recipe).data.build({})) as VectorData;
  return writeCloud(path, samples, mixture);
}
