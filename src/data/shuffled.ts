/**
 * Shuffled batches without end.
 *
 * Every epoch goes through all images once in an order of its own. A batch that reaches the end of one epoch is
 * completed from the next: every image is used and every batch is full, so nothing is dropped and batch statistics
 * never see a short batch. All randomness comes from one generator, whose state makes a resumed loader continue bit for
 * bit.
 */
import { counted } from "../base/counted.ts";
import { UserError } from "../base/errors.ts";
import { seedOf } from "../base/seed.ts";
import { type Device, Generator, keep, type MemoryFormat, noGradScope, scope, Tensor } from "../tensor/index.ts";
import type { Dataset } from "./dataset.ts";
import type { Batch, DataLoader, LoaderRequest, LoaderState } from "./loader.ts";

/** The data of the batches: a dataset, or vectors. */
export interface ShuffledSamples
  extends Pick<Dataset, "name" | "count" | "classes" | "conditions" | "labels" | "flip"> {
  /** uint8 [N, C, S, S], which batches give as float32 in [-1, 1], or float32 [N, ...], which they give as they are. */
  readonly images: Tensor;
}

/** How batches are drawn. */
export interface ShuffledLoaderOptions {
  /** Samples in a batch, B. */
  readonly batchSize: number;
  /** Seed of the order and of the flips. */
  readonly seed: number;
  /** Seed of the run, which chooses the samples of {@link LoaderRequest.perClass}; default: {@link seed}. */
  readonly runSeed?: number | undefined;
  /** Where batches are put; default "cpu". */
  readonly device?: Device | undefined;
  /** Memory format of the images; default "contiguous". */
  readonly memoryFormat?: Exclude<MemoryFormat, "preserve"> | undefined;
  /** Whether images are mirrored with probability one half; default: as the dataset says. */
  readonly flip?: boolean | undefined;
}

/**
 * Shuffled batches without end.
 *
 * @throws UserError when the batch size is not a whole number from 1 to 1,000,000.
 *
 * @example
 * const batches = new ShuffledLoader(dataset, { batchSize: 64, seed: 1 });
 * const { images, labels } = batches.next(); // images [64, C, S, S] in [-1, 1], labels int64 [64]
 */
export class ShuffledLoader implements DataLoader {
  readonly batchSize: number;
  readonly #dataset: ShuffledSamples;
  readonly #options: ShuffledLoaderOptions;
  readonly #generator: Generator;
  #epoch = 0;
  #position = 0;
  #order: Tensor;
  #beforeOrder: Tensor;

  constructor(dataset: ShuffledSamples, options: ShuffledLoaderOptions) {
    const { batchSize, seed } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 1_000_000) {
      throw new UserError(`\`batchSize\` (=${batchSize}) must be a whole number from 1 to 1000000`);
    }
    this.batchSize = batchSize;
    this.#dataset = dataset;
    this.#options = options;
    this.#generator = new Generator(seed);
    [this.#beforeOrder, this.#order] = this.#draw();
  }

  /** Epochs so far as a real number: 1.5 is halfway through the second. */
  get epoch(): number {
    return this.#epoch + this.#position / this.#dataset.count;
  }

  /**
   * The next batch: images float32 [B, C, S, S] in [-1, 1], which is bytes / 127.5 - 1, and labels int64 [B], or
   * conditions float32 [B, D], or undefined when the dataset has neither. Its tensors belong to the caller's scope.
   */
  next(): Batch {
    const { images, labels, classes, conditions } = this.#dataset;
    const { device = "cpu", memoryFormat = "contiguous", flip = this.#dataset.flip } = this.#options;
    return noGradScope(() => {
      const rows = this.#take();
      const flipped = flip ? this.#mirror(images.indexSelect(0, rows)) : images.indexSelect(0, rows);
      // Bytes travel to the device, a quarter of the floats' size.
      const onDevice = flipped.to({ device });
      const floats =
        images.dtype === "uint8" ? onDevice.to({ dtype: "float32", memoryFormat }).div_(127.5).add_(-1) : onDevice;
      if (classes.length === 0 && conditions === undefined) return { images: floats, labels: undefined };
      return { images: floats, labels: labels.indexSelect(0, rows).to({ device }) };
    });
  }

  /**
   * The state of the loader. Tensors (they belong to the caller's scope): `order`, the generator's state before it drew
   * the current epoch's order, and `generator`, its state now; both uint8. Numbers: `epoch`, whole epochs finished,
   * `position`, images of the current one already given, and `count`, the dataset's size.
   */
  state(): LoaderState {
    return {
      tensors: new Map([
        ["order", this.#beforeOrder.clone()],
        ["generator", this.#generator.getState()],
      ]),
      numbers: { epoch: this.#epoch, position: this.#position, count: this.#dataset.count },
    };
  }

  /**
   * Continues bit for bit from what `state()` gave, of a loader over the same dataset.
   *
   * @throws UserError when the state is incomplete or belongs to a dataset of another size.
   */
  load(state: LoaderState): void {
    const { name, count } = this.#dataset;
    const order = state.tensors.get("order");
    const generator = state.tensors.get("generator");
    const { epoch = -1, position = -1, count: saved } = state.numbers;
    if (saved !== undefined && saved !== count) {
      throw new UserError(`the saved data order is of ${counted(saved, "image")}; ${name} has ${count}`);
    }
    const whole = Number.isInteger(position) && position <= count && Number.isInteger(epoch);
    if (order === undefined || generator === undefined || !whole || position < 0 || epoch < 0) {
      throw new UserError(
        `the saved data order of ${name} is incomplete (epoch ${epoch}, image ${position} of ${count})`,
      );
    }
    this.#generator.setState(order);
    this.#redraw();
    this.#generator.setState(generator);
    this.#epoch = epoch;
    this.#position = position;
  }

  auxiliary({ batchSize = this.batchSize, perClass, choiceSeed }: LoaderRequest, seed: number): DataLoader {
    const { runSeed = this.#options.seed } = this.#options;
    const choice = seedOf(choiceSeed ?? runSeed, "data.choice");
    const samples = perClass === undefined ? this.#dataset : fewOfEachClass(this.#dataset, perClass, choice);
    return new ShuffledLoader(samples, { ...this.#options, batchSize, seed, runSeed });
  }

  /** Row numbers of the next batch, from as many epochs as it takes. */
  #take(): Tensor {
    const { count } = this.#dataset;
    const parts: Tensor[] = [];
    for (let missing = this.batchSize; missing > 0; ) {
      if (this.#position === count) {
        this.#redraw();
        this.#epoch++;
        this.#position = 0;
      }
      const length = Math.min(missing, count - this.#position);
      // A view: it keeps the memory of the order alive.
      parts.push(this.#order.narrow(0, this.#position, length));
      this.#position += length;
      missing -= length;
    }
    return parts.length === 1 ? parts[0]! : Tensor.cat(parts, 0);
  }

  #mirror(batch: Tensor): Tensor {
    const chance = Tensor.rand([this.batchSize, 1, 1, 1], { generator: this.#generator });
    return Tensor.where(chance.lt(0.5), batch.flip([3]), batch);
  }

  #redraw(): void {
    this.#order.dispose();
    this.#beforeOrder.dispose();
    [this.#beforeOrder, this.#order] = this.#draw();
  }

  #draw(): [Tensor, Tensor] {
    return scope(() => {
      const before = keep(this.#generator.getState());
      return [before, keep(Tensor.randperm(this.#dataset.count, { generator: this.#generator, dtype: "int64" }))];
    });
  }
}

/**
 * The samples reduced to `perClass` samples of each class, which `seed` chooses.
 *
 * @throws UserError when the samples have no classes or a class has too few.
 */
function fewOfEachClass(samples: ShuffledSamples, perClass: number, seed: number): ShuffledSamples {
  const { name, classes, labels, count } = samples;
  const what = samples.images.ndim === 4 ? "images" : "samples";
  if (classes.length === 0)
    throw new UserError(`${name} has no class labels, and a technique asks for labelled ${what}`);
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
        `${name} has ${counted(chosen[short]!.length, "image")} of class ${classes[short]}, and a technique asks for ${perClass}`,
      );
    }
    const rows = Tensor.fromArray(BigInt64Array.from(chosen.flat(), BigInt));
    const images = keep(samples.images.indexSelect(0, rows));
    return { ...samples, count: rows.numel, images, labels: keep(labels.indexSelect(0, rows)) };
  });
}
