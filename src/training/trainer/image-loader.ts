/** The data loader of an image dataset: shuffled batches. */
import { UserError } from "../../base/errors.ts";
import {
  type DataLoader,
  type Dataset,
  type LoaderRequest,
  ShuffledLoader,
  type ShuffledLoaderOptions,
} from "../../data/index.ts";
import { Generator, keep, scope, Tensor } from "../../tensor/index.ts";
import type { DataShape } from "../step/gan.ts";
import { seedOf } from "../step/random-streams.ts";
import type { RunSettings } from "../trainable.ts";

/** What the networks must know of an image dataset. */
export function shapeOf(dataset: Dataset): DataShape {
  const { channels, size, classes, labels } = dataset;
  const classCounts = scope(() => Array.from(labels.bincount(classes.length).toArray(), Number));
  return { sample: { channels, size }, classes, ...(classes.length === 0 ? {} : { classCounts }) };
}

/** Batches without end; their order follows from the seed. */
export function imageLoader(
  dataset: Dataset,
  { batchSize, device, memoryFormat, seed }: Pick<RunSettings, "batchSize" | "device" | "memoryFormat" | "seed">,
): DataLoader {
  return new ImageLoader(dataset, { batchSize, device, memoryFormat, seed: seedOf(seed, "data") }, seed);
}

/** Batches of a dataset, with auxiliary loaders. */
class ImageLoader extends ShuffledLoader {
  readonly #dataset: Dataset;
  readonly #options: ShuffledLoaderOptions;
  readonly #runSeed: number;

  constructor(dataset: Dataset, options: ShuffledLoaderOptions, runSeed: number) {
    super(dataset, options);
    this.#runSeed = runSeed;
    this.#dataset = dataset;
    this.#options = options;
  }

  auxiliary(request: LoaderRequest, seed: number): DataLoader {
    const { batchSize = this.batchSize, perClass, choiceSeed = this.#runSeed } = request;
    const choice = seedOf(choiceSeed, "data.choice");
    const dataset = perClass === undefined ? this.#dataset : fewOfEachClass(this.#dataset, perClass, choice);
    return new ImageLoader(dataset, { ...this.#options, batchSize, seed }, this.#runSeed);
  }
}

/**
 * The dataset reduced to `perClass` images of each class, which `seed` chooses.
 *
 * @throws UserError when the images have no classes or a class has too few.
 */
function fewOfEachClass(dataset: Dataset, perClass: number, seed: number): Dataset {
  const { name, classes, labels, count } = dataset;
  if (classes.length === 0)
    throw new UserError(`${name} has no class labels, and a technique asks for labelled images`);
  return scope(() => {
    const order = Tensor.randperm(count, { generator: new Generator(seed) });
    const classOf = labels.indexSelect(0, order).toArray();
    const chosen = classes.map(() => [] as number[]);
    for (const [i, row] of Array.from(order.toArray(), Number).entries()) {
      const mine = chosen[Number(classOf[i])]!;
      if (mine.length < perClass) mine.push(row);
    }
    const short = chosen.findIndex((rows) => rows.length < perClass);
    if (short >= 0) {
      throw new UserError(
        `${name} has ${chosen[short]!.length} images of class ${classes[short]}, and a technique asks for ${perClass}`,
      );
    }
    const rows = Tensor.fromArray(BigInt64Array.from(chosen.flat(), BigInt));
    const images = keep(dataset.images.indexSelect(0, rows));
    return { ...dataset, count: rows.numel, images, labels: keep(labels.indexSelect(0, rows)) };
  });
}
