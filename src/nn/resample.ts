/** Modules that change the size of images: upsampling and pooling, NCHW. */
import type { Tensor } from "../tensor/index.ts";
import { UnaryModule } from "./module.ts";
import { requirePositive } from "./sizes.ts";

/**
 * Multiplies height and width by a whole `scale`, repeating pixels ("nearest") or interpolating between their centres
 * ("bilinear", corners not aligned).
 *
 * @example
 * new Upsample(2).forward(maps); // [B, C, H, W] -> [B, C, 2H, 2W]
 */
export class Upsample extends UnaryModule {
  readonly scale: number;
  readonly mode: "nearest" | "bilinear";

  constructor(scale = 2, mode: "nearest" | "bilinear" = "nearest") {
    super();
    requirePositive("Upsample", { scale });
    this.scale = scale;
    this.mode = mode;
  }

  override forward(x: Tensor): Tensor {
    return this.mode === "nearest" ? x.upsampleNearest2d(this.scale) : x.upsampleBilinear2d({ scale: this.scale });
  }
}

/** Window of a pooling module. */
export interface PoolOptions {
  /** Step of the window. Default its size. */
  stride?: number;
  /** Border around the input: zeros that count for the average, minus infinity for the maximum. Default 0. */
  padding?: number;
}

abstract class Pool2d extends UnaryModule {
  protected readonly window: readonly [kernelSize: number, stride: number, padding: number];

  constructor(kernelSize: number, { stride = kernelSize, padding = 0 }: PoolOptions = {}) {
    super();
    requirePositive(this.constructor.name, { kernelSize, stride });
    this.window = [kernelSize, stride, padding];
  }
}

/** Mean over square windows of `kernelSize`. */
export class AvgPool2d extends Pool2d {
  override forward(x: Tensor): Tensor {
    return x.avgPool2d(...this.window);
  }
}

/** Maximum over square windows of `kernelSize`. */
export class MaxPool2d extends Pool2d {
  override forward(x: Tensor): Tensor {
    return x.maxPool2d(...this.window);
  }
}

/** Mean over windows laid out so that the output is `size` x `size`; 1 averages whole maps. */
export class AdaptiveAvgPool2d extends UnaryModule {
  readonly size: number;

  constructor(size = 1) {
    super();
    requirePositive("AdaptiveAvgPool2d", { size });
    this.size = size;
  }

  override forward(x: Tensor): Tensor {
    return x.adaptiveAvgPool2d(this.size);
  }
}

/** Sum over height and width: [B, C, H, W] to [B, C] (the pooling of SNGAN's discriminator). */
export class GlobalSumPool2d extends UnaryModule {
  override forward(x: Tensor): Tensor {
    return x.sum([2, 3]);
  }
}
