/**
 * Class-conditional batch norm (Dumoulin et al. 2017; de Vries et al. 2017): normalisation as usual, and then a gain
 * and a bias per channel that depend on a condition of the sample.
 */
import type { Tensor } from "../tensor/index.ts";
import type { BuildContext } from "./context.ts";
import { Embedding } from "./embedding.ts";
import { type Initialiser, zeros } from "./init.ts";
import { Linear } from "./linear.ts";
import { UnaryModule } from "./module.ts";

/**
 * y = norm(x) (1 + gain(c)) + bias(c), per sample and channel, for maps x [B, C, H, W] and conditions c, one per
 * sample.
 *
 * The 1 is needed. With small initial weights the gains would otherwise start near 0 and block the signal.
 *
 * Modules: `norm` (without a gain and bias of its own), `gain`, `bias`.
 *
 * @param gain - From a condition to [B, C]: `classTable` of labels, `projection` of a vector.
 * @param bias - Likewise.
 *
 * @example
 * const make = projection(context, 148, 64);
 * new ConditionalBatchNorm2d(new BatchNorm2d(context, 64, { affine: false }), make(), make()).forward(maps, vectors);
 */
export class ConditionalBatchNorm2d extends UnaryModule {
  readonly #norm: UnaryModule;
  readonly #gain: UnaryModule;
  readonly #bias: UnaryModule;

  constructor(norm: UnaryModule, gain: UnaryModule, bias: UnaryModule) {
    super();
    this.#norm = this.registerModule("norm", norm);
    this.#gain = this.registerModule("gain", gain);
    this.#bias = this.registerModule("bias", bias);
  }

  override forward(x: Tensor, condition?: Tensor): Tensor {
    if (condition === undefined) throw new Error("ConditionalBatchNorm2d needs a condition for each sample");
    const perChannel = (values: Tensor): Tensor => values.unsqueeze(2).unsqueeze(3);
    const gain = perChannel(this.#gain.forward(condition).add(1));
    const bias = perChannel(this.#bias.forward(condition));
    return this.#norm.forward(x).mul(gain).add_(bias);
  }
}

/**
 * Makes the two tables of a norm whose conditions are labels (int64 [B]): a row of `channels` numbers for each class
 * (Miyato and Koyama 2018, section 4). They begin at 0 by default, so that all classes begin with gain 1 and bias 0.
 */
export const classTable =
  (context: BuildContext, classes: number, channels: number, init: Initialiser = zeros): (() => Embedding) =>
  () =>
    new Embedding(context, classes, channels, { init });

/**
 * Makes the two projections of a norm whose conditions are vectors [B, inputs] that all norms of a network share, such
 * as a class embedding and a part of z (Brock et al. 2019, section 3.1 and appendix B): linear without a bias.
 */
export const projection =
  (context: BuildContext, inputs: number, channels: number, init?: Initialiser): (() => Linear) =>
  () =>
    new Linear(context, inputs, channels, { bias: false, ...(init === undefined ? {} : { init }) });
