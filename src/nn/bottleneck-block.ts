/**
 * The bottleneck blocks of BigGAN-deep (Brock et al. 2019, appendix B and figure 16). Where channels change, the skip
 * keeps x as it is: generators drop the surplus channels, discriminators add the missing ones.
 */
import { Tensor } from "../tensor/index.ts";
import { ReLU } from "./activations.ts";
import type { BuildContext } from "./context.ts";
import type { Conv2d } from "./conv.ts";
import { type LayerStyle, resizingConv, sameSizeConv } from "./layer-style.ts";
import { Module, UnaryModule } from "./module.ts";
import { type ConditionedModule, halving, TwoPaths } from "./residual-block.ts";

/** The 3 x 3 convolutions are this factor narrower than the input (generators) or the output (discriminators). */
const BOTTLENECK = 4;

/** Options of {@link GeneratorBottleneck}. */
export interface GeneratorBottleneckOptions extends LayerStyle {
  readonly inputs: number;
  /** At most `inputs`. */
  readonly outputs: number;
  /** Doubles the size. */
  readonly upsample: boolean;
  /** Makes the four norms. */
  readonly norm: (channels: number) => ConditionedModule;
}

/**
 *     y = conv1x1(n(conv3x3(n(conv3x3(up(n(conv1x1(n(x))))))))) + up(first channels of x),   n = relu(norm)
 *
 * Modules: `norm1`, `conv1` ... `norm4`, `conv4`.
 */
export class GeneratorBottleneck extends Module {
  readonly #outputs: number;
  readonly #upsample: boolean;
  readonly #layers: readonly (readonly [ConditionedModule, Conv2d])[];

  constructor(context: BuildContext, options: GeneratorBottleneckOptions) {
    super();
    const { inputs, outputs, upsample, norm } = options;
    this.#outputs = outputs;
    this.#upsample = upsample;
    const narrow = Math.floor(inputs / BOTTLENECK);
    const widths = [inputs, narrow, narrow, narrow, outputs];
    this.#layers = ([1, 3, 3, 1] as const).map((kernel, i) => {
      const channels = [widths[i]!, widths[i + 1]!] as const;
      return [
        this.registerModule(`norm${i + 1}`, norm(channels[0])),
        this.registerModule(
          `conv${i + 1}`,
          upsample && i === 1
            ? resizingConv(context, channels, "double", options)
            : sameSizeConv(context, channels, kernel, options, true),
        ),
      ] as const;
    });
  }

  forward(x: Tensor, condition?: Tensor): Tensor {
    const skip = x.narrow(1, 0, this.#outputs);
    let branch = x;
    for (const [norm, conv] of this.#layers) branch = conv.forward(norm.forward(branch, condition).relu_());
    return branch.add_(this.#upsample ? skip.upsampleNearest2d(2) : skip);
  }
}

/** Options of {@link DiscriminatorBottleneck}. */
export interface DiscriminatorBottleneckOptions extends LayerStyle {
  readonly inputs: number;
  /** At least `inputs`. */
  readonly outputs: number;
  /** Halves the size. */
  readonly downsample: boolean;
}

/**
 *     y = conv1x1(down(relu(conv3x3(relu(conv3x3(relu(conv1x1(relu(x))))))))) + [s, conv1x1(s)],   s = down(x)
 *
 * where conv1x1(s) makes the channels that are missing. Modules: `branch` and `skip`, numbered as in a Sequential.
 */
export class DiscriminatorBottleneck extends TwoPaths {
  constructor(context: BuildContext, options: DiscriminatorBottleneckOptions) {
    const { inputs, outputs, downsample } = options;
    const narrow = Math.floor(outputs / BOTTLENECK);
    const branch = [
      // Not in place: the skip needs x as it is.
      new ReLU(),
      sameSizeConv(context, [inputs, narrow], 1, options, true),
      new ReLU({ inPlace: true }),
      sameSizeConv(context, [narrow, narrow], 3, options, true),
      new ReLU({ inPlace: true }),
      sameSizeConv(context, [narrow, narrow], 3, options, true),
      new ReLU({ inPlace: true }),
      ...halving(downsample),
      sameSizeConv(context, [narrow, outputs], 1, options, true),
    ];
    const widened =
      outputs > inputs ? [new WithMoreChannels(sameSizeConv(context, [inputs, outputs - inputs], 1, options))] : [];
    super(branch, [...halving(downsample), ...widened]);
  }
}

/** [x, conv(x)] along the channels. Modules: `conv`. */
class WithMoreChannels extends UnaryModule {
  readonly #conv: Conv2d;

  constructor(conv: Conv2d) {
    super();
    this.#conv = this.registerModule("conv", conv);
  }

  override forward(x: Tensor): Tensor {
    return Tensor.cat([x, this.#conv.forward(x)], 1);
  }
}
