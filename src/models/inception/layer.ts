/** The layer of Inception v3: convolution, batch normalisation, ReLU. */
import { BatchNorm2d, type BuildContext, createTensor, type Initialiser, UnaryModule, zeros } from "../../nn/index.ts";
import { Tensor } from "../../tensor/index.ts";

/** Batch normalisation's epsilon in every layer of Inception v3. */
export const EPSILON = 0.001;

/** What the layers of one network have in common. */
export interface LayerContext {
  readonly build: BuildContext;
  /** Factor of all channel counts except those of the image and of the logits. */
  readonly width: number;
  /** Whether batch normalisation is folded into the convolutions. */
  readonly folded: boolean;
  /** Draws the convolutions' weights. */
  readonly init: Initialiser;
}

/** Kernel, step and border; pairs are [height, width]. */
export interface Window {
  readonly kernel?: number | readonly [number, number];
  readonly stride?: number;
  readonly padding?: number | readonly [number, number];
}

/** `channels` of the published network in a network of another width. */
export const scaled = (width: number, channels: number): number => Math.max(1, Math.round(channels * width));

/** A convolution whose kernel need not be square. */
class RectangularConv extends UnaryModule {
  readonly #window: { stride: number; padding: number | readonly [number, number] };
  readonly #biased: boolean;

  constructor({ build, folded, init }: LayerContext, inputs: number, outputs: number, window: Window) {
    super();
    const { kernel = 1, stride = 1, padding = 0 } = window;
    const [height, width] = typeof kernel === "number" ? [kernel, kernel] : kernel;
    this.#window = { stride, padding };
    this.#biased = folded;
    this.registerParameter("weight", createTensor(build, [outputs, inputs, height, width], init));
    if (folded) this.registerParameter("bias", createTensor(build, [outputs], zeros));
  }

  override forward(x: Tensor): Tensor {
    return x.conv2d(this.parameter("weight"), this.#biased ? this.parameter("bias") : null, this.#window);
  }
}

/**
 * relu(bn(conv(x))) with `conv.weight` and `bn.*`, or, folded, relu(conv(x)) with `conv.weight` and `conv.bias`.
 * `inputs` and `outputs` are channels of this network, not of the published one.
 */
export class ConvLayer extends UnaryModule {
  readonly outputs: number;
  readonly #conv: RectangularConv;
  readonly #norm: BatchNorm2d | undefined;

  constructor(context: LayerContext, inputs: number, outputs: number, window: Window = {}) {
    super();
    this.outputs = outputs;
    this.#conv = this.registerModule("conv", new RectangularConv(context, inputs, outputs, window));
    this.#norm = context.folded
      ? undefined
      : this.registerModule("bn", new BatchNorm2d(context.build, outputs, { eps: EPSILON }));
  }

  override forward(x: Tensor): Tensor {
    return this.affine(x).relu_();
  }

  /** Without the ReLU. */
  affine(x: Tensor): Tensor {
    const maps = this.#conv.forward(x);
    if (this.#norm === undefined) return maps;
    const normalised = this.#norm.forward(maps);
    maps.dispose();
    return normalised;
  }
}

/** One layer after the other. Maps between two layers are freed at once, because the first layers' maps are large. */
export function chain(x: Tensor, ...steps: readonly ((maps: Tensor) => Tensor)[]): Tensor {
  let maps = x;
  for (const step of steps) {
    const next = step(maps);
    if (maps !== x) maps.dispose();
    maps = next;
  }
  return maps;
}

/** Branches side by side as channels; the branches are freed. */
export function join(branches: readonly Tensor[]): Tensor {
  const joined = Tensor.cat([...branches], 1);
  for (const branch of branches) branch.dispose();
  return joined;
}
