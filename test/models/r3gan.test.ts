/** R3GAN's networks with the weights of PyTorch ones written from the paper (test/fixtures/make_r3gan.py). */
import { afterAll, describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { sizeOf } from "../../src/base/image-size.ts";
import { type DiscriminatorNetwork, type GeneratorNetwork, type ModelContext, r3gan } from "../../src/models/index.ts";
import type { Module } from "../../src/nn/index.ts";
import { loadRecipe } from "../../src/recipe/index.ts";
import { type DType, Generator, grad, type MemoryFormat, noGrad, Tensor } from "../../src/tensor/index.ts";
import { expectClose, fixture, flat, noise } from "../nn/oracle.ts";

interface Case {
  options: Record<string, unknown>;
  values: number[];
  every: number;
  gradients: Record<string, number>;
}
const stored = fixture<{ cases: Record<string, Case>; counts: Record<string, number[]>; blockGain: number }>("r3gan");
const built: Module[] = [];
afterAll(() => {
  for (const network of built) network.dispose();
});

type Player = "generator" | "discriminator";

function contextOf(size: ModelContext["image"], given: Partial<ModelContext> = {}): ModelContext {
  return { rng: new Generator(5), device: "cpu", dtype: "float64", image: size, classes: 3, ...given };
}

function build(player: "generator", options: object, context: ModelContext): GeneratorNetwork;
function build(player: "discriminator", options: object, context: ModelContext): DiscriminatorNetwork;
function build(player: Player, options: object, context: ModelContext): Module {
  const network = r3gan[player](options).build(context) as Module;
  built.push(network.to({ memoryFormat: context.memoryFormat ?? "contiguous" }));
  return network;
}

const imageOf = (text: string): ModelContext["image"] => {
  const [height, width = height] = text.split("x").map(Number) as [number, number?];
  return { channels: 3, size: sizeOf({ height, width }) };
};

describe("outputs and gradients are PyTorch's", () => {
  const formats: MemoryFormat[] = ["contiguous", "channelsLast"];
  const runs = Object.keys(stored.cases).flatMap((name) => formats.map((format) => [name, format] as const));

  it.each(runs)("%s, %s", (name, memoryFormat) => {
    const [player, pixels] = name.split(" ") as [Player, string];
    const { options, values, every, gradients } = stored.cases[name]!;
    const context = contextOf(imageOf(pixels), { memoryFormat });
    const network = build(player as "generator", options, context);
    noGrad(() => {
      for (const [i, [, tensor]] of [...network.stateDict()].sort(([a], [b]) => (a < b ? -1 : 1)).entries()) {
        tensor.copy_(noise(tensor.shape, i + 1).mul(0.2));
      }
    });
    const labels = Tensor.fromArray(BigInt64Array.from([2n, 0n, 1n]));
    const [height, width = height] = pixels.split("x").map(Number) as [number, number?];
    const output =
      player === "generator"
        ? network.forward(noise([3, network.latent], 70), labels)
        : (network as unknown as DiscriminatorNetwork).forward(noise([3, 3, height, width], 71), labels).score;
    expectClose(
      flat(output).filter((_, i) => i % every === 0),
      values,
      { atol: 1e-10, rtol: 1e-9 },
    );
    const parameters = network.namedParameters();
    expect([...parameters.keys()].sort()).toEqual(Object.keys(gradients).sort());
    const found = grad(output.mul(noise(output.shape, 90)).sum(), [...parameters.values()]);
    for (const [i, parameter] of [...parameters.keys()].entries()) {
      const product = found[i]!.mul(noise(found[i]!.shape, 91)).sum().item();
      expectClose([product], [gradients[parameter]!], { atol: 1e-9, rtol: 1e-8, label: parameter });
    }
  });
});

describe("the paper's presets", () => {
  it("have the parameter counts of the PyTorch modules: for CIFAR-10 20.78 and 21.28 million", async () => {
    const counts: Record<string, number[]> = {};
    for (const name of Object.keys(stored.counts)) {
      const { recipe } = await loadRecipe(`${name}-r3gan`);
      const size = (recipe.data.options as { size: number }).size;
      const classes = { cifar10: 10, "ffhq-64": 0 }[name] ?? 1000;
      const context = contextOf({ channels: 3, size }, { classes, dtype: "float32" });
      counts[name] = (["generator", "discriminator"] as const).map((player) => {
        // Counts follow from the options; drawing 100 million numbers takes seconds.
        const network = recipe[player].build({ ...context, rng: new Generator(1) }) as Module;
        const count = network.parameterCount();
        network.dispose();
        return count;
      });
    }
    expect(counts).toEqual(stored.counts);
    expect(counts.cifar10!.map((count) => (count / 1e6).toFixed(2))).toEqual(["20.78", "21.28"]);
  });
});

describe("the first weights", () => {
  const options = { width: 64, blocks: 2, groupSize: 16 };
  const context = contextOf({ channels: 3, size: 32 }, { classes: 10, dtype: "float32" as DType });

  it("are N(0, gain^2 / fan in), a block's last and all biases 0", () => {
    const generator = build("generator", { ...options, conditional: true }, context);
    const discriminator = build("discriminator", { ...options, conditional: true }, context);
    const spread = (network: Module, name: string): number =>
      network.namedParameters().get(name)!.std(null, { correction: 0 }).item();
    const close = (value: number, expected: number): void => expect(Math.abs(value / expected - 1)).toBeLessThan(0.15);
    for (const network of [generator, discriminator]) {
      close(spread(network, "stages.0.0.conv1.weight"), stored.blockGain / Math.sqrt(64));
      close(spread(network, "stages.0.0.conv2.weight"), stored.blockGain / Math.sqrt(16 * 9));
      for (const [name, tensor] of network.namedParameters()) {
        if (/conv3|bias/.test(name)) expect(tensor.abs().amax().item(), name).toBe(0);
      }
    }
    close(spread(generator, "basis"), 1);
    close(spread(generator, "linear.weight"), 1 / Math.sqrt(128));
    close(spread(generator, "embedding.weight"), 1 / Math.sqrt(10));
    close(spread(discriminator, "basis"), 1 / 4);
    close(spread(discriminator, "linear.weight"), 1 / Math.sqrt(64));
    close(spread(discriminator, "head.embedding.weight"), 1 / Math.sqrt(10 * 64));
  });

  it("make every block the identity: the image is that of the base, resampled", () => {
    const few = build("generator", { ...options, blocks: 1 }, context);
    const z = noise([2, 64], 3, "float32");
    const image = few.forward(z);
    expect(image.shape).toEqual([2, 3, 32, 32]);
    const names = [...few.namedParameters().keys()].filter((name) => name.includes("conv"));
    const gradients = grad(
      image.sum(),
      names.map((name) => few.namedParameters().get(name)!),
      { allowUnused: true },
    );
    // Only a block's last layer has a gradient at the start.
    for (const [i, name] of names.entries()) {
      const largest = gradients[i]?.abs().amax().item() ?? 0;
      if (name.includes("conv3")) expect(largest, name).toBeGreaterThan(0);
      else expect(largest, name).toBe(0);
    }
  });
});

describe("what does not fit is refused", () => {
  const context = contextOf({ channels: 3, size: 32 });
  it.each([
    [{ widths: [8, 8] }, "`widths` (=[8, 8]) must have 4 numbers for images of this size"],
    [{ width: 6, groupSize: 5 }, "`groupSize` (=5) must divide twice each width, and 12 cannot"],
  ])("%j", (options, message) => {
    for (const player of ["generator", "discriminator"] as const) {
      expect(() => r3gan[player](options).build(context)).toThrow(UserError);
      expect(() => r3gan[player](options).build(context)).toThrow(message);
    }
  });
});
