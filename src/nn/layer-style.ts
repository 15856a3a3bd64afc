/** What the layers of one network have in common, so that a block of many layers is given it once. */
import type { BuildContext } from "./context.ts";
import { Conv2d } from "./conv.ts";
import type { Initialiser } from "./init.ts";
import { PooledConv2d, UpsampledConv2d } from "./resampled-conv.ts";
import { spectralNorm as normalised } from "./spectral-norm.ts";
import type { WeightedModule } from "./weighted.ts";

/** What all layers of a network have in common. */
export interface LayerStyle {
  /** Spectral norm on every convolution. */
  readonly spectralNorm: boolean;
  /** Draws weights; PyTorch's default where undefined. */
  readonly init?: Initialiser;
  /** Draws the weights of the residual branches, where they differ. */
  readonly branchInit?: Initialiser;
  /** Draws biases; PyTorch's default where undefined. */
  readonly biasInit?: Initialiser;
}

/** `layer`, with spectral norm where the style has it. */
export function styled<L extends WeightedModule>(context: BuildContext, layer: L, style: LayerStyle): L {
  return style.spectralNorm ? normalised(context, layer) : layer;
}

/** The initialisers of a layer: on a residual branch, or elsewhere. */
export function beginnings(style: LayerStyle, onBranch = false): { init?: Initialiser; biasInit?: Initialiser } {
  const init = onBranch ? (style.branchInit ?? style.init) : style.init;
  return {
    ...(init === undefined ? {} : { init }),
    ...(style.biasInit === undefined ? {} : { biasInit: style.biasInit }),
  };
}

/** A convolution in that style that keeps the size: 3 x 3 on a residual branch, or 1 x 1. */
export function sameSizeConv(
  context: BuildContext,
  channels: readonly [from: number, to: number],
  kernelSize: 1 | 3,
  style: LayerStyle,
  onBranch = false,
): Conv2d {
  const options = { padding: (kernelSize - 1) / 2, ...beginnings(style, onBranch) };
  return styled(context, new Conv2d(context, ...channels, kernelSize, options), style);
}

/** A 3 x 3 convolution in that style on a residual branch: it doubles the size before, or halves it after. */
export function resizingConv(
  context: BuildContext,
  [from, to]: readonly [from: number, to: number],
  resizing: "double" | "halve",
  style: LayerStyle,
): Conv2d {
  const Resizing = resizing === "double" ? UpsampledConv2d : PooledConv2d;
  return styled(context, new Resizing(context, from, to, beginnings(style, true)), style);
}
