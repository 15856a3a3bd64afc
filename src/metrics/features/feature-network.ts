/** Feature networks: they turn images into the features of scores. */
import { UserError } from "../../base/errors.ts";
import { noGradScope, scope, Tensor } from "../../tensor/index.ts";

/** The output of a feature network for a batch, float32. */
export interface Features {
  /** `[N, D]`: activations for FID, KID, precision, recall, density, coverage and neighbours. */
  readonly features: Tensor;
  /** `[N, K]`: class logits for the Inception Score and the mode count. */
  readonly logits: Tensor;
}

/** A network whose inputs are images as bytes, with everything that its numbers depend on. */
export interface FeatureNetwork {
  /** The name in scores: `inception`, `mnist-classifier`, ... */
  readonly name: string;
  /** SHA-256 of the weights (of the published file, or of the safetensors file). */
  readonly hash: string;
  /** How images get the network's size and range. The text changes whenever the numbers change. */
  readonly resizer: string;
  /** D. */
  readonly dimensions: number;
  /** Names of the K classes. */
  readonly classes: readonly string[];
  /** Images uint8 [N, C, S, S'] with C 1 or 3 on any device; results lie on the network's device. Keeps no graph. */
  forward(images: Tensor): Features;
  /** Frees the weights. */
  dispose(): void;
}

/**
 * The features of images from passes of at most `size` of them, without a graph.
 *
 * @throws UserError unless the images are bytes [N, 1 or 3, H, W], N at least 1.
 */
export function inChunks(name: string, images: Tensor, size: number, pass: (chunk: Tensor) => Features): Features {
  const [count = 0, channels] = images.shape;
  if (images.dtype !== "uint8" || images.ndim !== 4 || (channels !== 1 && channels !== 3) || images.numel === 0) {
    throw new UserError(
      `${name}: images are ${images.dtype} [${images.shape.join(", ")}]; they must be uint8 [N, 1 or 3, H, W]`,
    );
  }
  return noGradScope(() => {
    const starts = Array.from({ length: Math.ceil(count / size) }, (_, i) => i * size);
    const parts = starts.map((start) => scope(() => pass(images.narrow(0, start, Math.min(size, count - start)))));
    if (parts.length === 1) return parts[0]!;
    return {
      features: Tensor.cat(parts.map(({ features }) => features)),
      logits: Tensor.cat(parts.map(({ logits }) => logits)),
    };
  });
}
