/**
 * Data-dependent initialisation (Salimans and Kingma 2016, "Weight Normalization", section 3): one pass over a batch sets
 * length and bias of every weight-normed layer so that its outputs have mean 0 and variance 1 on that batch.
 */
import { noGrad } from "../tensor/index.ts";

// Passes are synchronous and each worker thread loads its own copy of this module, so a plain flag is enough.
let running = false;

/**
 * Runs `pass`, in which every layer with weight norm first fits itself to the input that it gets, so that the next layer
 * sees what it will see in training. With t = g v.x / |v| + b the layer's output, mu and sigma its mean and standard deviation over the
 * batch (and the pixels) and s the layer's `initialStd`:
 *
 *     g <- g s / sigma        b <- (b - mu) s / sigma
 *
 * Layers without weight norm, and those with `initialStd: null`, are left as they are. An output that does not vary over
 * the batch (sigma = 0) keeps its length and is only centred. No graph is recorded.
 *
 * @example
 * initialiseFromData(() => discriminator.forward(images));
 */
export function initialiseFromData<T>(pass: () => T): T {
  const before = running;
  running = true;
  try {
    return noGrad(pass);
  } finally {
    running = before;
  }
}

/** Whether the pass that is running is one of {@link initialiseFromData}. */
export function initialisingFromData(): boolean {
  return running;
}
