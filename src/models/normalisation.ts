/** Batch norm in a network: the usual one, or the layer that a technique of the recipe puts in its place. */
import { BatchNorm1d, BatchNorm2d, type BatchNormOptions, type UnaryModule } from "../nn/index.ts";
import type { ModelContext } from "./context.ts";

/** Batch norm over vectors [B, features], or its replacement. */
export function batchNorm1d(context: ModelContext, features: number, options: BatchNormOptions = {}): UnaryModule {
  return context.batchNorm?.(context, 1, features, options) ?? new BatchNorm1d(context, features, options);
}

/** Batch norm over images [B, channels, H, W], or its replacement. */
export function batchNorm2d(context: ModelContext, channels: number, options: BatchNormOptions = {}): UnaryModule {
  return context.batchNorm?.(context, 2, channels, options) ?? new BatchNorm2d(context, channels, options);
}
