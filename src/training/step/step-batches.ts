/**
 * The batches of data that a step takes, where steps are captured and replayed: then they are copied to memory that stays where it
 * is before each replay.
 */
import type { Batch, DataLoader } from "../../data/index.ts";
import { keep, noGradScope, type Tensor, unwatched } from "../../tensor/index.ts";

/** Where a step gets its next batch of a loader from. */
type Next = (loader: DataLoader) => Batch;

/** The loaders of a run, and which batches the present step takes. */
export class StepBatches {
  /** The loaders of the present step, in the order in which it takes batches. */
  #taken: DataLoader[] = [];
  #next: Next | undefined;

  /** The loader as a step is to see it. */
  of(loader: DataLoader): DataLoader {
    const auxiliary = loader.auxiliary?.bind(loader);
    return {
      get epoch() {
        return loader.epoch;
      },
      ...(loader.withoutEpochs === undefined ? {} : { withoutEpochs: loader.withoutEpochs }),
      next: () => {
        this.#taken.push(loader);
        return unwatched(() => (this.#next ?? nextOf)(loader));
      },
      state: () => loader.state(),
      load: (state) => loader.load(state),
      ...(auxiliary && { auxiliary: (request, seed) => this.of(auxiliary(request, seed)) }),
    };
  }

  /** Runs a step. `next` gives its batches; default: the loaders. Returns the loaders too, in the order of the batches. */
  during<T>(step: () => T, next?: Next): { readonly result: T; readonly loaders: readonly DataLoader[] } {
    this.#taken = [];
    this.#next = next;
    try {
      return { result: step(), loaders: this.#taken };
    } finally {
      this.#next = undefined;
    }
  }
}

const nextOf: Next = (loader) => loader.next();

/** The batches of a step that is captured once and replayed. */
export class FixedBatches {
  readonly #loaders: readonly DataLoader[];
  readonly #batches: Batch[] = [];
  #taken = 0;

  /** @param loaders - From which the step takes a batch each, in its order. */
  constructor(loaders: readonly DataLoader[]) {
    this.#loaders = loaders;
  }

  /** Takes the batches of the coming step from the loaders. */
  renew(): void {
    noGradScope(() => {
      for (const [i, loader] of this.#loaders.entries()) {
        const batch = loader.next();
        const place = this.#batches[i];
        if (place === undefined) this.#batches.push(copied(batch));
        else overwrite(place, batch);
      }
    });
  }

  /** The step's next batch, while it is captured. */
  readonly next: Next = (loader) => {
    const at = this.#taken++;
    const batch = this.#batches[at];
    if (batch !== undefined && this.#loaders[at] === loader) return batch;
    throw new Error("the step takes other batches than before, which a replay would not repeat");
  };

  dispose(): void {
    for (const tensor of this.#batches.flatMap(tensorsOf)) tensor.dispose();
  }
}

const tensorsOf = ({ images, labels }: Batch): Tensor[] => (labels === undefined ? [images] : [images, labels]);

const copied = ({ images, labels }: Batch): Batch => ({
  images: keep(images.clone()),
  labels: labels && keep(labels.clone()),
});

/** @throws Error when the batch has another shape: memory that was captured cannot grow. */
function overwrite(place: Batch, batch: Batch): void {
  const [places, tensors] = [tensorsOf(place), tensorsOf(batch)];
  const shapes = (all: readonly Tensor[]): string => all.map(({ shape }) => `[${shape.join(", ")}]`).join(" and ");
  if (shapes(places) !== shapes(tensors)) {
    throw new Error(`a batch of the shapes ${shapes(tensors)} came where the step was captured with ${shapes(places)}`);
  }
  for (const [i, tensor] of tensors.entries()) places[i]!.copy_(tensor);
}
