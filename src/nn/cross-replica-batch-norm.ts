/**
 * Batch normalisation with the statistics of the whole batch when several processes each hold a share of it (Brock et
 * al. 2019, section 3 and appendix B: "cross-replica").
 */
import { allReduce, noGrad, type Tensor } from "../tensor/index.ts";
import { BatchNorm, type BatchNormOptions } from "./batch-norm.ts";
import type { BuildContext } from "./context.ts";
import { inFloat32 } from "./float32.ts";
import { passMode } from "./pass-mode.ts";

/**
 * Batch norm over vectors (`dimensions` 1: [B, features], [B, features, L]) or images (2: [B, features, H, W])
 * with the mean and variance of all processes' samples. Each pass exchanges two sums, that of the values and that of
 * the squared distances from the mean. So does the backward pass. In one process, and in evaluation mode, it is batch
 * norm.
 *
 * Parameters and buffers are batch norm's.
 *
 * @throws UserError when another process is lost.
 *
 * @example
 * new CrossReplicaBatchNorm(context, 2, 64).forward(maps);
 */
export class CrossReplicaBatchNorm extends BatchNorm {
  protected override readonly ranks: readonly number[];

  constructor(context: BuildContext, dimensions: 1 | 2, features: number, options: BatchNormOptions = {}) {
    super(context, features, options);
    this.ranks = dimensions === 1 ? [2, 3] : [4];
  }

  override forward(given: Tensor): Tensor {
    const { replicas, updateStatistics } = passMode();
    if (replicas === 1 || !this.training) return super.forward(given);
    this.refuseShape(given);
    const x = inFloat32(given);
    const others = x.shape.map((_, i) => i).filter((i) => i !== 1);
    const count = (replicas * x.numel) / this.features;
    const mean = allReduce(x.sum(others, true)).div(count);
    const centred = x.sub(mean);
    const variance = allReduce(centred.square().sum(others, true)).div(count);
    if (updateStatistics) this.#follow(mean, variance.mul(count / (count - 1)));
    const { gain, offset } = this;
    const perChannel = x.shape.map((_, i) => (i === 1 ? this.features : 1));
    const normal = centred.mul(variance.add(this.eps).rsqrt());
    const scaled = gain === null ? normal : normal.mul(gain.view(perChannel));
    return offset === null ? scaled : scaled.add(offset.view(perChannel));
  }

  /** Moves the running statistics towards those of the batch. */
  #follow(mean: Tensor, variance: Tensor): void {
    if (!this.tracks) return;
    const momentum = this.countBatch();
    noGrad(() => {
      for (const [name, value] of [
        ["running_mean", mean],
        ["running_var", variance],
      ] as const) {
        this.buffer(name)
          .mul_(1 - momentum)
          .add_(value.detach().reshape([-1]).mul(momentum));
      }
    });
  }
}
