/**
 * How a batch is divided over the processes that train together, and within each process into micro-batches.
 * Decisions about a batch are made for the whole of it, in every process alike.
 */
import { UserError } from "../../base/errors.ts";
import { allGather, allReduce, Tensor } from "../../tensor/index.ts";

/** This process among those that train together. */
export interface Replica {
  readonly rank: number;
  readonly size: number;
}

/** The only process of its run. */
export const ALONE: Replica = { rank: 0, size: 1 };

/** Rows of the batch that are computed together: `size` of them from row `start` on. */
export interface MicroBatch {
  /** Its number, counted over the micro-batches of all processes. */
  readonly index: number;
  readonly start: number;
  readonly size: number;
}

/** The sharding of every batch of a run. */
export class Sharding {
  readonly replica: Replica;
  /** The micro-batches of this process, which lie one after the other. */
  readonly own: readonly MicroBatch[];

  /**
   * @param accumulate - Micro-batches in each process.
   * @throws UserError when the batch cannot be divided evenly.
   */
  constructor(batchSize: number, accumulate: number, replica: Replica = ALONE) {
    const microBatches = accumulate * replica.size;
    if (batchSize % microBatches !== 0) {
      const shares = [
        ...(accumulate === 1 ? [] : [`\`accumulate\` (=${accumulate})`]),
        ...(replica.size === 1 ? [] : [`the number of workers (${replica.size})`]),
      ];
      throw new UserError(`\`batchSize\` (=${batchSize}) must be divisible by ${shares.join(" times ")}`);
    }
    const size = batchSize / microBatches;
    this.replica = replica;
    this.own = Array.from({ length: accumulate }, (_, i) => {
      const index = replica.rank * accumulate + i;
      return { index, start: index * size, size };
    });
  }

  /** Whether the whole batch is one micro-batch. */
  get whole(): boolean {
    return this.own.length === 1 && this.replica.size === 1;
  }

  /** The rows of the whole batch, from those of this process's micro-batches. */
  gather(rows: readonly Tensor[]): Tensor {
    const own = rows.length === 1 ? rows[0]! : Tensor.cat(rows);
    return this.replica.size === 1 ? own : allGather(own);
  }

  /**
   * The gradients of the batch: the sum over all processes of their micro-batches' gradients, plus the gradients that
   * every process computed equally from values of the whole batch.
   *
   * @param like - Tensors of the gradients' shapes.
   */
  total(
    ofMicroBatches: readonly (Tensor | null)[],
    ofWhole: readonly (Tensor | null)[],
    like: readonly Tensor[],
  ): Tensor[] {
    // Each process adds its share of the common gradients, so that rounding cannot make their weights differ.
    const own = ofMicroBatches.map((tensor, i) => {
      const share = ofWhole[i]?.div(this.replica.size);
      if (tensor === null) return share ?? null;
      return share === undefined ? tensor : tensor.add(share);
    });
    return this.sum(own, like);
  }

  /** The sums over all processes; a null counts as zeros. */
  sum(found: readonly (Tensor | null)[], like: readonly Tensor[]): Tensor[] {
    const own = found.map((tensor, i) => tensor ?? Tensor.zerosLike(like[i]!));
    if (this.replica.size === 1) return own;
    // One message for all: most of a small message's time is latency.
    const sums = allReduce(Tensor.cat(own.map((tensor) => tensor.reshape([-1]))));
    let start = 0;
    return own.map((tensor) => {
      const sum = sums.narrow(0, start, tensor.numel).reshape(tensor.shape);
      start += tensor.numel;
      return tensor.ndim === 4 && !tensor.isContiguous() ? sum.contiguous("channelsLast") : sum;
    });
  }
}

/** A micro-batch's rows of a tensor of the whole batch. */
export function rowsOf(batch: Tensor, { start, size }: MicroBatch): Tensor {
  return start === 0 && size === batch.shape[0] ? batch : batch.narrow(0, start, size);
}
