/**
 * The arithmetic limit of a training step: the multiplications and additions that its convolutions and products need,
 * over the highest rate at which this engine was seen to do any of them.
 *
 * Counted is what the mathematics needs, not what an implementation does: one update of D (G forward; D forward, weight
 * gradients and input gradients on real and fake images, without the gradient of the images) and one of G (both forward,
 * D's input gradients, G's weight and input gradients without the gradient of z). Everything else (norms, activations,
 * Adam) counts as nothing, so the limit cannot be reached. Steps with penalties on D's slope are not counted: how much a double
 * derivative needs depends on what of it is shared with the loss's own, so no number would be the mathematics' alone.
 */
import type { Gantry } from "./compiled.ts";

/** A layer as the convolution that it or its adjoint is: a product where size and kernel are 1. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** Height and width of the smaller map, which is the convolution's result. */
  readonly size: number;
  readonly kernel: number;
  /** Default 1. */
  readonly stride?: number;
  /** Whether the gradient of its input (images or z) is not needed. */
  readonly first?: boolean;
}

interface Networks {
  readonly batch: number;
  readonly generator: readonly Layer[];
  readonly discriminator: readonly Layer[];
}

const linear = (inputs: number, outputs: number): Layer => ({ inputs, outputs, size: 1, kernel: 1 });
const first = (layer: Layer): Layer => ({ ...layer, first: true });

function dcgan(size: number): Networks {
  const layers: Layer[] = [];
  for (let side = size / 2, from = 3, to = 64; side >= 4; side /= 2, from = to, to *= 2) {
    layers.push({ inputs: from, outputs: to, size: side, kernel: 4, stride: 2, first: from === 3 });
  }
  const features = layers.at(-1)!.outputs * 16;
  return {
    batch: 64,
    generator: [first(linear(128, features)), ...layers.toReversed().map((layer) => ({ ...layer, first: false }))],
    discriminator: [...layers, linear(features, 1)],
  };
}

function mlp(): Networks {
  const widths = [2, 256, 256, 256, 256];
  const hidden = widths.slice(1).map((width, i) => linear(widths[i]!, width));
  const [start, ...rest] = hidden as [Layer, ...Layer[]];
  const layers = (outputs: number): Layer[] => [first(start), ...rest, linear(256, outputs)];
  return { batch: 256, generator: layers(2), discriminator: layers(1) };
}

/** Channels of a residual network, and where it attends. */
interface Residual {
  readonly batch: number;
  readonly latent: number;
  readonly up: readonly number[];
  readonly down: readonly number[];
  readonly keep: readonly number[];
  readonly wideFirst: boolean;
  /** Side of the maps with attention. */
  readonly attention?: number;
}

/** q, k and v at every position, the two products of the attention, and o. */
function attention(channels: number, size: number): Layer[] {
  const [key, value, others] = [channels / 8, channels / 2, size ** 2 / 4];
  const at = (inputs: number, outputs: number): Layer => ({ inputs, outputs, size, kernel: 1 });
  return [
    ...[key, key, value].map((outputs) => at(channels, outputs)),
    at(key, others),
    at(others, value),
    at(value, channels),
  ];
}

/**
 * A convolution next to a doubling or a halving counts as the one with a wider kernel and a stride of 2 that both are
 * together, and a skip as computed on the smaller maps. Products that make gains and biases are left out.
 */
function residual({ batch, latent, up, down, keep, wideFirst, attention: side }: Residual): Networks {
  const wide = { kernel: 4, stride: 2 };
  const generator = [first(linear(latent, up[0]! * 16))];
  let size = 4;
  for (const [i, outputs] of up.slice(1).entries()) {
    const inputs = up[i]!;
    generator.push({ inputs, outputs, size, ...wide }, { inputs, outputs, size, kernel: 1 });
    size *= 2;
    generator.push({ inputs: outputs, outputs, size, kernel: 3 });
    if (size === side) generator.push(...attention(outputs, size));
  }
  generator.push({ inputs: up[up.length - 1]!, outputs: 3, size, kernel: 3 });
  const discriminator: Layer[] = [];
  let inputs = 3;
  for (const [i, outputs] of [...down, ...keep].entries()) {
    const image = i === 0;
    const halves = i < down.length;
    const hidden = wideFirst || image ? outputs : inputs;
    discriminator.push({ inputs, outputs: hidden, size, kernel: 3, first: image });
    if (halves) size /= 2;
    discriminator.push({ inputs: hidden, outputs, size, ...(halves ? wide : { kernel: 3 }) });
    if (halves || inputs !== outputs) discriminator.push({ inputs, outputs, size, kernel: 1, first: image });
    if (halves && size === side) discriminator.push(...attention(outputs, size));
    inputs = outputs;
  }
  return { batch, generator, discriminator: [...discriminator, linear(inputs, 1)] };
}

const times = (width: number, factors: readonly number[]): number[] => factors.map((factor) => factor * width);

const NETWORKS: Readonly<Record<string, () => Networks>> = {
  "dcgan-32": () => dcgan(32),
  "dcgan-64": () => dcgan(64),
  "dcgan-128": () => dcgan(128),
  mlp,
  "sngan-32": () =>
    residual({
      batch: 64,
      latent: 128,
      up: times(256, [1, 1, 1, 1]),
      down: times(128, [1, 1]),
      keep: times(128, [1, 1]),
      wideFirst: false,
    }),
  "biggan-32": () => biggan32(64),
  "biggan-32-96": () => biggan32(96),
  "biggan-128": () => biggan128(64, 8),
  "biggan-128-96": () => biggan128(96, 32),
};

function biggan32(width: number): Networks {
  const channels = times(4 * width, [1, 1]);
  const up = [...channels, ...channels];
  return residual({ batch: 64, latent: 32, up, down: channels, keep: channels, wideFirst: true });
}

function biggan128(width: number, batch: number): Networks {
  const [up, down] = [times(width, [16, 16, 8, 4, 2, 1]), times(width, [1, 2, 4, 8, 16])];
  return residual({ batch, latent: 20, up, down, keep: [16 * width], wideFirst: true, attention: 64 });
}

const REPETITIONS = 12;
/** Milliseconds. */
const PATIENCE = 1000;

function operations(layers: readonly Layer[], batch: number): number {
  const each = layers.map(({ inputs, outputs, size, kernel }) => 2 * inputs * outputs * (size * kernel) ** 2);
  return batch * each.reduce((sum, count) => sum + count, 0);
}

/** Floating-point operations of one step of a benchmark; undefined where it has no arithmetic to speak of. */
export function stepOperations(name: string): number | undefined {
  const networks = NETWORKS[name]?.();
  if (networks === undefined) return undefined;
  const { batch, generator, discriminator } = networks;
  const g = operations(generator, batch);
  const d = operations(discriminator, batch);
  const inner = (layers: readonly Layer[]): number =>
    operations(
      layers.filter((layer) => !layer.first),
      batch,
    );
  const updateD = g + 2 * d + 2 * d + 2 * inner(discriminator);
  const updateG = g + d + d + g + inner(generator);
  return updateD + updateG;
}

/**
 * The highest rate of this engine, in operations a millisecond: over forward pass, input gradient and weight gradient of
 * every layer of the benchmark, as convolutions in both memory formats or as products, and a product of matrices
 * of 1024, on a GPU of 8192, rows and columns. Each is taken by its fastest of up to 12 runs, fewer where these take a second.
 */
export function peakRate(gantry: Gantry, name: string, now: () => number, device = "cpu"): number {
  const { grad, noGrad, scope, Tensor } = gantry;
  const { batch, generator, discriminator } = NETWORKS[name]!();
  let peak = 0;
  const probe = Tensor.zeros([1], { device });
  // Reading a number waits for a GPU.
  const finished = (): unknown => device === "cpu" || probe.item();
  const side = device === "cpu" ? 1024 : 8192;
  const time = (count: number, work: () => unknown): void => {
    let spent = 0;
    for (let i = 0; i <= REPETITIONS && (i < 2 || spent < PATIENCE); i++) {
      const start = now();
      scope(() => void work());
      finished();
      const taken = now() - start;
      spent += taken;
      if (i > 0) peak = Math.max(peak, count / taken);
    }
  };
  scope(() => {
    const matrix = Tensor.randn([side, side]).to({ device });
    time(2 * side ** 3, () => matrix.mm(matrix));
  });
  const layers = [...generator, ...discriminator];
  const distinct = new Map(layers.map((layer) => [JSON.stringify({ ...layer, first: undefined }), layer]));
  for (const layer of distinct.values()) {
    const { inputs, outputs, size, kernel, stride = 1 } = layer;
    const count = operations([layer], batch);
    const product = kernel === 1 && size === 1;
    const padding = Math.floor((kernel - 1) / 2);
    for (const format of product ? (["contiguous"] as const) : (["contiguous", "channelsLast"] as const)) {
      scope(() => {
        const drawn = (shape: number[]) => {
          const values = Tensor.randn(shape).to({ device });
          return (product ? values : values.contiguous(format)).requiresGrad_(true);
        };
        const x = drawn(product ? [batch, inputs] : [batch, inputs, stride * size, stride * size]);
        const w = drawn(product ? [outputs, inputs] : [outputs, inputs, kernel, kernel]);
        const forward = () => (product ? x.linear(w) : x.conv2d(w, null, { stride, padding }));
        time(count, () => noGrad(forward));
        const y = forward();
        const gradOutputs = [y.detach()];
        for (const input of [x, w]) time(count, () => grad(y, [input], { gradOutputs, retainGraph: true }));
      });
    }
  }
  return peak;
}
