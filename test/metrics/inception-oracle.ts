/** The weights and images of test/fixtures/make_inception.py, computed by the same formulas, and its stored results. */
import { InceptionV3 } from "../../src/models/inception/network.ts";
import { Generator, Tensor } from "../../src/tensor/index.ts";
import { fixture } from "../nn/oracle.ts";

/** Every so-many-th value of a tensor. */
export interface Picked {
  shape: number[];
  every: number;
  largest: number;
  values: number[];
}
/** What is stored of a network. */
export interface StoredNetwork {
  logitScale: number;
  statistics: string;
  mean: string;
}
interface Outputs {
  features: Picked;
  logitsUnbiased: Picked;
  logits: Picked;
  inceptionScore: { splits: number; mean: number; std: number };
}
interface Stored {
  resized: ({ size: [number, number]; phase: number; sha256: string } & Picked)[];
  full: StoredNetwork &
    Outputs & { images: [size: number, channels: 1 | 3][]; first: number; parameters: number; shapesSha256: string };
  narrow: StoredNetwork & {
    width: number;
    count: number;
    size: number;
    first: [number, number];
    channels: Record<string, number[]>;
    real: Outputs;
    fake: Outputs;
    fid: number;
    kid: { mean: number; std: number; subsets: [number[], number[]][] };
  };
}
export const stored = fixture<Stored>("inception");

/** 32 well mixed bits for each index. */
export function bits(count: number, phase: number): Uint32Array {
  const start = Math.imul(phase, 0x9e3779b9);
  return Uint32Array.from({ length: count }, (_, i) => {
    let h = (i + start) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
    return h ^ (h >>> 16);
  });
}

/** Numbers in [-1, 1) as `scale` u + `offset`, float32. */
function noise(shape: readonly number[], phase: number, scale: number, offset: number): Tensor {
  const values = new Float32Array(
    bits(
      shape.reduce((product, size) => product * size, 1),
      phase,
    ).length,
  );
  for (const [i, value] of bits(values.length, phase).entries()) values[i] = offset + scale * (value / 2 ** 31 - 1);
  return Tensor.fromArray(values, shape);
}

/** Bytes [count, channels, size, size]: waves and grain. */
export function images(count: number, size: number, first: number, channels: 1 | 3 = 3): Tensor {
  const bytes = new Uint8Array(count * channels * size * size);
  let at = 0;
  for (let n = first; n < first + count; n++) {
    for (let c = 0; c < channels; c++) {
      const [a, b, shift, contrast, brightness, coarse] = [...bits(6, 7919 * n + c)] as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      const grain = bits(size * size, 104729 * n + c);
      for (const [i, speck] of grain.entries()) {
        const across = Math.floor((((a % 97) - 48) * (i % size) * 32) / size);
        const down = Math.floor((((b % 97) - 48) * Math.floor(i / size) * 32) / size);
        // JavaScript's remainder has the sign of the dividend, Python's that of the divisor.
        const wave = (((across + down + (shift % 512)) % 512) + 512) % 512;
        const value = Math.floor((Math.abs(wave - 256) * (contrast % 256)) / 256) + (brightness % 128);
        bytes[at++] = Math.min(value + (speck % (1 + (coarse % 64))), 255);
      }
    }
  }
  return Tensor.fromArray(bytes, [count, channels, size, size]);
}

/** Two bytes a number, the upper half of a float32. */
function unpack(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64");
  const halves = Uint32Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(2 * i) << 16);
  return new Float32Array(halves.buffer);
}

/** The state dict that the script gave its network. */
export function weights(width: number, { logitScale, statistics, mean }: StoredNetwork): Map<string, Tensor> {
  const network = new InceptionV3({ rng: new Generator(0), device: "cpu" }, { width, init: () => {} });
  const names = [...network.stateDict().keys()].sort();
  const measured = unpack(statistics);
  let taken = 0;
  const state = new Map<string, Tensor>();
  for (const [phase, name] of names.entries()) {
    const { shape } = network.stateDict().get(name)!;
    const [scale, offset] = name.endsWith("conv.weight")
      ? [Math.sqrt(6 / (shape[1]! * shape[2]! * shape[3]!)), 0]
      : name.endsWith("bn.weight")
        ? [0.2, 1]
        : name.endsWith("bn.bias")
          ? [0.1, 0]
          : [name === "fc.weight" ? logitScale : 1, 0];
    if (name.includes("running_")) {
      const end = taken + shape[0]!;
      state.set(name, Tensor.fromArray(measured.slice(taken, end), shape));
      taken = end;
    } else if (name.endsWith("num_batches_tracked")) state.set(name, Tensor.zeros([], { dtype: "int64" }));
    else state.set(name, noise(shape, phase, scale, offset));
  }
  const along = Tensor.fromArray(unpack(mean), [network.dimensions, 1]).double();
  const weight = state.get("fc.weight")!.double();
  const shares = weight.mm(along).div(along.mul(along).sum());
  state.set("fc.weight", weight.sub(shares.mm(along.transpose(0, 1))).float());
  network.dispose();
  return state;
}
