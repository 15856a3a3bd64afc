/** The last layer of a discriminator: from features to logits to a score. */
import { type BuildContext, Embedding, type Initialiser, Linear, Module, spectralNorm } from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { requireLabels } from "./conditioning.ts";
import type { Judgement } from "./network.ts";

/** Options of {@link Head}. */
export interface HeadOptions {
  /** Number of logits. */
  outputs: number;
  /** Classes of the projection; 0 for none. */
  classes: number;
  /** Spectral norm on its layers. */
  spectralNorm: boolean;
  /** Draws weight and bias; PyTorch's defaults where undefined. */
  init?: Initialiser;
  biasInit?: Initialiser;
}

/**
 * logits = features W^T + b. With one logit that is the score. With K logits, one a class of real images, the score is
 * log sum exp of them: the logit of "real" when the K + 1st, "generated", is fixed at 0, so that sigmoid(score) =
 * Z / (Z + 1) (Salimans et al. 2016, section 5). With classes, the score also gets <embedding(label), features>
 * (projection discriminator, Miyato and Koyama 2018, equation 4).
 *
 * Modules: `linear`, and `embedding` with classes.
 */
export class Head extends Module {
  readonly #linear: Linear;
  readonly #embedding: Embedding | undefined;

  constructor(context: BuildContext, features: number, options: HeadOptions) {
    super();
    const { init, biasInit } = options;
    const normed = options.spectralNorm;
    const linear = new Linear(context, features, options.outputs, {
      ...(init === undefined ? {} : { init }),
      ...(biasInit === undefined ? {} : { biasInit }),
    });
    this.#linear = this.registerModule("linear", normed ? spectralNorm(context, linear) : linear);
    if (options.classes > 0) {
      const embedding = new Embedding(context, options.classes, features, init === undefined ? {} : { init });
      this.#embedding = this.registerModule("embedding", normed ? spectralNorm(context, embedding) : embedding);
    }
  }

  forward(features: Tensor, labels: Tensor | undefined): Judgement {
    const logits = this.#linear.forward(features);
    const verdict = logits.shape[1] === 1 ? logits.select(1, 0) : logits.logsumexp(1);
    if (this.#embedding === undefined) return { score: verdict, logits, features };
    const match = this.#embedding.forward(requireLabels(labels)).mul(features).sum(1);
    return { score: verdict.add(match), logits, features };
  }
}
