/**
 * How a batch is divided: over the processes that train together, and within each into parts that fit its memory. What
 * is decided for the batch is decided for all of it, whoever computes which rows.
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

/** Rows of the batch that are computed together. */
export interface MicroBatch {
  /** Its number among the parts of all processes. */
  readonly index: number;
  readonly start: number;
  readonly size: number;
}

/** The division of every batch of a run. */
export class Sharding {
  readonly replica: Replica;
  /** The parts of this process, which lie one after the other. */
  readonly own: readonly MicroBatch[];

  /**
   * @param accumulate - Parts in each process.
   * @throws UserError when the batch cannot be divided evenly.
   */
  constructor(batchSize: number, accumulate: number, replica: Replica = ALONE) {
    const parts = accumulate * replica.size;
    if (batchSize % parts !== 0) {
      const shares = [
        ...(accumulate === 1 ? [] : [`\`accumulate\` (=${accumulate})`]),
        ...(replica.size === 1 ? [] : [`the number of workers (${replica.size})`]),
      ];
      throw new UserError(`\`batchSize\` (=${batchSize}) must be divisible by ${shares.join(" times ")}`);
    }
    const size = batchSize / parts;
    this.replica = replica;
    this.own = Array.from({ length: accumulate }, (_, i) => {
      const index = replica.rank * accumulate + i;
      return { index, start: index * size, size };
    });
  }

  /** Whether this process computes the whole batch at once. */
  get whole(): boolean {
    return this.own.length === 1 && this.replica.size === 1;
  }

  /** The rows of the whole batch, from those of this process's parts. */
  gather(parts: readonly Tensor[]): Tensor {
    const own = parts.length === 1 ? parts[0]! : Tensor.cat(parts);
    return this.replica.size === 1 ? own : allGather(own);
  }

  /**
   * The gradients of the batch: what each process's parts have given, summed over all, and what was computed of the whole
   * batch by each process alike, once.
   */
  total(ofParts: readonly (Tensor | null)[], ofWhole: readonly (Tensor | null)[], like: readonly Tensor[]): Tensor[] {
    // Each process adds its share of what all have computed: rounding cannot drive their weights apart.
    const own = ofParts.map((tensor, i) => {
      const share = ofWhole[i]?.div(this.replica.size);
      if (tensor === null) return share ?? null;
      return share === undefined ? tensor : tensor.add(share);
    });
    return this.sum(own, like);
  }

  /** The sums over all processes of what each has found; a process that found nothing adds nothing. */
  sum(found: readonly (Tensor | null)[], like: readonly Tensor[]): Tensor[] {
    const own = found.map((tensor, i) => tensor ?? Tensor.zerosLike(like[i]!));
    if (this.replica.size === 1) return own;
    // One message for all of them: most of a small one's time is waiting.
    const sums = allReduce(Tensor.cat(own.map((tensor) => tensor.reshape([-1]))));
    let start = 0;
    return own.map((tensor) => {
      const sum = sums.narrow(0, start, tensor.numel).reshape(tensor.shape);
      start += tensor.numel;
      return tensor.ndim === 4 && !tensor.isContiguous() ? sum.contiguous("channelsLast") : sum;
    });
  }
}

/** A part's rows of the whole batch. */
export function rowsOf(batch: Tensor, part: MicroBatch): Tensor {
  return part.start === 0 && part.size === batch.shape[0] ? batch : batch.narrow(0, part.start, part.size);
}
