/** DINOv2's network and features, compared with a transformer written from the papers in PyTorch, with made-up weights. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { writeSafetensors } from "../../src/formats/index.ts";
import { Dinov2Features } from "../../src/metrics/features/dinov2.ts";
import { importDinov2, readDinov2 } from "../../src/metrics/features/dinov2-file.ts";
import { BYTES, evaluate, fid, type ImageSet, inceptionScore, type Metric } from "../../src/metrics/index.ts";
import { VisionTransformer, type VisionTransformerOptions } from "../../src/models/index.ts";
import { Generator, noGrad, Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { expectClose, fixture, flat } from "../nn/oracle.ts";
import { bits, type Picked } from "./inception-oracle.ts";

const { small, wide, full } = fixture<{
  small: { width: number; depth: number; heads: number; grid: number; interpolated: Picked; trained: Picked };
  wide: { width: number; depth: number; grid: number; features: Picked };
  full: { parameters: number; shapesSha256: string };
}>("dinov2");

const context = () => ({ rng: new Generator(0), device: "cpu" as const });

/** The weights of make_dinov2.py. */
function filled(shape: VisionTransformerOptions): Map<string, Tensor> {
  const network = new VisionTransformer(context(), shape);
  const state = new Map<string, Tensor>();
  for (const [phase, name] of [...network.stateDict().keys()].sort().entries()) {
    const { shape, numel } = network.stateDict().get(name)!;
    const gain = /(norm\d|^norm)\.weight$/.test(name);
    const [offset, scale] = gain
      ? [1, 0.2]
      : name.endsWith("gamma")
        ? [0.5, 0.4]
        : name.endsWith(".weight")
          ? [0, Math.sqrt(3 / (numel / shape[0]!))]
          : [0, 0.3];
    const values = Float32Array.from(bits(numel, phase), (value) => offset + scale * (value / 2 ** 31 - 1));
    state.set(name, Tensor.fromArray(values, shape));
  }
  network.dispose();
  return state;
}

function expectPicked(actual: Tensor, { shape, every, largest, values }: Picked, within = 1e-4): void {
  expect(actual.shape).toEqual(shape);
  expectClose(
    flat(actual).filter((_, i) => i % every === 0),
    values,
    { atol: within * largest, rtol: 0 },
  );
}

/** The pixels of make_dinov2.py: [count, 3, height, width]. */
function pixels(count: number, height: number, width: number, phase: number): Tensor {
  const noise = bits(count * height * width * 3, phase);
  const bytes = Uint8Array.from(noise, (value, i) => {
    const [c, x, y, n] = [
      i % 3,
      Math.floor(i / 3) % width,
      Math.floor(i / 3 / width) % height,
      Math.floor(i / 3 / width / height),
    ];
    const wave = Math.floor((x * (3 + n) * 16) / width) + Math.floor((y * (5 - n) * 16) / height) + 40 * c;
    return Math.min(Math.abs((wave % 256) - 128) + (value >>> 25), 255);
  });
  return Tensor.fromArray(bytes, [count, height, width, 3]).permute([0, 3, 1, 2]).contiguous();
}

const uniform = (shape: number[], phase: number): Tensor => {
  const count = shape.reduce((product, size) => product * size, 1);
  return Tensor.fromArray(
    Float32Array.from(bits(count, phase), (value) => value / 2 ** 31 - 1),
    shape,
  );
};

describe("the vision transformer", () => {
  it("gives the class token of PyTorch's, with trained positions and with interpolated ones", () => {
    const { interpolated, trained, ...shape } = small;
    const network = new VisionTransformer(context(), shape).eval();
    network.loadStateDict(filled(shape));
    noGrad(() => {
      expectPicked(network.forward(uniform([2, 3, 56, 56], 99)), interpolated);
      expectPicked(network.forward(uniform([1, 3, 70, 70], 98)), trained);
    });
    expect(() => network.forward(uniform([1, 3, 60, 60], 1))).toThrow("must be [N, 3, S, S], S a multiple of 14");
  });

  it("sees images as Pillow resizes them, and gives the features of ViT-B/14's width and positions", () => {
    const { features: stored, ...shape } = wide;
    const network = new Dinov2Features(filled(shape), { device: "cpu", hash: "made up" });
    const { features } = network.forward(pixels(2, 40, 32, 5));
    expect(network.dimensions).toBe(768);
    expectPicked(features, stored, 1e-3);
    network.dispose();
  });

  it("has the names and the shapes of ViT-B/14", () => {
    const network = new VisionTransformer(context(), { width: 768, depth: 12 });
    const shapes = [...network.stateDict()].map(([name, { shape }]) => [name, shape]).sort();
    expect(createHash("sha256").update(JSON.stringify(shapes)).digest("hex")).toBe(full.shapesSha256);
    expect(network.parameterCount()).toBe(full.parameters);
    network.dispose();
  });
});

describe("dinov2 as features", () => {
  const cacheBefore = process.env.GANTRY_CACHE;
  afterEach(() => {
    if (cacheBefore === undefined) delete process.env.GANTRY_CACHE;
    else process.env.GANTRY_CACHE = cacheBefore;
  });
  const shape = { width: 64, depth: 1, grid: 5 };

  it("takes a file of weights, checks it, and gives scores of features alone", async () => {
    const folder = temporaryFolder();
    process.env.GANTRY_CACHE = folder;
    const [file, target] = [join(folder, "given.safetensors"), join(folder, "dinov2.safetensors")];
    const state = filled(shape);
    // Published files have the token of masked patches, which only training needs.
    writeSafetensors(file, new Map([...state, ["mask_token", Tensor.zeros([1, 64])]]));
    expect(await importDinov2(file, { target })).toMatchObject({ path: target, width: 64, depth: 1 });
    const weights = readDinov2(target);
    expect(weights.state.size).toBe(state.size);
    const network = new Dinov2Features(weights.state, { device: "cpu", hash: weights.hash });
    expect(network.classes).toEqual([]);
    const images: ImageSet = {
      ...{ name: "images", count: 4, channels: 3, height: 16, width: 16 },
      *batches() {
        yield pixels(4, 16, 16, 1);
      },
    };
    const scores = (metrics: Metric[]) =>
      evaluate({ network, metrics, fake: { images, drawing: null, quantiser: BYTES }, real: images, seed: 0 });
    await expect(scores([inceptionScore({ splits: 1 }).build()])).rejects.toThrow(
      "`inceptionScore` needs the classes of a feature network, and dinov2 has none",
    );
    const [score] = await scores([fid().build()]);
    expect(score!.name).toBe("fid@dinov2");
    expect(score!.value).toBeCloseTo(0, 3);
    expect(score!.protocol.resizer).toContain("pillow-bicubic");
    network.dispose();
  });

  it("refuses other files in one sentence", async () => {
    const folder = temporaryFolder();
    const target = join(folder, "target.safetensors");
    const write = (name: string, state: Map<string, Tensor>) => {
      writeSafetensors(join(folder, name), state);
      return join(folder, name);
    };
    const state = filled(shape);
    const other = write("other.safetensors", new Map([["weight", Tensor.zeros([2])]]));
    await expect(importDinov2(other, { target })).rejects.toThrow("lacks `cls_token` or `pos_embed`");
    const registers = write(
      "registers.safetensors",
      new Map([...state, ["register_tokens", Tensor.zeros([1, 4, 64])]]),
    );
    await expect(importDinov2(registers, { target })).rejects.toThrow("take the weights without registers");
    state.set("norm.bias", Tensor.full([64], Number.NaN));
    await expect(importDinov2(write("nan.safetensors", state), { target })).rejects.toThrow(
      "`norm.bias` has values that are not finite",
    );
    expect(existsSync(target)).toBe(false);
    expect(() => readDinov2(target)).toThrow("with `gantry data dinov2 FILE`");
  });
});
