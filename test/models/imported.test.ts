import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { readWeights, recogniseGenerator } from "../../src/models/imported/index.ts";
import type { ModelContext } from "../../src/models/index.ts";
import { Generator, inferenceMode, Tensor } from "../../src/tensor/index.ts";
import { expectClose, fixture, flat, noise } from "../nn/oracle.ts";

type Shapes = Record<string, number[]>;
interface Stored {
  latent: number;
  labels: number[] | null;
  shape: [number, number, number, number];
  every: number;
  values: number[];
  /** Of generators without a file: the names and shapes of weights that `noiseWeights` makes. */
  state?: Shapes;
  gain?: number;
  passes?: number;
}
const stored = fixture<Record<string, Stored>>("imported/images");
const file = (name: string): string => fileURLToPath(new URL(`../fixtures/imported/${name}.pth`, import.meta.url));

/** The weights that make_imported.py filled a network with. */
function noiseWeights({ state = {}, gain = 1, passes = 0 }: Stored): Map<string, Tensor> {
  return new Map(
    Object.entries(state).map(([name, shape], i) => {
      const values = noise(shape, 100 + i, "float32");
      if (name.endsWith("_var")) return [name, values.abs().add(0.5).mul(0.1)];
      if (name.endsWith("_mean")) return [name, values.mul(0.3)];
      if (name.endsWith("accumulation_counter")) return [name, Tensor.full(shape, passes)];
      return [name, /^output_layer\.0\.(gain|bias)$/.test(name) ? values.mul(gain) : values];
    }),
  );
}

const weightsOf = (name: string): ReadonlyMap<string, Tensor> =>
  stored[name]!.state === undefined ? readWeights(file(name)) : noiseWeights(stored[name]!);

const options: Record<string, object> = {
  "sngan-32": { width: 4, conditional: false, spectralNorm: false, upsampling: "bilinear" },
  "sngan-48": { width: 1, conditional: false },
  "sngan-64": { width: 1, conditional: false },
  "sngan-128": { width: 1, conditional: false },
  "cgan-pd-32": { width: 4, conditional: true, spectralNorm: false },
  "sagan-32": { width: 8, conditional: true, upsampling: "bilinear" },
  "biggan-32": { width: 2, shared: 5, hierarchical: true, attention: 16, attentionNorm: true },
  "biggan-128": { width: 1, shared: 4, hierarchical: true, attention: 16 },
  "biggan-64": { width: 4, shared: 4, hierarchical: true, attention: 64 },
  "biggan-256": { width: 1, shared: 14, hierarchical: true, attention: 16 },
  "biggan-flat": { width: 1, shared: 5, hierarchical: false, attention: 0 },
  "biggan-tables": { width: 1, shared: 0, hierarchical: false, attention: 0 },
  "biggan-tables-attention": { width: 2, shared: 0, hierarchical: false, attention: 32 },
  "biggan-mybn": { width: 2, shared: 5, hierarchical: true, attention: 8 },
  "biggan-standing": { width: 1, shared: 5, hierarchical: true, attention: 0 },
  "biggan-instance": { width: 1, shared: 5, hierarchical: true, attention: 0 },
};

describe("a generator of another project", () => {
  it.each(Object.entries(stored))("is recognised, and makes the images that it made there: %s", (name, expected) => {
    const { generator, image, classes, state } = recogniseGenerator(weightsOf(name));
    const { latent, labels, shape, every, values } = expected;
    expect(generator.options).toMatchObject({ latent, ...options[name] });
    expect(image).toEqual({ channels: shape[1], size: shape[2] });
    expect(classes).toBe(labels === null ? 0 : 3);
    const context: ModelContext = { rng: new Generator(1), device: "cpu", image, classes };
    const network = generator.build(context).eval();
    network.loadStateDict(state);
    const z = noise([3, latent], 70, "float32");
    const y = labels === null ? undefined : Tensor.fromArray(BigInt64Array.from(labels, BigInt));
    const images = inferenceMode(() => network.forward(z, y));
    expect(images.shape).toEqual(shape);
    expectClose(
      flat(images).filter((_, i) => i % every === 0),
      values,
      { atol: 3e-5, rtol: 0 },
    );
  });

  const without = (name: string, ...missing: string[]): Map<string, Tensor> => {
    const state = new Map(weightsOf(name));
    for (const key of missing) state.delete(key);
    return state;
  };

  it("is refused where no layout fits, and where one fits almost", () => {
    expect(() => recogniseGenerator(readWeights(file("netD")))).toThrow("this is a discriminator of torch_mimicry");
    expect(() => recogniseGenerator(new Map([["0.weight", Tensor.zeros([1])]]))).toThrow(
      "its tensors (0.weight, ... 1 in all) are in no layout that is known: torch_mimicry, BigGAN-PyTorch",
    );
    expect(() => recogniseGenerator(without("sngan-32", "l1.weight"))).toThrow("it has no `l1.weight`");
    expect(() => recogniseGenerator(without("sagan-32", "attn_block.gamma"))).toThrow(
      "spectral norm alone is not known",
    );
    const cut = without("sngan-64", "block5.c1.weight");
    expect(() => recogniseGenerator(cut)).toThrow(UserError);
    expect(() => recogniseGenerator(cut)).toThrow(
      "for 32 pixels, but its channels (16, 8, 4, 2) are not in the proportion",
    );
  });

  it.each([
    [
      "cross-replica",
      "with --cross_replica is not read: its norms multiply by gains in training on several devices and",
    ],
    ["no spectral norm", "without spectral norm is not read: it has no `linear.u0`"],
    ["no norm", "it has no `blocks.0.0.bn1.stored_mean`"],
    ["two attentions", "with attention at 2 sizes is not read"],
    ["512 pixels", "a generator of BigGAN-PyTorch: the image size (=512) must be 32, 64, 128, 256"],
    ["deep", "BigGAN-deep of BigGAN-PyTorch is not read, only BigGAN"],
    ["discriminator", "this is no generator of BigGAN-PyTorch: give G.pth or G_ema.pth, not the discriminator's file"],
  ])("of BigGAN-PyTorch is refused where there is no such network here: %s", (name, message) => {
    const shapes = fixture<Record<string, Shapes>>("imported/refused")[name]!;
    const state = new Map(Object.entries(shapes).map(([key, shape]) => [key, Tensor.zeros(shape)]));
    expect(() => recogniseGenerator(state)).toThrow(UserError);
    expect(() => recogniseGenerator(state)).toThrow(message);
  });

  it("of BigGAN-PyTorch is refused where weight averaging went over standing statistics", () => {
    const state = without("biggan-standing");
    state.set("blocks.1.0.bn2.bn.accumulation_counter", Tensor.full([1], 15.5));
    expect(() => recogniseGenerator(state)).toThrow(
      "whose standing statistics were averaged with others (`accumulation_counter` 15.5) is not read: give G.pth",
    );
  });
});
