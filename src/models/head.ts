/** The last layer of a discriminator: from features to logits to a score. */
import {
  type Initialiser,
  Linear,
  Module,
  spectralNorm,
  type WeightedModule,
  type WeightNormOptions,
  weightNorm,
} from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { labelEmbedding, requireLabels } from "./conditioning.ts";
import type { FeatureStage, ModelContext } from "./context.ts";
import type { DiscriminatorOutput } from "./network.ts";

/** Options of {@link Head}. */
export interface HeadOptions {
  /** Number of logits. */
  outputs: number;
  /** Classes, or conditions, of the projection; 0 for none. */
  classes: number;
  /** Spectral norm on its layers. */
  spectralNorm: boolean;
  /** Weight norm on the linear layer, in place of spectral norm; default: none. */
  weightNorm?: WeightNormOptions;
  /** Draws weight and bias; PyTorch's defaults where undefined. */
  init?: Initialiser;
  biasInit?: Initialiser;
  /** Whether the linear layer has a bias; default true. */
  bias?: boolean;
}

/**
 * logits = features W^T + b. With one logit that is the score. With K logits, one per class of real images, the score
 * is log sum exp of them: the logit of "real" when the K + 1st, "generated", is fixed at 0, so that sigmoid(score) =
 * Z / (Z + 1) (Salimans et al. 2016, section 5). With classes, the score also gets <embedding(label), features>
 * (projection discriminator, Miyato and Koyama 2018, equation 4). With conditions y it gets <V y, features>, V a matrix.
 *
 * The context may ask for another number of logits than the options (`logits`), and for a layer in front of the last
 * one (`beforeHead`), whose output then is the features.
 *
 * Modules: `linear`, `embedding` with classes, `stage` where there is one.
 */
export class Head extends Module {
  readonly #stage: FeatureStage | undefined;
  readonly #linear: Linear;
  readonly #embedding: WeightedModule | undefined;

  constructor(context: ModelContext, inputs: number, options: HeadOptions) {
    super();
    this.#stage = context.beforeHead && this.registerModule("stage", context.beforeHead(context, inputs));
    const features = this.#stage?.outputs ?? inputs;
    const { init, biasInit } = options;
    const normed = options.spectralNorm;
    const linear = new Linear(context, features, context.logits ?? options.outputs, {
      ...(init === undefined ? {} : { init }),
      ...(biasInit === undefined ? {} : { biasInit }),
      bias: options.bias ?? true,
    });
    if (options.weightNorm !== undefined) weightNorm(linear, options.weightNorm);
    this.#linear = this.registerModule("linear", normed ? spectralNorm(context, linear) : linear);
    if (options.classes > 0) {
      const embedding = labelEmbedding(context, options.classes, features, { bias: false, init });
      this.#embedding = this.registerModule("embedding", normed ? spectralNorm(context, embedding) : embedding);
    }
  }

  /**
   * @param hidden - The hidden activations of the network; the last one is flattened.
   * @param last - The input of the head in place of the last one, such as the same with noise.
   */
  forward(
    hidden: readonly Tensor[],
    labels: Tensor | undefined,
    last: Tensor = hidden[hidden.length - 1]!,
  ): DiscriminatorOutput {
    const flat = last.flatten(1);
    const features = this.#stage?.forward(flat) ?? flat;
    const logits = this.#linear.forward(features);
    const verdict = logits.shape[1] === 1 ? logits.select(1, 0) : logits.logsumexp(1);
    if (this.#embedding === undefined) return { score: verdict, logits, features, hidden };
    const match = this.#embedding.forward(requireLabels(labels)).mul(features).sum(1);
    return { score: verdict.add(match), logits, features, hidden };
  }
}
