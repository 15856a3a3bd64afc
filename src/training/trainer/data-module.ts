/** The data of a run, images or vectors, behind one face. Nothing else in training asks which they are. */
import type { AnyDataDescriptor, DataContext, DataLoader, Dataset, Mixture, VectorData } from "../../data/index.ts";
import { pointCloud, writePng } from "../../figures/index.ts";
import { type GridOptions, writePngGrid } from "../../formats/index.ts";
import { fromPlainRecipe } from "../../recipe/plain.ts";
import type { Recipe } from "../../recipe/recipe.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { Evaluator } from "../evaluation/evaluator.ts";
import { ImageEvaluator } from "../evaluation/image-evaluation.ts";
import { VectorEvaluator } from "../evaluation/vector-evaluation.ts";
import type { RunDescription } from "../run/run-directory.ts";
import type { DataShape } from "../step/gan.ts";
import { seedOf } from "../step/random-streams.ts";
import { imageLoader, shapeOf } from "./image-loader.ts";

/** The data of a run. */
export interface DataModule {
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
  loader(): DataLoader;
  /**
   * Opens the recipe's `evaluate`; undefined where it has none.
   * @throws UserError when a part of it is missing.
   */
  openEvaluator(): Promise<Evaluator | undefined>;
  /** Writes generated samples as a PNG file. They are read before the first `await`: the caller may free them then. */
  writeImage(path: string, samples: Tensor, options: GridOptions): Promise<ImageSize>;
}

/** Of a written picture, in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Builds a recipe's data.
 * @throws UserError when they are not there, and the reason of `stop` when that is raised meanwhile.
 */
export async function openDataModule(
  recipe: Recipe,
  context: Pick<DataContext, "onProgress" | "stop"> = {},
): Promise<DataModule> {
  const data = await (recipe.data as AnyDataDescriptor).build(context);
  return "images" in data ? imageDataModule(data, recipe) : vectorDataModule(data, recipe);
}

function imageDataModule(dataset: Dataset, recipe: Recipe): DataModule {
  return {
    name: dataset.name,
    samplesPerEpoch: dataset.count,
    note: dataset.protocolNote,
    broken: dataset.broken.length,
    fingerprint: dataset.fingerprint,
    shape: shapeOf(dataset),
    loader: () => imageLoader(dataset, recipe),
    openEvaluator: () => ImageEvaluator.open(recipe, dataset),
    writeImage: writePngGrid,
  };
}

function vectorDataModule(data: VectorData, recipe: Recipe): DataModule {
  const { batchSize, device, seed } = recipe;
  return {
    name: data.name,
    samplesPerEpoch: data.samplesPerEpoch,
    note: undefined,
    broken: 0,
    fingerprint: undefined,
    shape: { sample: { features: data.features }, classes: [] },
    loader: () => data.loader({ batchSize, device, seed: seedOf(seed, "data") }),
    openEvaluator: async () => VectorEvaluator.open(recipe, data),
    writeImage: (path, samples) => writeCloud(path, samples, data.mixture),
  };
}

function writeCloud(path: string, samples: Tensor, mixture: Mixture | undefined): Promise<ImageSize> {
  return writePng(path, pointCloud({ panels: [{ points: samples.tolist() as number[][] }], mixture }));
}

/**
 * Writes samples of a run as a PNG file: images in a grid, vectors as a scatter plot over their data's modes. Images
 * need no data for it.
 *
 * @throws UserError when the run has not been trained yet or the file cannot be written.
 */
export async function writeRunImage(
  { recipe, data }: RunDescription,
  path: string,
  samples: Tensor,
  options: GridOptions = {},
): Promise<ImageSize> {
  if (data === undefined || !("features" in data.sample)) return writePngGrid(path, samples, options);
  const { mixture } = (await fromPlainRecipe(recipe).data.build({})) as VectorData;
  return writeCloud(path, samples, mixture);
}
