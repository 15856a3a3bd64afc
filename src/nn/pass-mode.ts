/**
 * The mode of a forward pass: what layers need to know beyond their input and `training`. A network's `forward` takes
 * samples only, so the caller sets the mode around the pass.
 */

/** How the layers of a pass behave. */
export interface PassMode {
  /**
   * Whether layers in train mode update their state: batch norm its running mean and variance, spectral norm its u and
   * v. A training step makes several passes of the discriminator; only one of them is to update. Default true.
   */
  readonly updateStatistics: boolean;
  /**
   * How many of the first samples are a reference batch, from which virtual batch norm takes its statistics. The other
   * samples must not see it in any other way. Default 0.
   */
  readonly referenceRows: number;
  /** How many processes make the pass together, each with a share of the batch. Default 1. */
  readonly replicas: number;
  /**
   * Whether every weight-normed layer first fits itself to its input (Salimans and Kingma 2016, "Weight Normalization",
   * section 3), so that its outputs have mean 0 and standard deviation s, its `initialStd`, on this batch. With mu and
   * sigma the mean and standard deviation of the output t = g v.x / |v| + b over the batch and the pixels:
   *
   *     g <- g s / sigma        b <- (b - mu) s / sigma
   *
   * A layer with `initialStd: null` stays as it is. An output that does not vary (sigma = 0) is only centred. Default
   * false.
   */
  readonly initialiseFromData: boolean;
  /**
   * Whether a convolution next to a doubling or a halving is combined with it where that is faster
   * (`resampled-conv.ts`). Which of the two forms is taken then depends on the size of the batch. Default true.
   */
  readonly combineResampling: boolean;
}

// Passes are synchronous and every worker thread loads its own copy of this module: one variable is enough.
let current: PassMode = {
  updateStatistics: true,
  referenceRows: 0,
  replicas: 1,
  initialiseFromData: false,
  combineResampling: true,
};

/** The mode of the pass that is running. */
export function passMode(): PassMode {
  return current;
}

/**
 * Runs `pass` in the current mode with `changes`. The mode before is back afterwards, also after an error.
 *
 * @throws TypeError when `pass` is asynchronous.
 *
 * @example
 * const both = withPassMode({ referenceRows: 64 }, () => network.forward(Tensor.cat([reference, samples])));
 */
export function withPassMode<T>(changes: Partial<PassMode>, pass: () => T): T {
  const before = current;
  current = { ...before, ...changes };
  try {
    const result = pass();
    if (result instanceof Promise) throw new TypeError("a pass must be a synchronous function: it returned a promise");
    return result;
  } finally {
    current = before;
  }
}

/**
 * Runs `pass` without updating the state that layers carry: batch norm in train mode normalises with the statistics of
 * the batch, spectral norm uses u and v as they are.
 *
 * @example
 * const real = discriminator.forward(images);
 * const fake = frozenStatistics(() => discriminator.forward(generated));
 */
export function frozenStatistics<T>(pass: () => T): T {
  return withPassMode({ updateStatistics: false }, pass);
}
