/**
 * Networks of your own: a generator that doubles its maps three times, and a discriminator that halves its maps three times.
 *
 *     npx gantry train ./own-model.ts
 *     npx gantry train ./own-model.ts --set generator.width=64
 */
import {
  adam,
  DiscriminatorNetwork,
  type DiscriminatorOutput,
  defineDiscriminator,
  defineGenerator,
  defineRecipe,
  GeneratorNetwork,
  imageShape,
  type ModelContext,
  mnist,
  nonSaturating,
  r1,
  type Tensor,
  UserError,
  z,
} from "gantry";
import { Conv2d, LeakyReLU, Linear, ReLU, Sequential, Tanh, type UnaryModule, Upsample, View } from "gantry/nn";

/** z [B, latent] -> 4 x 4 maps -> 8 x 8 -> 16 x 16 -> 32 x 32 -> images [B, C, 32, 32] in [-1, 1]. */
class UpsamplingGenerator extends GeneratorNetwork {
  override readonly latent: number;
  readonly #layers: Sequential;

  // The context has the shape of the data's images, the device, and the random numbers for the first weights.
  constructor(context: ModelContext, { latent, width }: { latent: number; width: number }) {
    super();
    this.latent = latent;
    const { channels, height, width: across } = imageShape(context, "upsampling");
    if (height !== across) throw new UserError("upsampling: it makes square images");
    const layers: UnaryModule[] = [new Linear(context, latent, width * 16), new View([width, 4, 4]), new ReLU()];
    for (let side = 4; side < height; side *= 2) {
      layers.push(new Upsample(2), new Conv2d(context, width, width, 3, { padding: 1 }), new ReLU());
    }
    layers.push(new Conv2d(context, width, channels, 3, { padding: 1 }), new Tanh());
    // A registered module's parameters are trained, written to checkpoints, and named as PyTorch names them.
    this.#layers = this.registerModule("layers", new Sequential(...layers));
  }

  override forward(latents: Tensor): Tensor {
    return this.#layers.forward(latents);
  }
}

/** Images [B, C, 32, 32] -> 16 x 16 -> 8 x 8 -> 4 x 4 maps -> one score per image. */
class StridedDiscriminator extends DiscriminatorNetwork {
  readonly #layers: Sequential;
  readonly #head: Linear;

  constructor(context: ModelContext, { width }: { width: number }) {
    super();
    const { channels, height } = imageShape(context, "strided");
    const layers: UnaryModule[] = [];
    for (let side = height, from = channels; side > 4; side /= 2, from = width) {
      layers.push(new Conv2d(context, from, width, 4, { stride: 2, padding: 1 }), new LeakyReLU(0.2));
    }
    this.#layers = this.registerModule("layers", new Sequential(...layers));
    this.#head = this.registerModule("head", new Linear(context, width * 16, 1));
  }

  override forward(images: Tensor): DiscriminatorOutput {
    const features = this.#layers.forward(images).flatten(1);
    const logits = this.#head.forward(features);
    // `score` [B]: larger is more real. `features` and `hidden` are what techniques such as feature matching look at.
    return { score: logits.squeeze(1), logits, features, hidden: [features] };
  }
}

const size = z.int().positive();
const upsampling = defineGenerator(
  "upsampling",
  z.strictObject({ latent: size.default(64), width: size.default(32) }),
  (options, context) => new UpsamplingGenerator(context, options),
);
const strided = defineDiscriminator(
  "strided",
  z.strictObject({ width: size.default(32) }),
  (options, context) => new StridedDiscriminator(context, options),
);

export default defineRecipe({
  data: mnist({ size: 32 }),
  generator: upsampling({ latent: 64, width: 32 }),
  discriminator: strided({ width: 32 }),
  loss: nonSaturating(),
  techniques: [r1({ weight: 1 })],
  optimizers: { generator: adam({ lr: 2e-4 }), discriminator: adam({ lr: 2e-4 }) },
  steps: 2_000,
});
