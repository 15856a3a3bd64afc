/** Means and covariances of features in float64, over batches, for the Fréchet distance. */
import { UserError } from "../../base/errors.ts";
import { type Device, keep, noGradScope, scope, Tensor } from "../../tensor/index.ts";
import { deviceOfSums, requireFinite, requireWhole } from "./feature-rows.ts";

/** A Gaussian as it was fitted to samples. */
export interface Gaussian {
  /** N, the number of samples. */
  readonly count: number;
  /** [D] float64. */
  readonly mean: Tensor;
  /** [D, D] float64, symmetric, unbiased: the cross-product about the mean over N - 1. */
  readonly covariance: Tensor;
}

/** Rows that are multiplied at once: enough that the product, not the pass over the D x D sums, takes the time. */
const BLOCK_ROWS = 1024;
/** Columns of a block of the triangle: small wastes little on the diagonal, large multiplies faster. */
const BLOCK_COLUMNS = 256;

/**
 * Mean and covariance of features, one batch after another; memory does not grow with the number of samples.
 *
 * With a shift c near the mean, s = sum(x - c) and P = sum((x - c)(x - c)^T):
 *
 *     mean = c + s / N        covariance = (P - s s^T / N) / (N - 1)
 *
 * The shift (the mean of the first 1,024 samples) keeps the subtraction harmless even where the mean is many times the
 * spread (Chan, Golub, LeVeque 1983). Samples are gathered into blocks of 1,024 whatever the batches are, so that the
 * same samples in the same order give the same bits for any batch size. Only the upper triangle of P is computed.
 *
 * Lies on the device of the first batch (on the CPU if that device has no float64); takes D^2 + 1024 D float64. Throws
 * UserError for batches that are not [N, D], for NaN and infinities, and for a result of fewer than two samples.
 *
 * @example
 * const moments = new Moments(2048);
 * for (const batch of batches) scope(() => moments.add(network.forward(batch).features));
 * const gaussian = moments.result();
 * moments.dispose();
 */
export class Moments {
  readonly dimensions: number;
  #count = 0;
  #sums: Sums | undefined;

  /** @param dimensions D, a whole number of at least 1. */
  constructor(dimensions: number) {
    requireWhole(dimensions, "dimensions", 1);
    this.dimensions = dimensions;
  }

  /** N so far. */
  get count(): number {
    return this.#count;
  }

  /** Adds [N, D] features of any floating dtype and device; N may be 0. */
  add(features: Tensor): void {
    const shape = features.shape;
    if (shape.length !== 2 || shape[1] !== this.dimensions)
      throw new UserError(`features must be [samples, ${this.dimensions}], got [${shape.join(", ")}]`);
    requireFinite(features, `features ${this.#count} to ${this.#count + shape[0]! - 1}`);
    noGradScope(() => {
      this.#sums ??= newSums(this.dimensions, deviceOfSums(features.device));
      const { buffer } = this.#sums;
      const rows = features.detach().to({ device: buffer.device });
      for (let start = 0; start < shape[0]!; ) {
        const filled = this.#count % BLOCK_ROWS;
        const length = Math.min(shape[0]! - start, BLOCK_ROWS - filled);
        buffer.narrow(0, filled, length).copy_(rows.narrow(0, start, length));
        start += length;
        this.#count += length;
        if (filled + length < BLOCK_ROWS) continue;
        this.#sums.shift ??= keep(buffer.mean(0));
        accumulate(this.#sums, this.#sums.shift, BLOCK_ROWS);
      }
    });
  }

  /** The Gaussian of all samples so far; more may be added afterwards. Its tensors belong to the caller. */
  result(): Gaussian {
    const count = this.#count;
    const sums = this.#sums;
    if (sums === undefined || count < 2)
      throw new UserError(`a covariance needs at least 2 samples, there ${count === 1 ? "is 1" : `are ${count}`}`);
    return noGradScope(() => {
      // What is still in the buffer is added to copies: the block may yet fill up.
      const { shift, sum, products } = withRest(sums, count % BLOCK_ROWS);
      const upper = products.addmm(sum.unsqueeze(1), sum.unsqueeze(0), { alpha: -1 / count }).triu();
      const covariance = upper.add(upper.triu(1).transpose(0, 1)).div(count - 1);
      return { count, mean: sum.div(count).add(shift), covariance };
    });
  }

  /** Frees the sums; a further `add` starts from nothing. */
  dispose(): void {
    for (const tensor of Object.values(this.#sums ?? {})) tensor?.dispose();
    this.#sums = undefined;
    this.#count = 0;
  }
}

interface Sums {
  /** [1024, D] float64: samples that wait for a full block. */
  readonly buffer: Tensor;
  /** c [D], once the first block is full. */
  shift: Tensor | undefined;
  /** s [D] */
  readonly sum: Tensor;
  /** P [D, D]; only its upper triangle means something. */
  readonly products: Tensor;
}

function newSums(dimensions: number, device: Device): Sums {
  const options = { dtype: "float64", device } as const;
  return {
    buffer: keep(Tensor.empty([BLOCK_ROWS, dimensions], options)),
    shift: undefined,
    sum: keep(Tensor.zeros([dimensions], options)),
    products: keep(Tensor.zeros([dimensions, dimensions], options)),
  };
}

/** Copies to which the first rows of the buffer are added. */
function withRest(sums: Sums, rest: number): Sums & { shift: Tensor } {
  const shift = sums.shift ?? sums.buffer.narrow(0, 0, rest).mean(0);
  const copy = { buffer: sums.buffer.clone(), shift, sum: sums.sum.clone(), products: sums.products.clone() };
  if (rest > 0) accumulate(copy, shift, rest);
  return copy;
}

/** Adds the first rows of the buffer, which are shifted in place. */
function accumulate(sums: Sums, shift: Tensor, rows: number): void {
  scope(() => {
    const block = sums.buffer.narrow(0, 0, rows);
    block.sub_(shift);
    sums.sum.add_(block.sum(0));
    const dimensions = sums.sum.shape[0]!;
    for (let from = 0; from < dimensions; from += BLOCK_COLUMNS) {
      const width = Math.min(BLOCK_COLUMNS, dimensions - from);
      const left = block.narrow(1, from, width).transpose(0, 1);
      const right = block.narrow(1, from, dimensions - from);
      sums.products
        .narrow(0, from, width)
        .narrow(1, from, dimensions - from)
        .addmm_(left, right);
    }
  });
}

/**
 * The Gaussian of [N, D] features that are all there.
 *
 * @example
 * const gaussian = gaussianOf(Tensor.randn([1000, 64]));
 */
export function gaussianOf(features: Tensor): Gaussian {
  const moments = new Moments(features.shape[1] ?? 0);
  try {
    moments.add(features);
    return moments.result();
  } finally {
    moments.dispose();
  }
}
