/** What a network is built for: the shape of a sample, the number of classes, and the memory layout. */
import { UserError } from "../base/errors.ts";
import { type ImageSize, type Sides, sidesOf } from "../base/image-size.ts";
import type { BatchNormOptions, BuildContext, UnaryModule } from "../nn/index.ts";
import type { MemoryFormat } from "../tensor/index.ts";

/** Images of a size, or vectors of `features` numbers. */
export type SampleShape = { readonly channels: number; readonly size: ImageSize } | { readonly features: number };

/** The form of images. */
export interface ImageShape extends Sides {
  readonly channels: number;
  readonly size: ImageSize;
}

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
  /** Number of logits of the discriminator, one for each class. Default: from its options. */
  readonly logits?: number | undefined;
  /** Whether the discriminator's last layer has SAN's gradient. Default false. */
  readonly sliced?: boolean | undefined;
  /** Makes a layer in front of the discriminator's last one. Default: none. */
  readonly beforeHead?: ((context: BuildContext, features: number) => FeatureStage) | undefined;
}

/**
 * Channels and size of the context's images: the size as data have it, and height and width.
 *
 * @throws UserError, in the name of `network`, when the samples are vectors.
 */
export function imageShape(context: ModelContext, network: string): ImageShape {
  if ("features" in context.image) {
    throw new UserError(
      `${network}: it makes images, but the samples are vectors of ${context.image.features} numbers; use mlp for these`,
    );
  }
  return { ...context.image, ...sidesOf(context.image.size) };
}

/** The shape of one sample without the batch: [features] or [channels, height, width]. */
export function sampleShape({ image }: Pick<ModelContext, "image">): number[] {
  if ("features" in image) return [image.features];
  const { height, width } = sidesOf(image.size);
  return [image.channels, height, width];
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
