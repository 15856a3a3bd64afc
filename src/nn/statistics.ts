/**
 * Which forward passes move the state that layers carry along (batch norm's running mean and variance, spectral norm's
 * u and v). An update runs the discriminator several times: on real images, on generated ones, for a penalty, and once
 * more for the generator. Only one of these is the main pass; the others must not leave a trace in that state.
 */

// Passes are synchronous and each worker thread loads its own copy of this module, so a plain counter is enough.
let depth = 0;

/**
 * Runs `pass` so that layers in train mode behave as in train mode but their carried state stays where it is: batch norm
 * normalises with the statistics of the batch without moving the running ones, and spectral norm divides by the
 * estimate that its u and v give without another power iteration. May be nested; an error in `pass` ends it as well.
 *
 * @example
 * const real = discriminator.forward(images);
 * const fake = frozenStatistics(() => discriminator.forward(generated));
 */
export function frozenStatistics<T>(pass: () => T): T {
  depth++;
  try {
    const result = pass();
    if (result instanceof Promise)
      throw new TypeError("frozenStatistics takes a synchronous function: it got a promise");
    return result;
  } finally {
    depth--;
  }
}

/**
 * Runs `pass` as a main pass, even inside {@link frozenStatistics}: for a caller that has exchanged the carried state for
 * its own, or put all layers that must not move into evaluation mode.
 */
export function movingStatistics<T>(pass: () => T): T {
  const before = depth;
  depth = 0;
  try {
    return pass();
  } finally {
    depth = before;
  }
}

/** Whether the pass that is running leaves running statistics and power-iteration vectors untouched. */
export function statisticsFrozen(): boolean {
  return depth > 0;
}
