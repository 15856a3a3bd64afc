/** Feature networks: what images are turned into before any score is computed. */
import { UserError } from "../../base/errors.ts";
import { noGrad, scope, Tensor } from "../../tensor/index.ts";

/** What a feature network says of a batch, float32. */
export interface Features {
  /** [N, D]: the activations that FID, KID, precision, recall, density, coverage and neighbours are computed on. */
  readonly features: Tensor;
  /** [N, K]: class logits, that the Inception Score and the mode count are computed on. */
  readonly logits: Tensor;
}

/** A network that sees images as bytes, together with all that fixes its numbers. */
export interface FeatureNetwork {
  /** What scores are named after: `inception`, `mnist-classifier`, ... */
  readonly name: string;
  /** SHA-256 of the weights (of the published file, or of the safetensors file). */
  readonly hash: string;
  /** How images reach the network's size and range, in words that are the same whenever the numbers are. */
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
  return noGrad(() =>
    scope(() => {
      const starts = Array.from({ length: Math.ceil(count / size) }, (_, i) => i * size);
      const parts = starts.map((start) => scope(() => pass(images.narrow(0, start, Math.min(size, count - start)))));
      if (parts.length === 1) return parts[0]!;
      return {
        features: Tensor.cat(parts.map(({ features }) => features)),
        logits: Tensor.cat(parts.map(({ logits }) => logits)),
      };
    }),
  );
}
