/** What a network is built for: the shape of a sample, the number of classes, and the memory layout. */
import { UserError } from "../base/errors.ts";
import type { BatchNormOptions, BuildContext, UnaryModule } from "../nn/index.ts";
import type { MemoryFormat } from "../tensor/index.ts";

/** Square images of `size` x `size` pixels, or vectors of `features` numbers. */
export type SampleShape = { readonly channels: number; readonly size: number } | { readonly features: number };

/** Makes the layer that replaces batch norm over vectors (`1`) or images (`2`). */
export type BatchNormMaker = (
  context: BuildContext,
  dimensions: 1 | 2,
  channels: number,
  options: BatchNormOptions,
) => UnaryModule;

/** A stage between the features [B, F] of a discriminator and its last layer, which then takes `outputs` numbers. */
export interface FeatureStage extends UnaryModule {
  readonly outputs: number;
}

/** What every network is built with. */
export interface ModelContext extends BuildContext {
  /** One sample of the data. */
  readonly image: SampleShape;
  /** Number of classes; 0 when the data has none, or conditions in place of them. */
  readonly classes: number;
  /** Number of conditions of each sample, which labels float [B, conditions] hold. Default 0. */
  readonly conditions?: number | undefined;
  /** Memory layout of feature maps inside the network. Convolutions keep it. Default "contiguous". */
  readonly memoryFormat?: MemoryFormat;
  /** Makes the layers that replace batch norm. Default: batch norm itself. */
  readonly batchNorm?: BatchNormMaker | undefined;
  /** Number of logits of the discriminator. Default: from its options. */
  readonly logits?: number | undefined;
  /** Makes a layer in front of the discriminator's last one. Default: none. */
  readonly beforeHead?: ((context: BuildContext, features: number) => FeatureStage) | undefined;
}

/**
 * Channels and size of the context's images.
 *
 * @throws UserError, in the name of `network`, when the samples are vectors.
 */
export function imageShape(context: ModelContext, network: string): { channels: number; size: number } {
  if ("features" in context.image) {
    throw new UserError(
      `${network}: it makes images, but the samples are vectors of ${context.image.features} numbers; use mlp for these`,
    );
  }
  return context.image;
}

/** The shape of one sample without the batch: [features] or [channels, size, size]. */
export function sampleShape(context: Pick<ModelContext, "image">): number[] {
  const { image } = context;
  return "features" in image ? [image.features] : [image.channels, image.size, image.size];
}

/**
 * What a conditional network is told of each sample: the number of classes, or of conditions.
 * @throws UserError, in the name of `network`, when it is to use labels and the data has none.
 */
export function requireClasses(context: ModelContext, network: string): number {
  const width = context.conditions || context.classes;
  if (width < 1) {
    throw new UserError(
      `${network}: \`conditional\` (=true) needs data with classes or conditions, and this data has none`,
    );
  }
  return width;
}

/** In words, what data without classes has: "none", or conditions in place of them. */
export const insteadOfClasses = ({ conditions = 0 }: Pick<ModelContext, "conditions">): string =>
  conditions > 0 ? `${conditions} conditions in place of them` : "none";
