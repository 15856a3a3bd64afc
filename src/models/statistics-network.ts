/**
 * The statistics network T of MINE (Belghazi et al. 2018): one number for a pair (x, y), high where the two belong
 * together. x is a vector, or an image that convolutions reduce to features first; y is a vector.
 */
import { sidesOf } from "../base/image-size.ts";
import {
  type BuildContext,
  Conv2d,
  LeakyReLU,
  Linear,
  Module,
  ReLU,
  Sequential,
  type UnaryModule,
} from "../nn/index.ts";
import { Tensor } from "../tensor/index.ts";
import type { SampleShape } from "./context.ts";

/** Options of {@link StatisticsNetwork}. */
export interface StatisticsNetworkOptions {
  /** One x. */
  readonly x: SampleShape;
  /** Length of y. */
  readonly y: number;
  /** Widths of the ReLU layers that see x (or its features) and y together. */
  readonly hidden: readonly number[];
  /**
   * Channels of the first convolution where x is an image; they double with each halving of the size, up to 8 times.
   */
  readonly width: number;
}

/** Side of the feature maps at which the convolutions end. */
const LAST_SIZE = 4;

/** T of pairs that belong together, and of pairs that do not; each [B]. */
export interface PairStatistics {
  readonly joint: Tensor;
  readonly marginal: Tensor;
}

/**
 * Vectors: [x, y] -> (linear, ReLU) for each of `hidden` -> linear. Images: (convolution 4 x 4 of stride 2, leaky ReLU
 * 0.2) until 4 x 4 pixels, flattened, then the same. No norm: T of a pair must not depend on the other pairs.
 *
 * Modules: `body` (images), `head`, each numbered as in a Sequential.
 *
 * @example
 * const t = new StatisticsNetwork(context, { x: { features: 2 }, y: 1, hidden: [128, 128], width: 16 });
 * const { joint, marginal } = t.pairs(points, codes);
 */
export class StatisticsNetwork extends Module {
  readonly #body: Sequential | undefined;
  readonly #head: Sequential;

  constructor(context: BuildContext, { x, y, hidden, width }: StatisticsNetworkOptions) {
    super();
    let features: number;
    if ("features" in x) features = x.features;
    else {
      const layers: UnaryModule[] = [];
      let channels = x.channels;
      let { height, width: across } = sidesOf(x.size);
      for (let factor = 1; Math.max(height, across) > LAST_SIZE; factor = Math.min(8, 2 * factor)) {
        layers.push(new Conv2d(context, channels, width * factor, 4, { stride: 2, padding: 1 }));
        layers.push(new LeakyReLU(0.2, { inPlace: true }));
        channels = width * factor;
        [height, across] = [height, across].map((side) => Math.floor(side / 2)) as [number, number];
      }
      features = channels * height * across;
      this.#body = this.registerModule("body", new Sequential(...layers));
    }
    const widths = [features + y, ...hidden];
    const layers = hidden.flatMap((outputs, i) => [
      new Linear(context, widths[i]!, outputs),
      new ReLU({ inPlace: true }),
    ]);
    this.#head = this.registerModule("head", new Sequential(...layers, new Linear(context, widths.at(-1)!, 1)));
  }

  /** T(x, y), [B], for x [B, ...] and y [B, Y]. */
  forward(x: Tensor, y: Tensor): Tensor {
    return this.#statistic(this.#features(x), y);
  }

  /**
   * T of a batch's own pairs, and of every x with the y of the row after it. Rows are drawn independently, so these are
   * independent pairs. Nothing is drawn here. x passes through the body once.
   *
   * @param x [B, ...], B at least 2.
   * @param y [B, Y].
   */
  pairs(x: Tensor, y: Tensor): PairStatistics {
    const count = y.shape[0]!;
    const features = this.#features(x);
    const both = this.#statistic(Tensor.cat([features, features], 0), Tensor.cat([y, nextRows(y)], 0));
    return { joint: both.narrow(0, 0, count), marginal: both.narrow(0, count, count) };
  }

  #features(x: Tensor): Tensor {
    return (this.#body?.forward(x) ?? x).flatten(1);
  }

  #statistic(features: Tensor, y: Tensor): Tensor {
    return this.#head.forward(Tensor.cat([features, y], 1)).select(1, 0);
  }
}

/** The rows [B, ...] rotated up by `by` places. */
export function nextRows(rows: Tensor, by = 1): Tensor {
  const count = rows.shape[0]!;
  return Tensor.cat([rows.narrow(0, by, count - by), rows.narrow(0, 0, by)], 0);
}
