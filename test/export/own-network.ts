/** A generator as a user writes one, of layers and operators that no shipped network has. */
import { z } from "zod";
import { defineGenerator, GeneratorNetwork, imageShape, type ModelContext } from "../../src/models/index.ts";
import { Conv2d, Linear, Sequential, UnaryModule, Upsample, View } from "../../src/nn/index.ts";
import { Tensor } from "../../src/tensor/index.ts";

class Gated extends UnaryModule {
  override forward(x: Tensor): Tensor {
    const [value, gate] = x.chunk(2, 1) as [Tensor, Tensor];
    return value.groupNorm(2).mul(gate.sigmoid()).gelu();
  }
}

class OwnGenerator extends GeneratorNetwork {
  override readonly latent = 6;
  readonly #layers: Sequential;

  constructor(context: ModelContext) {
    super();
    const { channels } = imageShape(context, "own");
    const layers = [
      new Linear(context, 6, 8 * 16),
      new View([8, 4, 4]),
      new Gated(),
      new Upsample(4, "bilinear"),
      new Conv2d(context, 4, channels, 3, { padding: 1 }),
    ];
    this.#layers = this.registerModule("layers", new Sequential(...layers));
  }

  override forward(latents: Tensor): Tensor {
    const maps = this.#layers.forward(latents.layerNorm([6]));
    // A border that fades, made in every pass.
    const ramp = Tensor.linspace(-1, 1, maps.shape[3]!).square().mul(0.5).neg().add(1);
    return maps.mul(ramp).clamp(-1, 1);
  }
}

/** The generator as a part of a recipe. */
export const own = {
  generator: defineGenerator("testOwn", z.strictObject({}), (_, context) => new OwnGenerator(context)),
};
