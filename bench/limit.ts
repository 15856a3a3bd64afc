/**
 * The arithmetic limit of a training step: the multiplications and additions that its convolutions and products need,
 * over the highest rate at which this engine was seen to do any of them.
 *
 * Counted is what the mathematics needs, not what an implementation does: one update of D (G forward; D forward, weight
 * gradients and input gradients on real and fake images, without the gradient of the images) and one of G (both forward,
 * D's input gradients, G's weight and input gradients without the gradient of z). Everything else (norms, activations,
 * Adam) counts as nothing, so the limit cannot be reached.
 */
import type { Gantry } from "./steps.ts";

/** A layer as the convolution that it or its adjoint is: a product where kernel and sizes are 1. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** Height and width of the smaller map, which is the convolution's result. */
  readonly size: number;
  readonly kernel: number;
}

interface Networks {
  readonly batch: number;
  /** Both in the order of the forward pass. */
  readonly generator: readonly Layer[];
  readonly discriminator: readonly Layer[];
}

const linear = (inputs: number, outputs: number): Layer => ({ inputs, outputs, size: 1, kernel: 1 });

function dcgan(size: number): Networks {
  const layers: Layer[] = [];
  for (let side = size / 2, from = 3, to = 64; side >= 4; side /= 2, from = to, to *= 2) {
    layers.push({ inputs: from, outputs: to, size: side, kernel: 4 });
  }
  const features = layers.at(-1)!.outputs * 16;
  return {
    batch: 64,
    generator: [linear(128, features), ...layers.toReversed()],
    discriminator: [...layers, linear(features, 1)],
  };
}

function mlp(): Networks {
  const widths = [2, 256, 256, 256, 256];
  const hidden = widths.slice(1).map((width, i) => linear(widths[i]!, width));
  return { batch: 256, generator: [...hidden, linear(256, 2)], discriminator: [...hidden, linear(256, 1)] };
}

const NETWORKS: Readonly<Record<string, () => Networks>> = {
  "dcgan-32": () => dcgan(32),
  "dcgan-64": () => dcgan(64),
  mlp,
};

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
  const updateD = g + 2 * d + 2 * d + 2 * operations(discriminator.slice(1), batch);
  const updateG = g + d + d + g + operations(generator.slice(1), batch);
  return updateD + updateG;
}

/**
 * The highest rate of this engine, in operations a millisecond: over forward pass, input gradient and weight gradient of
 * every layer of the benchmark, as convolutions in both memory formats or as products, and a product of 1024 x 1024
 * matrices. Each is taken by its fastest of `repetitions` runs.
 */
export function peakRate(gantry: Gantry, name: string, repetitions = 12): number {
  const { grad, noGrad, scope, Tensor } = gantry;
  const { batch, generator, discriminator } = NETWORKS[name]!();
  let peak = 0;
  const time = (count: number, work: () => unknown): void => {
    for (let i = 0; i <= repetitions; i++) {
      const start = performance.now();
      scope(() => void work());
      if (i > 0) peak = Math.max(peak, count / (performance.now() - start));
    }
  };
  scope(() => {
    const matrix = Tensor.randn([1024, 1024]);
    time(2 * 1024 ** 3, () => matrix.mm(matrix));
  });
  for (const layer of [...generator, ...discriminator]) {
    const { inputs, outputs, size, kernel } = layer;
    const count = operations([layer], batch);
    const product = kernel === 1;
    for (const format of product ? (["contiguous"] as const) : (["contiguous", "channelsLast"] as const)) {
      scope(() => {
        const drawn = (shape: number[]) => {
          const values = Tensor.randn(shape);
          return (product ? values : values.contiguous(format)).requiresGrad_(true);
        };
        const x = drawn(product ? [batch, inputs] : [batch, inputs, 2 * size, 2 * size]);
        const w = drawn(product ? [outputs, inputs] : [outputs, inputs, kernel, kernel]);
        const forward = () => (product ? x.linear(w) : x.conv2d(w, null, { stride: 2, padding: 1 }));
        time(count, () => noGrad(forward));
        const y = forward();
        const gradOutputs = [y.detach()];
        for (const input of [x, w]) time(count, () => grad(y, [input], { gradOutputs, retainGraph: true }));
      });
    }
  }
  return peak;
}
