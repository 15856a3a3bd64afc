/**
 * A 3 x 3 convolution and the doubling of the maps before it, or the halving after it, as one convolution.
 *
 * A repeated pixel is multiplied by several weights of the kernel, and the mean of 2 x 2 outputs takes each input
 * several times. The sums of these weights are a 4 x 4 kernel with stride 2, transposed for the doubling. It needs 4
 * products where the plain order needs 9 (Karras et al. 2018 train their networks so), and no large map in between.
 * Per dimension, with w the kernel and k the wide one:
 *
 *     doubled:  k = (w2, w1 + w2, w0 + w1, w0)        halved:  k = (w0, w0 + w1, w1 + w2, w2) / 2
 *
 * Both are linear in w, so gradients of any order are right. Results differ only by rounding.
 */
import { keep, noGradScope, Tensor, withoutAutocast } from "../tensor/index.ts";
import type { BuildContext } from "./context.ts";
import { Conv2d } from "./conv.ts";
import { passMode } from "./pass-mode.ts";
import type { WeightOptions } from "./weighted.ts";

/** The wide kernel's edges are at pixels' edges, so it needs a border of one pixel. */
const WINDOW = { stride: 2, padding: 1 };
/**
 * The wide kernel is used from this many positions of the small maps on. Making it costs as much as about 100
 * positions.
 */
const WORTH = 512;

const DOUBLED: readonly (readonly number[])[] = [
  [0, 0, 1],
  [0, 1, 1],
  [1, 1, 0],
  [1, 0, 0],
];
const HALVED: readonly (readonly number[])[] = [
  [0.5, 0, 0],
  [0.5, 0.5, 0],
  [0, 0.5, 0.5],
  [0, 0, 0.5],
];

/** A 3 x 3 convolution that keeps the size, before the resampling is worked into it. */
class ResampledConv extends Conv2d {
  constructor(context: BuildContext, inChannels: number, outChannels: number, options: WeightOptions = {}) {
    super(context, inChannels, outChannels, 3, { ...options, padding: 1 });
  }
}

/**
 * A 3 x 3 convolution of maps whose pixels are repeated 2 x 2, [B, inChannels, H, W] to [B, outChannels, 2 H, 2 W]; the
 * same as an `Upsample(2)` and a `Conv2d` with padding 1, whose parameters it has.
 *
 * @example
 * new UpsampledConv2d(context, 256, 128).forward(maps);
 */
export class UpsampledConv2d extends ResampledConv {
  protected override apply(x: Tensor, weight: Tensor): Tensor {
    if (!combines(positions(x))) return super.apply(x.upsampleNearest2d(2), weight);
    return x.convTranspose2d(wide(weight, DOUBLED).transpose(0, 1), this.bias, WINDOW);
  }
}

/**
 * The mean over windows of 2 x 2 of a 3 x 3 convolution, [B, inChannels, H, W] to [B, outChannels, H / 2, W / 2],
 * rounded down; the same as a `Conv2d` with padding 1, whose parameters it has, and an `AvgPool2d(2)`.
 *
 * @example
 * new PooledConv2d(context, 64, 128).forward(maps);
 */
export class PooledConv2d extends ResampledConv {
  protected override apply(x: Tensor, weight: Tensor): Tensor {
    if (!combines(positions(x) / 4)) return super.apply(x, weight).avgPool2d(2, 2, 0);
    return x.conv2d(wide(weight, HALVED), this.bias, WINDOW);
  }
}

const combines = (small: number): boolean => passMode().combineResampling && small >= WORTH;

const positions = ({ shape }: Tensor): number => shape[0]! * shape[2]! * shape[3]!;

/** The wide kernel [O, I, 4, 4] of a kernel [O, I, 3, 3], in its memory format. In an autocast it is rounded once, as any kernel. */
function wide(weight: Tensor, sums: readonly (readonly number[])[]): Tensor {
  return withoutAutocast(() => summed(weight, sums));
}

function summed(weight: Tensor, sums: readonly (readonly number[])[]): Tensor {
  const [outputs, inputs] = weight.shape as [number, number];
  const matrix = onDevice(sums, weight);
  if (weight.isContiguous()) {
    return weight.view([-1, 9]).mm(matrix.transpose(0, 1)).view([outputs, inputs, 4, 4]);
  }
  const taps = weight.permute([0, 2, 3, 1]).reshape([outputs, 9, inputs]);
  const sixteen = matrix.unsqueeze(0).expand([outputs, 16, 9]).bmm(taps);
  return sixteen.view([outputs, 4, 4, inputs]).permute([0, 3, 1, 2]);
}

/** [16, 9]: the sums of rows and those of columns at once. */
function matrixOf(sums: readonly (readonly number[])[], { dtype, device }: Tensor): Tensor {
  const both = sums.flatMap((row) => sums.map((column) => row.map((a) => column.map((b) => a * b))));
  return Tensor.fromArray(
    both.map((taps) => taps.flat()),
    [16, 9],
    { dtype, device },
  );
}

/** Matrices on other devices than the CPU. A copy to the device in each pass would take longer than the sums. */
const kept = new Map<string, Tensor>();

function onDevice(sums: readonly (readonly number[])[], weight: Tensor): Tensor {
  const { dtype, device } = weight;
  if (device === "cpu") return matrixOf(sums, weight);
  const key = JSON.stringify([sums, dtype, device]);
  const matrix = kept.get(key) ?? noGradScope(() => keep(matrixOf(sums, weight)));
  kept.set(key, matrix);
  return matrix;
}
