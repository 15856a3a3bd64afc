import { afterEach, describe, expect, it } from "vitest";
import { type ImageSize, sizeOf } from "../../src/base/image-size.ts";
import {
  biggan,
  bigganDeep,
  type DiscriminatorNetwork,
  type GeneratorNetwork,
  type ModelContext,
  resnet,
  sagan,
} from "../../src/models/index.ts";
import type { Module } from "../../src/nn/index.ts";
import { loadRecipe } from "../../src/recipe/index.ts";
import { type DType, Generator, grad, type MemoryFormat, noGrad, Tensor } from "../../src/tensor/index.ts";
import { expectClose, fixture, flat, noise, stateNoise } from "../nn/oracle.ts";

interface Output {
  every: number;
  values: number[];
}
interface Case {
  options: Record<string, unknown>;
  parameters: number;
  train: Output;
  eval: Output;
  gradients: Record<string, number>;
}
const cases = fixture<Record<string, Case>>("resnets");
const kinds = { resnet, sagan, biggan, bigganDeep } as const;
type Kind = keyof typeof kinds;
type Player = "generator" | "discriminator";

const built: Module[] = [];
afterEach(() => {
  for (const network of built.splice(0)) network.dispose();
});

function contextOf(
  size: ImageSize,
  { channels = 3, classes = 3, dtype = "float64" as DType, memoryFormat = "contiguous" as MemoryFormat } = {},
): ModelContext {
  return { rng: new Generator(5), device: "cpu", dtype, memoryFormat, image: { channels, size }, classes };
}

function build(kind: string, player: "generator", options: object, context: ModelContext): GeneratorNetwork;
function build(kind: string, player: "discriminator", options: object, context: ModelContext): DiscriminatorNetwork;
function build(kind: string, player: Player, options: object, context: ModelContext): Module {
  const network = kinds[kind as Kind][player](options as never).build(context) as GeneratorNetwork;
  built.push(network.to({ memoryFormat: context.memoryFormat ?? "contiguous" }));
  return network;
}

/** What `fill` of make_resnets.py does. */
function fillSorted(network: Module): void {
  const state = [...network.stateDict()].sort(([a], [b]) => (a < b ? -1 : 1));
  noGrad(() => {
    for (const [i, [name, tensor]] of state.entries()) {
      if (tensor.dtype === "int64") continue;
      const values = stateNoise(name, tensor.shape, i + 1);
      tensor.copy_(/running_|weight_[uv]$/.test(name) ? values : values.mul(0.2));
    }
  });
}

const labelsOf = (...classes: bigint[]): Tensor => Tensor.fromArray(BigInt64Array.from(classes));
const picked = (output: Tensor, every: number): number[] => flat(output).filter((_, i) => i % every === 0);

describe("residual GANs with the weights of PyTorch ones", () => {
  // Both layouts at the smallest size; the others take the one that the benchmarks run in.
  const runs = Object.entries(cases).flatMap(([name, stored]) => {
    const formats: MemoryFormat[] = name.includes(" 32") ? ["contiguous", "channelsLast"] : ["channelsLast"];
    return formats.map((format) => [name, format, stored] as const);
  });

  it.each(runs)("%s, %s", (name, memoryFormat, stored) => {
    const [role, pixels] = name.split(" ") as [string, string];
    const [kind, player] = role.split(".") as [Kind, Player];
    const [height, width = height] = pixels.split("x").map(Number) as [number, number?];
    const size = sizeOf({ height, width });
    const grey = /resnet.discriminator 32 mean|resnet.* 64$|(biggan|bigganDeep)\..* 32/.test(name);
    const context = contextOf(size, { channels: grey ? 1 : 3, memoryFormat });
    const labels = labelsOf(2n, 0n, 1n);
    const network = build(kind, player as "generator", stored.options, context);
    fillSorted(network);
    expect(network.parameterCount()).toBe(stored.parameters);
    const input =
      player === "generator"
        ? noise([3, network.latent], 70)
        : noise([3, grey ? 1 : 3, height, width], 71).contiguous(memoryFormat);
    const run = (): Tensor =>
      player === "generator"
        ? network.forward(input, labels)
        : (network as unknown as DiscriminatorNetwork).forward(input, labels).score;
    const close = (output: Tensor, { every, values }: Output, label: string): void =>
      expectClose(picked(output, every), values, { atol: 1e-8, rtol: 1e-7, label });
    const output = run();
    close(output, stored.train, "train");
    const parameters = network.namedParameters();
    expect([...parameters.keys()].sort()).toEqual(Object.keys(stored.gradients).sort());
    const gradients = grad(output.mul(noise(output.shape, 90)).sum(), [...parameters.values()]);
    for (const [i, parameter] of [...parameters.keys()].entries()) {
      const product = gradients[i]!.mul(noise(gradients[i]!.shape, 91)).sum().item();
      expectClose([product], [stored.gradients[parameter]!], { atol: 1e-8, rtol: 1e-7, label: parameter });
    }
    network.eval();
    close(run(), stored.eval, "eval");
  });
});

describe("BigGAN's linear embedding", () => {
  it("is a row of a Kaiming uniform matrix over its largest singular value, for classes and for shares of them", () => {
    const context = contextOf(32, { classes: 5 });
    const options = { width: 8, latent: 12, shared: 6, embedding: "linear", init: "default" };
    const network = build("biggan", "generator", options, context);
    const state = network.stateDict();
    const names = [...state.keys()].filter((name) => name.startsWith("embedding."));
    expect(names).toEqual(["embedding.weight_orig", "embedding.weight_u", "embedding.weight_v"]);
    const weight = state.get("embedding.weight_orig")!;
    expect(weight.shape).toEqual([6, 5]);
    const bound = 1 / Math.sqrt(5);
    expect(weight.abs().amax().item()).toBeLessThanOrEqual(bound);
    expect(weight.abs().amax().item()).toBeGreaterThan(0.7 * bound);
    // A class and the share 1 of it are the same image.
    network.eval();
    const z = noise([2, 12], 5);
    const labels = Tensor.fromArray(BigInt64Array.from([3n, 0n]));
    const byClass = network.forward(z, labels);
    expectClose(network.forward(z, labels.oneHot(5).float()), byClass, { atol: 1e-12 });
    // The images do not change when the weight is scaled: it is divided by its norm.
    noGrad(() => weight.mul_(7));
    expectClose(network.forward(z, labels), byClass, { atol: 1e-9 });
  });
});

describe("parameter counts", () => {
  const countOf = (kind: Kind, player: Player, options: object, size: number, classes: number): number =>
    build(
      kind,
      player as "generator",
      { init: "default", ...options },
      contextOf(size, { classes, dtype: "float32" }),
    ).parameterCount();
  const millions = (count: number): string => (count / 1e6).toFixed(2);

  it("of BigGAN at 128 pixels, as the recipes have it, are those measured on a public implementation", async () => {
    const of = async (name: string, classes: number): Promise<string[]> => {
      const { recipe } = await loadRecipe(name);
      return (["generator", "discriminator"] as const).map((player) => {
        const { kind, options } = recipe[player];
        // Orthogonal draws of such large matrices take half a minute.
        return millions(countOf(kind as Kind, player, { ...options, init: "default" }, 128, classes));
      });
    };
    expect(await of("biggan-128", 1000)).toEqual(["70.43", "87.98"]);
    expect(await of("biggan-128-seed", 100)).toEqual(["31.86", "38.53"]);
  });

  it("of BigGAN without shared embeddings are those of the paper's table 1, 81.5 and 173.5 million", () => {
    const layouts = {
      "own tables, z of 128 to the first layer": { shared: 0, hierarchical: false, latent: 128 },
      "shared embedding, z of 120 to the first layer": { shared: 128, hierarchical: false, latent: 120 },
      "shared embedding, hierarchical z of 120": { shared: 128, hierarchical: true, latent: 120 },
    };
    const total = (layout: object, width: number): number =>
      countOf("biggan", "generator", { ...layout, width }, 128, 1000) +
      countOf("biggan", "discriminator", { width }, 128, 1000);
    const widths = [8, 16, 24];
    const found = Object.values(layouts).map((layout) => {
      // A quadratic polynomial of the width; the networks of 64 and 96 are large.
      const counts = widths.map((width) => total(layout, width));
      const at = (width: number): number =>
        widths.reduce((sum, own, i) => {
          const others = widths.filter((other) => other !== own);
          return sum + counts[i]! * others.reduce((product, other) => product * ((width - other) / (own - other)), 1);
        }, 0);
      expect(Math.round(at(32))).toBe(total(layout, 32));
      return [64, 96].map((width) => millions(Math.round(at(width))));
    });
    // Brock et al. 2019, table 1: 81.5 and 173.5; 160.6 at width 96; 71.3 and 158.3.
    expect(found).toEqual([
      ["81.47", "173.54"],
      ["72.87", "160.58"],
      ["71.43", "158.42"],
    ]);
  });

  it("of SNGAN, WGAN-GP and SAGAN are those of torch_mimicry's networks", () => {
    const of = (kind: Kind, size: number, classes = 0): number[] =>
      (["generator", "discriminator"] as const).map((player) => countOf(kind, player, {}, size, classes));
    expect(of("resnet", 32)).toEqual([4_276_739, 1_053_825]);
    expect(of("resnet", 48)).toEqual([4_878_083, 10_141_441]);
    expect(of("resnet", 64)).toEqual([12_220_675, 10_141_441]);
    expect(of("resnet", 128)).toEqual([32_150_787, 29_017_857]);
    expect(of("sagan", 32, 10)).toEqual([4_386_308, 1_075_586]);
  });

  it("of BigGAN-deep at 128 pixels are the paper's 50.4 and 34.6 million", () => {
    // The published generator ends in a convolution to 128 channels, of which 3 are used; ours makes these 3.
    const unused = (128 - 3) * (128 * 9 + 1);
    expect(((countOf("bigganDeep", "generator", {}, 128, 1000) + unused) / 1e6).toFixed(1)).toBe("50.4");
    expect((countOf("bigganDeep", "discriminator", {}, 128, 1000) / 1e6).toFixed(1)).toBe("34.6");
  });
});

describe("residual GANs", () => {
  const small: [Kind, number, object, object][] = [
    ["resnet", 32, { latent: 4, width: 4 }, { width: 4 }],
    ["resnet", 64, { latent: 4, width: 1, conditional: true }, { width: 1, conditional: true, outputs: 3 }],
    ["sagan", 48, { latent: 4, width: 8 }, { width: 8 }],
    ["biggan", 32, { latent: 4, width: 2, attention: 8 }, { width: 2, attention: 8 }],
    ["biggan", 32, { latent: 4, width: 2, conditional: false }, { width: 2, conditional: false }],
    ["biggan", 32, { latent: 3, width: 2, hierarchical: false }, { width: 2 }],
    ["biggan", 32, { latent: 3, width: 2, hierarchical: false, conditional: false }, { width: 2, init: "default" }],
    ["bigganDeep", 32, { latent: 4, width: 4, conditional: false }, { width: 4, conditional: false }],
    ["bigganDeep", 64, { latent: 4, width: 4, attention: 8 }, { width: 4, attention: 16 }],
  ];

  it.each(small)("%s at %i pixels makes images and rates them", (kind, size, g, d) => {
    const context = contextOf(size, { channels: 2, dtype: "float32", memoryFormat: "channelsLast" });
    const labels = labelsOf(0n, 2n);
    const images = build(kind, "generator", g, context).forward(
      noise([2, 4], 1, "float32").narrow(1, 0, (g as { latent: number }).latent),
      labels,
    );
    expect(images.shape).toEqual([2, 2, size, size]);
    expect(images.abs().amax().item()).toBeLessThanOrEqual(1);
    const { score, logits, features, hidden } = build(kind, "discriminator", d, context).forward(images, labels);
    expect(score.shape).toEqual([2]);
    expect(logits.shape).toEqual([2, (d as { outputs?: number }).outputs ?? 1]);
    // One a block, whose last is what the features are sums of.
    expect(hidden.map((maps) => maps.ndim)).toEqual(Array(hidden.length).fill(4));
    expect(hidden.length).toBeGreaterThan(3);
    expectClose(hidden[hidden.length - 1]!.sum([2, 3]), features, { rtol: 1e-5 });
    expect(hidden[hidden.length - 1]!.amin().item()).toBeGreaterThanOrEqual(0);
  });

  it("shows the same hidden maps whether features are sums or means over the last of them", () => {
    const seen = (["sum", "mean"] as const).map((pooling) => {
      const options = { width: 2, pooling, conditional: false };
      const output = build("resnet", "discriminator", options, contextOf(32)).forward(noise([2, 3, 32, 32], 1));
      return { shapes: output.hidden.map(({ shape }) => shape), output };
    });
    expect(seen[1]!.shapes).toEqual(seen[0]!.shapes);
    const { hidden, features } = seen[1]!.output;
    expectClose(hidden.at(-1)!.mean([2, 3]), features, { rtol: 1e-5 });
  });

  it("begin with gain 1 and bias 0 for every class, whatever the class", () => {
    const context = contextOf(32);
    const network = build("resnet", "generator", { latent: 4, width: 4, conditional: true }, context);
    const z = noise([2, 4], 1);
    expect(flat(network.forward(z, labelsOf(0n, 1n)))).toEqual(flat(network.forward(z, labelsOf(2n, 0n))));
    const plain = build("resnet", "generator", { latent: 4, width: 4 }, contextOf(32));
    expectClose(network.forward(z, labelsOf(0n, 1n)), plain.forward(z), { atol: 1e-12 });
  });

  it("hand each part of z to its block, and the label to all of them", () => {
    const network = build("biggan", "generator", { latent: 8, width: 2, shared: 5 }, contextOf(32));
    fillSorted(network);
    const z = noise([1, 8], 1).requiresGrad_();
    const first = network.forward(z, labelsOf(0n));
    const [found] = grad(first.sum(), [z]) as [Tensor];
    expect(Math.min(...flat(found).map(Math.abs))).toBeGreaterThan(0);
    expect(flat(network.forward(z, labelsOf(1n)))).not.toEqual(flat(first));
    // The last block's part does not reach the norms of the first.
    const moved = noise([1, 8], 1);
    moved.select(1, 7).add_(1);
    const seen: number[][] = [];
    const norm = [...network.namedModules()].find(([name]) => name === "trunk.stages.0.norm1")![1] as unknown as {
      forward(x: Tensor, condition: Tensor): Tensor;
    };
    const forward = norm.forward.bind(norm);
    norm.forward = (x, condition) => {
      seen.push(flat(condition));
      return forward(x, condition);
    };
    network.forward(z, labelsOf(0n));
    network.forward(moved, labelsOf(0n));
    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]).toHaveLength(7);
  });

  it("give every norm of BigGAN tables of its own when they share no embedding, also between classes", () => {
    const options = { latent: 4, width: 1, shared: 0, hierarchical: false };
    const network = build("biggan", "generator", options, contextOf(32));
    const names = [...network.namedParameters().keys()];
    expect(names.filter((name) => name.startsWith("embedding"))).toEqual([]);
    expect(names.filter((name) => /norm[12]\.(gain|bias)\.weight$/.test(name))).toHaveLength(12);
    expect(network.namedParameters().get("trunk.stages.0.norm1.gain.weight")!.shape).toEqual([3, 4]);
    fillSorted(network);
    network.eval();
    const z = noise([1, 4], 1);
    const images = [0n, 1n].map((label) => flat(network.forward(z, labelsOf(label))));
    expect(images[0]).not.toEqual(images[1]);
    expect(network.takesLabels).toBe("shares");
    expectClose(network.forward(z, labelsOf(1n).oneHot(3).double()), images[1]!, { atol: 1e-12 });
  });

  it("take batch norm from the context where it has one", () => {
    const made: number[] = [];
    const context = contextOf(32);
    const asked: ModelContext = {
      ...context,
      batchNorm: (_, dimensions, channels) => {
        expect(dimensions).toBe(2);
        made.push(channels);
        return build("resnet", "generator", { latent: 1, width: 1 }, context)
          .modules()
          .find((m) => m.couplesSamples)! as never;
      },
    };
    build("biggan", "generator", { latent: 4, width: 1 }, asked);
    expect(made).toEqual(Array(7).fill(4));
  });

  it("put spectral norm on every convolution and linear layer, on attention by its option, and not on G's embedding", () => {
    const without = (options: object): string[] =>
      [
        ...build(
          "biggan",
          "generator",
          { latent: 4, width: 2, attention: 8, ...options },
          contextOf(32),
        ).namedParameters(),
        ...build("biggan", "discriminator", { width: 2, attention: 8, ...options }, contextOf(32)).namedParameters(),
      ]
        .filter(([name, { ndim }]) => ndim >= 2 && !name.endsWith("weight_orig"))
        .map(([name]) => name);
    expect(without({})).toEqual(["embedding.weight"]);
    const parts = ["query", "key", "value", "output"];
    expect(without({ attentionNorm: false })).toEqual([
      "embedding.weight",
      ...parts.map((part) => `trunk.stages.1.${part}.weight`),
      ...parts.map((part) => `body.2.${part}.weight`),
    ]);
  });

  it("begin orthogonal in BigGAN, and by Glorot's rule with gain sqrt(2) on branches in SNGAN", () => {
    const parameters = build("biggan", "discriminator", { width: 2 }, contextOf(32)).namedParameters();
    const matrix = parameters.get("body.0.branch.2.weight_orig")!.detach().flatten(1);
    expectClose(matrix.matmul(matrix.transpose(0, 1)), Tensor.eye(8, { dtype: "float64" }), { atol: 1e-10 });
    expect(parameters.get("body.0.branch.2.bias")!.abs().sum().item()).toBe(0);
    for (const kind of ["biggan", "bigganDeep"]) {
      const options = { latent: 4, width: 4, shared: 5, init: "orthogonal" };
      const g = build(kind, "generator", options, contextOf(32));
      const embedding = g.namedParameters().get("embedding.weight")!.detach();
      expectClose(embedding.matmul(embedding.transpose(0, 1)), Tensor.eye(3, { dtype: "float64" }), { atol: 1e-10 });
    }
    const bound = (kind: Kind, name: string): number =>
      build(kind, "generator", { latent: 16, width: 32, conditional: false, attention: 0 }, contextOf(32))
        .namedParameters()
        .get(name)!
        .abs()
        .amax()
        .item();
    const glorot = Math.sqrt(6 / (2 * 32 * 9));
    expectClose([bound("resnet", "trunk.stages.1.conv2.weight")], [Math.SQRT2 * glorot], { rtol: 1e-2 });
    expectClose([bound("resnet", "trunk.stages.1.skip.weight")], [Math.sqrt(6 / 64)], { rtol: 1e-2 });
    expectClose([bound("sagan", "trunk.stages.1.conv2.weight_orig")], [glorot], { rtol: 1e-2 });
  });

  it("refuse options that they cannot build, by name and value", () => {
    const make =
      (kind: Kind, player: Player, size: number, options = {}, classes = 3) =>
      (): Module =>
        build(kind, player as "generator", options, contextOf(size, { classes, dtype: "float32" }));
    expect(make("resnet", "generator", 250)).toThrow("resnet.generator: it cannot make images of 250 x 250");
    expect(make("sagan", "discriminator", 30)).toThrow("the nearest sizes that fit are 28 x 28 and 32 x 32");
    expect(make("biggan", "discriminator", 8)).toThrow("biggan.discriminator: it cannot make images of 8 x 8");
    expect(make("bigganDeep", "generator", 66)).toThrow("bigganDeep.generator: it cannot make images of 66 x 66");
    expect(make("biggan", "generator", 128, { latent: 121, width: 1 })).toThrow(
      "biggan.generator: `latent` (=121) must be a multiple of 6: one part for the first layer and one for each of 5 blocks",
    );
    expect(make("biggan", "generator", 32, { width: 2, attention: 12 })).toThrow(
      "biggan.generator: `attention` (=12) must be the side of maps inside the network (8, 16, 32), or 0 for none",
    );
    expect(make("biggan", "generator", 32, {}, 0)).toThrow("`conditional` (=true) needs data with classes");
    expect(make("biggan", "generator", 32, { width: 1, shared: 0 })).toThrow(
      "biggan.generator: with `shared` 0 every norm has its own table of the classes, and `hierarchical` must be false",
    );
    expect(make("sagan", "generator", 32, { width: 4 })).toThrow(
      "sagan.generator: attention on maps of 16 x 16 needs a multiple of 8 channels and meets 4; take another `width`, or `attention` 0",
    );
    expect(make("resnet", "discriminator", 32, { width: 12, attention: 8 })).toThrow(
      "resnet.discriminator: attention on maps of 8 x 8 needs a multiple of 8 channels and meets 12",
    );
    expect(make("biggan", "generator", 64, { width: 5 })).toThrow("biggan.generator: attention on maps of 32 x 32");
    expect(make("bigganDeep", "discriminator", 64, { width: 5 })).toThrow(
      "bigganDeep.discriminator: attention on maps",
    );
    const points: ModelContext = { ...contextOf(32), image: { features: 2 } };
    expect(() => resnet.discriminator().build(points)).toThrow("vectors of 2 numbers");
    expect(() => biggan.generator({ witdh: 3 } as object)).toThrow("did you mean `width`?");
  });
});
