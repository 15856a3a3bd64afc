/**
 * DINOv2 as a feature network: FID over its class token is FD-DINOv2 (Stein et al. 2023), which follows people's choices
 * where FID with Inception does not.
 */
import { VisionTransformer, visionTransformerShape } from "../../models/index.ts";
import { type Device, Generator, scope, Tensor } from "../../tensor/index.ts";
import { resizeAntialiased } from "./antialiased.ts";
import { readDinov2 } from "./dinov2-file.ts";
import { type FeatureNetwork, type Features, inChunks } from "./feature-network.ts";

/** Side of the images that it sees, as in the paper's code. */
const SIZE = 224;
/** ImageNet's means and standard deviations of red, green and blue in [0, 1]. */
const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];
const CHUNK = 16;

/**
 * Opens DINOv2 with weights from where `gantry data dinov2` put them.
 *
 * @throws UserError when they are not there or are damaged.
 *
 * @example
 * const network = openDinov2({ device: "cpu" });
 * const { features } = network.forward(bytes); // uint8 [N, 3, 32, 32] -> [N, 768]
 */
export function openDinov2({ device }: { readonly device: Device }): FeatureNetwork {
  return scope(() => {
    const { state, hash } = readDinov2();
    return new Dinov2Features(state, { device, hash });
  });
}

/** {@link openDinov2} for weights that are in memory already, of any width and depth. */
export class Dinov2Features implements FeatureNetwork {
  readonly name = "dinov2";
  readonly hash: string;
  readonly resizer =
    "pillow-bicubic: Pillow's bicubic to 224x224 on bytes (antialiased), (x / 255 - mean) / standard deviation of ImageNet";
  readonly dimensions: number;
  /** It has no classes. */
  readonly classes: readonly string[] = [];
  readonly #network: VisionTransformer;
  readonly #device: Device;

  /** @throws UserError when `state` does not fit. */
  constructor(
    state: ReadonlyMap<string, Tensor>,
    { device, hash, heads }: { readonly device: Device; readonly hash: string; readonly heads?: number },
  ) {
    this.hash = hash;
    this.#device = device;
    const shape = { ...visionTransformerShape(state), ...(heads === undefined ? {} : { heads }) };
    const network = new VisionTransformer({ rng: new Generator(0), device: "cpu" }, shape);
    scope(() => network.loadStateDict(new Map([...state].filter(([name]) => name !== "mask_token"))));
    this.#network = network.requiresGrad_(false).eval().to({ device });
    this.dimensions = network.width;
  }

  forward(images: Tensor): Features {
    return inChunks(this.name, images, CHUNK, (chunk) => {
      const seen = resizeAntialiased(chunk.to({ device: this.#device }).float(), SIZE, SIZE, {
        filter: "cubic",
        bytes: true,
      });
      const colour = seen.expand([seen.shape[0]!, 3, SIZE, SIZE]).div(255);
      const channel = (values: readonly number[]) =>
        Tensor.fromArray([...values], [1, 3, 1, 1], { device: this.#device }).float();
      const features = this.#network.forward(colour.sub(channel(MEAN)).div(channel(STD)).contiguous());
      return { features, logits: Tensor.zeros([features.shape[0]!, 0], { device: this.#device }) };
    });
  }

  dispose(): void {
    this.#network.dispose();
  }
}
