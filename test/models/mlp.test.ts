import { describe, expect, it } from "vitest";
import { type ModelContext, mlp, type SampleShape } from "../../src/models/index.ts";
import { Generator, Tensor } from "../../src/tensor/index.ts";
import { expectClose, expectGradients, fill, flat, noise } from "../nn/oracle.ts";

const contextOf = (image: SampleShape, classes = 0): ModelContext => ({
  rng: new Generator(5),
  device: "cpu",
  dtype: "float64",
  image,
  classes,
});

describe("mlp", () => {
  it("makes points in the plane with a linear last layer, and rates them", () => {
    const context = contextOf({ features: 2 });
    const generator = mlp.generator({ latent: 2 }).build(context);
    const discriminator = mlp.discriminator().build(context);
    const wide = 3 * (256 * 256 + 256);
    expect(generator.parameterCount()).toBe(2 * 256 + 256 + wide + 256 * 2 + 2);
    expect(discriminator.parameterCount()).toBe(2 * 256 + 256 + wide + 256 + 1);
    const points = generator.forward(noise([5, 2], 1));
    expect(points.shape).toEqual([5, 2]);
    const { score, logits, features } = discriminator.forward(points);
    expect([score.shape, logits.shape, features.shape]).toEqual([[5], [5, 1], [5, 256]]);
  });

  it("computes ReLU layers and a linear one, by hand", () => {
    const network = fill(mlp.generator({ latent: 2, hidden: [3] }).build(contextOf({ features: 1 })));
    const [w0, b0, w1, b1] = network.parameters().map(flat);
    const z = noise([1, 2], 1);
    const [z0, z1] = flat(z);
    const hidden = [0, 1, 2].map((i) => Math.max(0, w0![2 * i]! * z0! + w0![2 * i + 1]! * z1! + b0![i]!));
    expectClose(network.forward(z), [hidden.reduce((sum, h, i) => sum + h * w1![i]!, b1![0]!)], { atol: 1e-12 });
  });

  it("makes images in [-1, 1] and flattens the images that it rates", () => {
    const context = contextOf({ channels: 1, size: 8 });
    const generator = fill(mlp.generator({ latent: 3, hidden: [10, 20] }).build(context));
    const images = generator.forward(noise([4, 3], 1).mul(10));
    expect(images.shape).toEqual([4, 1, 8, 8]);
    expect(images.abs().amax().item()).toBeLessThanOrEqual(1);
    const discriminator = mlp.discriminator({ hidden: [20, 10], spectralNorm: true }).build(context);
    expect(discriminator.forward(images).features.shape).toEqual([4, 10]);
    expect([...discriminator.stateDict().keys()].filter((name) => name.endsWith("weight_u"))).toEqual([
      "body.0.weight_u",
      "body.2.weight_u",
      "head.linear.weight_u",
    ]);
  });

  it("shows D's hidden activations", () => {
    const discriminator = mlp.discriminator({ hidden: [5, 4] }).build(contextOf({ features: 3 }));
    const { hidden, features } = discriminator.forward(noise([2, 3], 6));
    expect(hidden.map(({ shape }) => shape)).toEqual([
      [2, 5],
      [2, 4],
    ]);
    expect(flat(features)).toEqual(flat(hidden[1]!));
  });

  it("works without hidden layers", () => {
    const discriminator = mlp.discriminator({ hidden: [] }).build(contextOf({ features: 3 }));
    expect(discriminator.forward(noise([2, 3], 1)).features.shape).toEqual([2, 3]);
  });

  it("depends on the label when conditional", () => {
    const context = contextOf({ features: 2 }, 3);
    const labels = (value: bigint): Tensor => Tensor.fromArray(new BigInt64Array([value]));
    const generator = mlp.generator({ latent: 2, hidden: [8], conditional: true }).build(context);
    const discriminator = mlp.discriminator({ hidden: [8], conditional: true }).build(context);
    const z = noise([1, 2], 1);
    for (const forward of [
      (label: Tensor) => generator.forward(z, label),
      (label: Tensor) => discriminator.forward(z, label).score,
    ]) {
      expect(flat(forward(labels(0n)))).not.toEqual(flat(forward(labels(1n))));
    }
    expect(() => mlp.generator({ conditional: true }).build(contextOf({ features: 2 }))).toThrow(
      "mlp.generator: `conditional`",
    );
  });

  it("has gradients of both players that finite differences confirm", () => {
    const context = contextOf({ features: 2 });
    const generator = fill(mlp.generator({ latent: 2, hidden: [4, 4] }).build(context));
    const discriminator = fill(mlp.discriminator({ hidden: [4, 4] }).build(context), 20);
    const z = noise([6, 2], 3);
    const parameters = [...generator.parameters(), ...discriminator.parameters()];
    expectGradients(parameters, () => discriminator.forward(generator.forward(z)).score.pow(2).mean());
  });

  it("refuses widths that are not whole", () => {
    expect(() => mlp.generator({ hidden: [8, 0] })).toThrow("`mlp.hidden.1` (=0) must be above 0");
  });
});
