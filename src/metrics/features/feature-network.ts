/** Feature networks: what images are turned into before any score is computed. */
import type { Tensor } from "../../tensor/index.ts";

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
