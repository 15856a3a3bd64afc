import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { readWeights, recogniseGenerator } from "../../src/models/imported/index.ts";
import type { ModelContext } from "../../src/models/index.ts";
import { Generator, inferenceMode, Tensor } from "../../src/tensor/index.ts";
import { expectClose, fixture, flat, noise } from "../nn/oracle.ts";

interface Stored {
  latent: number;
  labels: number[] | null;
  shape: [number, number, number, number];
  every: number;
  values: number[];
}
const stored = fixture<Record<string, Stored>>("imported/images");
const file = (name: string): string => fileURLToPath(new URL(`../fixtures/imported/${name}.pth`, import.meta.url));

const options: Record<string, object> = {
  "sngan-32": { width: 4, conditional: false, spectralNorm: false, upsampling: "bilinear" },
  "sngan-48": { width: 1, conditional: false },
  "sngan-64": { width: 1, conditional: false },
  "sngan-128": { width: 1, conditional: false },
  "cgan-pd-32": { width: 4, conditional: true, spectralNorm: false },
  "sagan-32": { width: 8, conditional: true, upsampling: "bilinear" },
  "biggan-32": { width: 2, shared: 5, hierarchical: true, attention: 16, attentionNorm: true },
  "biggan-128": { width: 1, shared: 4, hierarchical: true, attention: 16 },
};

describe("a generator of another project", () => {
  it.each(Object.entries(stored))("is recognised, and makes the images that it made there: %s", (name, expected) => {
    const { generator, image, classes, state } = recogniseGenerator(readWeights(file(name)));
    const { latent, labels, shape, every, values } = expected;
    expect(generator.options).toMatchObject({ latent, ...options[name] });
    expect(image).toEqual({ channels: shape[1], size: shape[2] });
    expect(classes).toBe(labels === null ? 0 : 3);
    const context: ModelContext = { generator: new Generator(1), device: "cpu", image, classes };
    const network = generator.build(context).eval();
    network.loadStateDict(state);
    const z = noise([3, latent], 70, "float32");
    const y = labels === null ? undefined : Tensor.fromArray(BigInt64Array.from(labels, BigInt));
    const images = inferenceMode(() => network.forward(z, y));
    expect(images.shape).toEqual(shape);
    expectClose(
      flat(images).filter((_, i) => i % every === 0),
      values,
      { atol: 1e-5, rtol: 1e-4 },
    );
  });

  const without = (name: string, ...missing: string[]): Map<string, Tensor> => {
    const state = new Map(readWeights(file(name)));
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
    expect(() => recogniseGenerator(without("biggan-32", "linear.u0"))).toThrow("without `linear.u0` is not read");
    expect(() => recogniseGenerator(without("biggan-32", "output_layer.2.weight"))).toThrow("give G.pth or G_ema.pth");
    const cut = without("sngan-64", "block5.c1.weight");
    expect(() => recogniseGenerator(cut)).toThrow(UserError);
    expect(() => recogniseGenerator(cut)).toThrow(
      "for 32 pixels, but its channels (16, 8, 4, 2) are not in the proportion",
    );
  });
});
