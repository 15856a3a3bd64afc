/** The interfaces of generators and discriminators of any architecture. */
import { definer } from "../base/descriptor.ts";
import { Module } from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { ModelContext } from "./context.ts";

/**
 * Which labels a generator takes: none, int64 [B], or also shares of the classes, float [B, classes] with rows that sum
 * to 1. Of data with conditions the labels are these, float [B, conditions].
 */
export type TakenLabels = "none" | "classes" | "shares";

/**
 * Makes samples from noise: z [B, latent] and, if it is conditional, labels [B] (int64) or conditions [B, D], to images [B, C, H, W] in
 * [-1, 1] or vectors [B, features].
 */
export abstract class GeneratorNetwork extends Module {
  /** Length of the noise vector. */
  abstract readonly latent: number;

  /**
   * The labels that {@link forward} uses. "none" for a network that ignores labels, "shares" for one that
   * can interpolate between classes. Default "classes".
   */
  get takesLabels(): TakenLabels {
    return "classes";
  }

  abstract forward(z: Tensor, labels?: Tensor): Tensor;
}

/** The output of a discriminator for a batch. */
export interface DiscriminatorOutput {
  /** `[B]`: before any sigmoid; larger is more real. */
  readonly score: Tensor;
  /** `[B, K]`: the outputs of the last layer. */
  readonly logits: Tensor;
  /** `[B, F]`: the input of the last layer. */
  readonly features: Tensor;
  /**
   * The hidden activations [B, ...], from the image to the head: after each block's nonlinearity, before noise or
   * dropout. The features are made from the last one.
   */
  readonly hidden: readonly Tensor[];
}

/**
 * Rates samples: images [B, C, H, W] in [-1, 1] or vectors [B, features], with labels [B] or conditions [B, D] if it is
 * conditional.
 */
export abstract class DiscriminatorNetwork extends Module {
  abstract forward(images: Tensor, labels?: Tensor): DiscriminatorOutput;
}

/**
 * Defines a generator: its kind, the zod schema of its options, and a function that makes the network for a
 * {@link ModelContext}.
 */
export const defineGenerator = definer<"generator", ModelContext, GeneratorNetwork>("generator");

/**
 * Defines a discriminator: its kind, the zod schema of its options, and a function that makes the network for a
 * {@link ModelContext}.
 */
export const defineDiscriminator = definer<"discriminator", ModelContext, DiscriminatorNetwork>("discriminator");
