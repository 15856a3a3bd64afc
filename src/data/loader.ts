/** The interface of data for the training loop: full batches without end, with a state to continue from. */
import type { Tensor } from "../tensor/index.ts";

/** Samples as the discriminator gets them: images [B, C, S, S] in [-1, 1] or vectors [B, features]. */
export interface Batch {
  readonly images: Tensor;
  /** int64 [B], or with conditions float32 [B, conditions]; undefined when the data has neither. */
  readonly labels: Tensor | undefined;
}

/** The state of a loader: tensors and numbers for a checkpoint. */
export interface LoaderState {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly numbers: Readonly<Record<string, number>>;
}

/** The batches that an auxiliary loader should give. */
export interface LoaderRequest {
  /** Samples in a batch; default: that of the main loader. */
  readonly batchSize?: number;
  /**
   * Only this many samples of each class, chosen once by the seed: the labelled part of a semi-supervised run. Default:
   * all samples.
   */
  readonly perClass?: number;
  /** Seed that chooses the samples of {@link perClass}, and nothing else; default: the run's own. */
  readonly choiceSeed?: number | undefined;
}

/** Batches without end. */
export interface DataLoader {
  /** Passes over the data done so far, with a fraction; 0 for data that are drawn for every batch. */
  readonly epoch: number;
  /** Whether {@link epoch} is always 0. Default false. */
  readonly withoutEpochs?: boolean;
  next(): Batch;
  state(): LoaderState;
  /** Continues from what `state()` gave, with the same bits. */
  load(state: LoaderState): void;
  /**
   * An auxiliary loader of the same data, in an order that `seed` fixes. It does not change this loader's order.
   * Absent where the data cannot be read a second time.
   *
   * @throws UserError when the data cannot meet the request.
   */
  auxiliary?(request: LoaderRequest, seed: number): DataLoader;
}
