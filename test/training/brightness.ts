/** A GAN whose latent search has a closed form. */
import { DiscriminatorNetwork, type DiscriminatorOutput, GeneratorNetwork } from "../../src/models/index.ts";
import { Dropout } from "../../src/nn/index.ts";
import { Tensor } from "../../src/tensor/index.ts";

/** Images of 2 x 2 pixels that are all as bright as z. */
class Plain extends GeneratorNetwork {
  readonly latent = 1;
  override forward(z: Tensor): Tensor {
    return z.view([z.shape[0]!, 1, 1, 1]).expand([z.shape[0]!, 1, 2, 2]);
  }
}

/** Its features are twice the mean brightness, of which `dropout` forgets pixels; its score is `scale` times as much. */
export class Brightness extends DiscriminatorNetwork {
  readonly #dropout: Dropout;
  readonly #scale: number;

  constructor({ dropout = 0, scale = 1 } = {}) {
    super();
    this.#dropout = this.registerModule("dropout", new Dropout(dropout));
    this.#scale = scale;
  }

  override forward(images: Tensor): DiscriminatorOutput {
    const features = this.#dropout.forward(images.flatten(1)).mean([1], true).mul(2);
    return { score: features.select(1, 0).mul(this.#scale), logits: features, features, hidden: [features] };
  }
}

const recipe = { latentDistribution: "normal", device: "cpu" } as const;
export const gan = { recipe, generator: new Plain(), discriminator: new Brightness() };
export const imagesOf = (...rows: number[][]) => Tensor.fromArray(rows).view([rows.length, 1, 2, 2]);
