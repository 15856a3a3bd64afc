/** What the training loop asks of any data: full batches without end, and a place to continue from. */
import type { Tensor } from "../tensor/index.ts";

/** Samples as the discriminator gets them: images [B, C, S, S] in [-1, 1] or vectors [B, features]. */
export interface Batch {
  readonly images: Tensor;
  /** int64 [B]; undefined when the data has no classes. */
  readonly labels: Tensor | undefined;
}

/** Where a loader stands: tensors and numbers for a checkpoint. */
export interface LoaderState {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly numbers: Readonly<Record<string, number>>;
}

/** Which auxiliary batches are wanted from the data of a loader. */
export interface LoaderRequest {
  /** Samples in a batch; default: as many as the loader's own. */
  readonly batchSize?: number;
  /**
   * Only this many samples of each class, chosen once by the seed: the labelled part of a semi-supervised run. Default: all
   * samples.
   */
  readonly perClass?: number;
  /** Seed that chooses the samples of {@link perClass}, and nothing else; default: the run's own. */
  readonly choiceSeed?: number | undefined;
}

/** Batches without end. */
export interface DataLoader {
  /** Passes over the data done so far, with a fraction; 0 for data that are drawn for every batch. */
  readonly epoch: number;
  /** Whether {@link epoch} stays 0 for ever: what counts epochs then never moves. Default false. */
  readonly withoutEpochs?: boolean;
  next(): Batch;
  state(): LoaderState;
  /** Continues where {@link state} stood, with the same bits. */
  load(state: LoaderState): void;
  /**
   * An auxiliary loader of the same data, in an order that `seed` fixes. This loader's order does not depend on it.
   * Absent where the data cannot be had a second time.
   *
   * @throws UserError when the data cannot meet the request.
   */
  auxiliary?(request: LoaderRequest, seed: number): DataLoader;
}
