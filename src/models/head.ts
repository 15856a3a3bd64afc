/** The last layer of a discriminator: from features to logits to a score. */
import { UserError } from "../base/errors.ts";
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
import { ofLabels } from "./label-weights.ts";
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
  /** Whether the linear layer has a bias. Default true. */
  bias?: boolean;
  /** Whether with classes the score is the projection alone, without a linear layer. Default false. */
  projectionAlone?: boolean;
  /** Draws weight and bias; PyTorch's defaults where undefined. */
  init?: Initialiser;
  biasInit?: Initialiser;
  /** Draws the embedding of the classes; default as `init`. */
  embeddingInit?: Initialiser;
}

/**
 * logits = features W^T + b. With one logit that is the score. With K logits, one per class of real images, the score
 * is log sum exp of them: the logit of "real" when the K + 1st, "generated", is fixed at 0, so that sigmoid(score) =
 * Z / (Z + 1) (Salimans et al. 2016, section 5). With classes, the score also gets <embedding(label), features>
 * (projection discriminator, Miyato and Koyama 2018, equation 4). With conditions y it gets <V y, features>, V a matrix.
 *
 * The context may ask for another number of logits than the options (`logits`), for a layer in front of the last
 * one (`beforeHead`), whose output then is the features, and for SAN's gradient (`sliced`): the score is the same number,
 * with the direction of its weight as a constant (Takida et al. 2024; {@link direction}).
 *
 * Modules: `linear`, `embedding` with classes, `stage` where there is one.
 */
export class Head extends Module {
  readonly #stage: FeatureStage | undefined;
  readonly #linear: Linear | undefined;
  readonly #embedding: WeightedModule | undefined;
  readonly #sliced: boolean;

  constructor(context: ModelContext, inputs: number, options: HeadOptions) {
    super();
    this.#stage = context.beforeHead && this.registerModule("stage", context.beforeHead(context, inputs));
    const features = this.#stage?.outputs ?? inputs;
    const { init, biasInit, bias = true, embeddingInit = init } = options;
    const outputs = context.logits ?? options.outputs;
    this.#sliced = context.sliced === true;
    if (this.#sliced && outputs !== 1) {
      throw new UserError(`\`san\`: the discriminator has ${outputs} logits, and one direction gives one score`);
    }
    // Of a normalised direction there is nothing to normalise.
    const normed = options.spectralNorm && !this.#sliced;
    if (!options.projectionAlone || options.classes === 0 || outputs !== 1) {
      const linear = new Linear(context, features, outputs, {
        bias,
        ...(init === undefined ? {} : { init }),
        ...(biasInit === undefined ? {} : { biasInit }),
      });
      if (context.logits !== undefined) ofLabels(linear, 0);
      if (options.weightNorm !== undefined && !this.#sliced) weightNorm(linear, options.weightNorm);
      this.#linear = this.registerModule("linear", normed ? spectralNorm(context, linear) : linear);
    }
    if (options.classes > 0) {
      const embedding = labelEmbedding(context, options.classes, features, { bias: false, init: embeddingInit });
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
    if (this.#sliced) {
      const { length, unit } = this.#weightOf(labels);
      const score = features.mul(unit.detach()).sum(1).mul(length);
      const whole = this.#bias === undefined ? score : score.add(this.#bias);
      return { score: whole, logits: whole.unsqueeze(1), features, hidden };
    }
    const match = this.#embedding?.forward(requireLabels(labels)).mul(features).sum(1);
    const logits = this.#linear?.forward(features) ?? match!.unsqueeze(1);
    if (this.#linear === undefined) return { score: match!, logits, features, hidden };
    const verdict = logits.shape[1] === 1 ? logits.select(1, 0) : logits.logsumexp(1);
    return { score: match === undefined ? verdict : verdict.add(match), logits, features, hidden };
  }

  /**
   * |w| <w / |w|, features> [B] with only the direction w / |w| variable: what SAN trains it by. w is the weight of the linear
   * layer plus the label's embedding.
   *
   * @param features - the features [B, F] of an output of {@link forward}
   */
  direction(features: Tensor, labels: Tensor | undefined): Tensor {
    const { length, unit } = this.#weightOf(labels);
    return features.detach().mul(unit).sum(1).mul(length.detach());
  }

  get #bias(): Tensor | undefined {
    return this.#linear?.namedParameters().get("bias");
  }

  /** |w| [1 or B] and w / |w| [1 or B, F]. */
  #weightOf(labels: Tensor | undefined): { readonly length: Tensor; readonly unit: Tensor } {
    const common = this.#linear?.namedParameters().get("weight");
    const own = this.#embedding?.forward(requireLabels(labels));
    const weight = common === undefined ? own! : own === undefined ? common : own.add(common);
    const length = weight.square().sum(1, true).add(1e-24).sqrt();
    return { length: length.squeeze(1), unit: weight.div(length) };
  }
}
