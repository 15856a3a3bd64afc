import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { type ImageSize, sidesOf, sizeOf } from "../../src/base/image-size.ts";
import { type DiscriminatorNetwork, dcgan, type GeneratorNetwork, type ModelContext } from "../../src/models/index.ts";
import { ConditionalBatchNorm2d, type Module, SelfAttention, Sequential, UnaryModule } from "../../src/nn/index.ts";
import { type DType, Generator, grad, type MemoryFormat, manualSeed, noGrad, Tensor } from "../../src/tensor/index.ts";
import { expectClose, expectGradients, fill, fixture, flat, noise, stateNoise } from "../nn/oracle.ts";

interface Output {
  shape: number[];
  every: number;
  values: number[];
}
interface Case {
  options: {
    size: number | [height: number, width: number];
    channels: number;
    width: number;
    latent?: number;
    batchNorm?: boolean;
    spectralNorm?: boolean;
  };
  names: Record<string, [string, "same" | "reshape" | "transpose"]>;
  order: string[];
  shapes: Record<string, number[]>;
  parameters: number;
  train: Output;
  eval: Output;
}
interface Count {
  size: number;
  generator: number;
  spectralNorm: number;
  batchNorm: number;
}
const { counts, ...cases } = fixture<Record<string, Case> & { counts: Count[] }>("models");

const imageSize = (size: Case["options"]["size"]): ImageSize =>
  typeof size === "number" ? size : sizeOf({ height: size[0], width: size[1] });

function contextOf(
  size: ImageSize,
  { channels = 3, classes = 0, dtype = "float32" as DType, memoryFormat = "contiguous" as MemoryFormat } = {},
): ModelContext {
  return { rng: new Generator(5), device: "cpu", dtype, memoryFormat, image: { channels, size }, classes };
}

/** Loads what `describe` of make_models.py loads, under Gantry's names. */
function loadStored(network: Module, stored: Case): void {
  const own = network.stateDict();
  expect([...own.keys()].sort()).toEqual(Object.keys(stored.names).sort());
  noGrad(() => {
    for (const [name, [theirs, how]] of Object.entries(stored.names)) {
      if (name.endsWith("num_batches_tracked")) continue;
      const target = own.get(name)!;
      const phase = 1 + stored.order.indexOf(theirs);
      const shape = stored.shapes[theirs]!;
      let values = stateNoise(theirs, shape, phase, "float32");
      const buffer = /running_|weight_[uv]$/.test(name);
      if (!buffer) values = values.mul(0.2);
      if (how === "transpose") values = values.flatten(1).transpose(0, 1);
      target.copy_(values.reshape(target.shape));
    }
  });
}

function expectOutput(output: Tensor, stored: Output): void {
  const values = flat(output);
  const picked = values.length > 64 ? values.filter((_, i) => i % stored.every === 0) : values;
  expectClose(picked, stored.values, { atol: 1e-5, rtol: 1e-5 });
}

describe("DCGAN with the weights of a PyTorch DCGAN", () => {
  it.each(Object.keys(cases).filter((name) => name.startsWith("generator")))("%s", (name) => {
    const stored = cases[name]!;
    const { size, channels, width, latent } = stored.options;
    const network = dcgan.generator({ width, latent: latent! }).build(contextOf(imageSize(size), { channels }));
    loadStored(network, stored);
    expect(network.parameterCount()).toBe(stored.parameters);
    const z = noise([3, 6], 70, "float32");
    const images = network.forward(z);
    expect(images.shape).toEqual(stored.train.shape);
    expectOutput(images, stored.train);
    expectOutput(network.eval().forward(z), stored.eval);
  });

  it.each(Object.keys(cases).filter((name) => name.startsWith("discriminator")))("%s", (name) => {
    const stored = cases[name]!;
    const { size, channels, width, batchNorm, spectralNorm } = stored.options;
    const options = { width, batchNorm: batchNorm!, spectralNorm: spectralNorm! };
    const network = dcgan.discriminator(options).build(contextOf(imageSize(size), { channels }));
    loadStored(network, stored);
    expect(network.parameterCount()).toBe(stored.parameters);
    const { height, width: across } = sidesOf(imageSize(size));
    const images = noise([3, channels, height, across], 71, "float32");
    expectOutput(network.forward(images).score, stored.train);
    expectOutput(network.eval().forward(images).score, stored.eval);
  });

  it("has PyTorch's parameter counts at full width for every size", () => {
    for (const count of counts) {
      const context = contextOf(count.size);
      const total = (network: Module): number => {
        const parameters = network.parameterCount();
        network.dispose();
        return parameters;
      };
      expect(total(dcgan.generator().build(context))).toBe(count.generator);
      expect(total(dcgan.discriminator({ spectralNorm: true }).build(context))).toBe(count.spectralNorm);
      expect(total(dcgan.discriminator({ batchNorm: true }).build(context))).toBe(count.batchNorm);
    }
  });
});

describe("DCGAN", () => {
  const generatorOf = (context: ModelContext, options = {}): GeneratorNetwork =>
    dcgan.generator({ width: 2, latent: 3, ...options }).build(context);
  const discriminatorOf = (context: ModelContext, options = {}): DiscriminatorNetwork =>
    dcgan.discriminator({ width: 2, ...options }).build(context);

  it.each([16, 32, 64, 128, 256])("makes and rates images of %i pixels, of any channels", (size) => {
    const context = contextOf(size, { channels: 2 });
    const images = generatorOf(context).forward(noise([2, 3], 1, "float32"));
    expect(images.shape).toEqual([2, 2, size, size]);
    expect(images.abs().amax().item()).toBeLessThanOrEqual(1);
    const { score, logits, features } = discriminatorOf(context).forward(images);
    expect([score.shape, logits.shape]).toEqual([[2], [2, 1]]);
    expect(features.shape).toEqual([2, 16 * 2 * Math.min(8, size / 8)]);
    expect(flat(score)).toEqual(flat(logits));
  });

  it("gives the same numbers with feature maps in channels-last order", () => {
    const run = (memoryFormat: MemoryFormat): number[][] => {
      const context = contextOf(32, { memoryFormat });
      const generator = generatorOf(context, { width: 8 });
      const discriminator = discriminatorOf(context, { width: 8, spectralNorm: true });
      const images = generator.forward(noise([4, 3], 1, "float32"));
      const { score, features } = discriminator.forward(images);
      const gradients = grad(score.sum(), [...generator.parameters(), ...discriminator.parameters()]);
      return [score, features, ...gradients].map(flat);
    };
    const [plain, last] = [run("contiguous"), run("channelsLast")];
    for (const [i, values] of plain!.entries())
      expectClose(last![i]!, values, { atol: 1e-4, rtol: 1e-3, label: `${i}` });
  });

  it("hands its first convolution maps in the layout of the context", () => {
    const context = contextOf(16, { memoryFormat: "channelsLast" });
    const generator = generatorOf(context);
    const discriminator = discriminatorOf(context);
    const seen: boolean[] = [];
    for (const network of [generator, discriminator]) {
      const body = network.modules().find((module) => module instanceof Sequential)!;
      const first = body.layers[0]!;
      const forward = first.forward.bind(first);
      first.forward = (x) => {
        seen.push(x.isContiguous("channelsLast"));
        return forward(x);
      };
    }
    discriminator.forward(generator.forward(noise([2, 3], 1, "float32")).contiguous());
    expect(seen).toEqual([true, true]);
  });

  it("draws N(0, 0.02^2) weights, N(1, 0.02^2) gains and zero biases by default", () => {
    const network = generatorOf(contextOf(32), { width: 32, latent: 64 });
    for (const [name, tensor] of network.namedParameters()) {
      const values = tensor.detach().double();
      if (name.endsWith("bias")) expect(values.abs().sum().item(), name).toBe(0);
      else {
        const mean = tensor.ndim === 1 ? 1 : 0;
        const error = 5 / Math.sqrt(tensor.numel);
        expect(Math.abs(values.mean().item() - mean), name).toBeLessThan(0.02 * error);
        expect(Math.abs(values.std().item() / 0.02 - 1), name).toBeLessThan(error);
      }
    }
  });

  it("is the same from the same seed and follows `init`", () => {
    const weights = (init: string): number[] => flat(generatorOf(contextOf(16), { init }).parameters()[0]!);
    expect(weights("normal")).toEqual(weights("normal"));
    expect(weights("orthogonal")).not.toEqual(weights("normal"));
    const columns = generatorOf(contextOf(16), { init: "orthogonal" }).parameters()[0]!;
    expectClose(columns.transpose(0, 1).matmul(columns), Tensor.eye(3), { atol: 1e-5 });
  });

  it("puts spectral norm on every convolution and linear layer, and drops batch norm with `batchNorm: false`", () => {
    const names = [...generatorOf(contextOf(16), { spectralNorm: true, batchNorm: false }).stateDict().keys()];
    const layers = ["project", "body.1", "body.3"];
    const parts = ["bias", "weight_orig", "weight_u", "weight_v"];
    expect(names).toEqual(layers.flatMap((layer) => parts.map((part) => `${layer}.${part}`)));
  });

  it("has the channels and the parameters of Iyengar, Pandey and Mehta's networks at 128 pixels, where no layer has a bias", () => {
    const context = contextOf(128);
    const shape = { widest: 16, bias: false, batchNorm: true };
    const convolutions = (channels: number[]) =>
      channels.slice(1).reduce((sum, next, i) => sum + 16 * channels[i]! * next, 0);
    const norms = (channels: number[]) => channels.reduce((sum, count) => sum + 2 * count, 0);
    const generator = dcgan.generator({ latent: 100, width: 64, ...shape }).build(context);
    const up = [1024, 512, 256, 128, 64];
    expect(generator.parameterCount()).toBe(convolutions([100, ...up, 3]) + norms(up));
    const discriminator = dcgan.discriminator({ width: 128, ...shape }).build(context);
    const down = [128, 256, 512, 1024, 2048];
    expect(discriminator.parameterCount()).toBe(convolutions([3, ...down, 1]) + norms(down.slice(1)));
    for (const network of [generator, discriminator])
      expect([...network.stateDict().keys()].filter((name) => name.endsWith("bias"))).toHaveLength(
        [...network.stateDict().keys()].filter((name) => name.endsWith("running_mean")).length,
      );
  });

  it("drops whole channels in front of the leaky ReLU with `dropoutOf: channels`, and scales the others", () => {
    const dropped = discriminatorOf(contextOf(32), { dropout: 0.5, dropoutOf: "channels", width: 4, batchNorm: true });
    const plain = discriminatorOf(contextOf(32), { width: 4, batchNorm: true });
    const images = noise([8, 3, 32, 32], 4, "float32");
    manualSeed(1);
    const [first, maps] = dropped.forward(images).hidden as [Tensor, Tensor];
    const [firstPlain, mapsPlain] = plain.forward(images).hidden as [Tensor, Tensor];
    expect(flat(first)).toEqual(flat(firstPlain));
    const zero = maps.abs().sum([2, 3]).eq(0);
    const share = zero.float().mean().item();
    expect(Math.abs(share - 0.5)).toBeLessThan(0.25);
    const kept = zero.logicalNot().float().view([8, 8, 1, 1]);
    expectClose(maps, mapsPlain.mul(2).mul(kept), { rtol: 1e-6 });
    const still = dropped.eval().forward(images).score;
    expect(flat(dropped.forward(images).score)).toEqual(flat(still));
  });

  it("drops after every convolution of D but the first and the last layer, in train mode", () => {
    const network = discriminatorOf(contextOf(32), { dropout: 0.5, width: 4 });
    expect([...network.stateDict().keys()]).toEqual(
      ["body.0", "body.2", "body.5", "head.linear"].flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]),
    );
    const images = noise([2, 3, 32, 32], 4, "float32");
    manualSeed(1);
    const first = flat(network.forward(images).features);
    const second = flat(network.forward(images).features);
    expect(first).not.toEqual(second);
    const zeros = first.filter((value) => value === 0).length / first.length;
    expect(Math.abs(zeros - 0.5)).toBeLessThan(0.15);
    expect(flat(network.eval().forward(images).features)).toEqual(flat(network.forward(images).features));
  });

  it("depends on the label when conditional", () => {
    const context = contextOf(16, { classes: 3 });
    const labels = (value: bigint): Tensor => Tensor.fromArray(new BigInt64Array([value]));
    const generator = generatorOf(context, { conditional: true }).eval();
    const z = noise([1, 3], 1, "float32");
    expect(flat(generator.forward(z, labels(0n)))).not.toEqual(flat(generator.forward(z, labels(2n))));
    expect(() => generator.forward(z)).toThrow("needs labels");
    const discriminator = discriminatorOf(context, { conditional: true, spectralNorm: true }).eval();
    const images = noise([1, 3, 16, 16], 2, "float32");
    const { score, logits, features } = discriminator.forward(images, labels(1n));
    const weight = discriminator.stateDict().get("head.embedding.weight_orig")!;
    const u = discriminator.stateDict().get("head.embedding.weight_u")!;
    const v = discriminator.stateDict().get("head.embedding.weight_v")!;
    const row = weight.div(u.dot(weight.mv(v))).select(0, 1);
    expectClose(score, logits.select(1, 0).add(features.select(0, 0).dot(row)), { atol: 1e-6 });
    expect(() => discriminator.forward(images)).toThrow(UserError);
    expect(() => generatorOf(contextOf(16), { conditional: true })).toThrow("this data has none");
  });

  it("shows D's hidden activations after the nonlinearity and before dropout", () => {
    const discriminator = dcgan.discriminator({ width: 2, dropout: 0.5, batchNorm: true }).build(contextOf(32));
    manualSeed(3);
    const { hidden, features } = discriminator.forward(noise([2, 3, 32, 32], 8).float());
    expect(hidden.map(({ shape }) => shape)).toEqual([
      [2, 2, 16, 16],
      [2, 4, 8, 8],
      [2, 8, 4, 4],
    ]);
    for (const maps of hidden) expect(flat(maps).filter((value) => value === 0)).toEqual([]);
    const dropped = flat(features);
    expect(dropped.some((value) => value === 0)).toBe(true);
    for (const [i, value] of flat(hidden[2]!).entries()) expect([0, 2 * value]).toContain(dropped[i]);
  });

  it("is built with what the context puts in the place of batch norm and before D's last layer", () => {
    class Twice extends UnaryModule {
      readonly outputs: number;
      constructor(inputs: number) {
        super();
        this.outputs = 2 * inputs;
      }
      override forward = (x: Tensor): Tensor => Tensor.cat([x, x], 1);
    }
    const made: unknown[] = [];
    const context: ModelContext = {
      ...contextOf(16),
      batchNorm: (_context, dimensions, channels) => {
        made.push([dimensions, channels]);
        return new Sequential();
      },
      beforeHead: (_context, features) => new Twice(features),
    };
    const generator = dcgan.generator({ width: 2 }).build(context);
    const discriminator = dcgan.discriminator({ width: 2, batchNorm: true }).build(context);
    expect(made).toEqual([
      [2, 4],
      [2, 2],
      [2, 4],
    ]);
    const { features, hidden } = discriminator.forward(generator.forward(noise([3, 128], 4).float()));
    expect([features.shape, hidden.at(-1)!.shape]).toEqual([
      [3, 128],
      [3, 4, 4, 4],
    ]);
    expect(discriminator.stateDict().get("head.linear.weight")!.shape).toEqual([1, 128]);
  });

  it("scores several logits by their log sum exp", () => {
    const network = discriminatorOf(contextOf(16), { outputs: 4 });
    const { score, logits } = network.forward(noise([2, 3, 16, 16], 2, "float32"));
    expect(logits.shape).toEqual([2, 4]);
    const rows = logits.tolist() as number[][];
    expectClose(
      score,
      rows.map((row) => Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0))),
    );
  });

  it("has gradients of both players that finite differences confirm", () => {
    const context = contextOf(16, { channels: 1, dtype: "float64" });
    const generator = fill(generatorOf(context));
    const discriminator = fill(discriminatorOf(context, { batchNorm: true }), 40);
    const z = noise([4, 3], 1);
    const parameters = [...generator.parameters(), ...discriminator.parameters()];
    expectGradients(parameters, () => discriminator.forward(generator.forward(z)).score.pow(2).mean(), 1e-4);
  });

  it("with hierarchical latents is itself where their projections are zero, and each part reaches its norm", () => {
    const context = contextOf(32, { dtype: "float64" });
    const network = generatorOf(context, { latent: 12, hierarchical: true, init: "xavierUniform" });
    const plain = generatorOf(contextOf(32, { dtype: "float64" }), { latent: 3 });
    const own = network.stateDict();
    const projections = [...own.keys()].filter((name) => /(gain|bias)\.weight$/.test(name));
    expect(projections).toEqual([0, 3, 6].flatMap((i) => [`body.${i}.gain.weight`, `body.${i}.bias.weight`]));
    plain.loadStateDict(new Map([...own].filter(([name]) => plain.stateDict().has(name))), { strict: false });
    noGrad(() => {
      for (const [name, tensor] of plain.stateDict()) {
        if (/body\.[036]\.(weight|bias)$/.test(name)) tensor.fill_(name.endsWith("weight") ? 1 : 0);
      }
    });
    const z = noise([2, 12], 1).requiresGrad_();
    const [found] = grad(network.forward(z).sum(), [z]) as [Tensor];
    expect(Math.min(...flat(found).map(Math.abs))).toBeGreaterThan(1e-7);
    expect(flat(network.forward(z))).not.toEqual(flat(plain.forward(z.narrow(1, 0, 3))));
    noGrad(() => {
      for (const name of projections) own.get(name)!.zero_();
    });
    expectClose(network.forward(z), plain.forward(z.narrow(1, 0, 3)), { atol: 1e-12 });
    expectGradients([z, ...network.parameters()], () => network.forward(z).pow(2).mean(), 1e-6);
  });

  it("hands the parts of hierarchical latents to the norms in their order, the first to the first layer", () => {
    const network = generatorOf(contextOf(32), { latent: 12, hierarchical: true });
    const seen: number[][] = [];
    for (const norm of network.modules().filter((module) => module instanceof ConditionalBatchNorm2d)) {
      const forward = norm.forward.bind(norm);
      norm.forward = (maps, part) => {
        seen.push(flat(maps));
        return forward(maps, part);
      };
    }
    const mapsOf = (z: Tensor): number[][] => {
      const images = flat(network.forward(z));
      return [...seen.splice(0), images];
    };
    const z = noise([2, 12], 1, "float32");
    const before = mapsOf(z);
    // Part i > 0 reaches norm i, so that the maps before it stay; part 0 changes all.
    const changed = [0, 1, 2, 3].map((part) => {
      const other = z.clone();
      other.narrow(1, 3 * part, 3).mul_(-1);
      return mapsOf(other).map((maps, i) => maps.some((value, at) => value !== before[i]![at]));
    });
    expect(changed).toEqual([
      [true, true, true, true],
      [false, true, true, true],
      [false, false, true, true],
      [false, false, false, true],
    ]);
  });

  it("has attention after the nonlinearity of the maps that have its side, in both players", () => {
    const sides: Record<string, number[]> = {};
    const parts = ["gain", "query.weight", "key.weight", "value.weight", "output.weight"];
    for (const side of [8, 16]) {
      const context = contextOf(32, { dtype: "float64" });
      const g = generatorOf(context, { width: 8, attention: side });
      const d = discriminatorOf(context, { width: 8, attention: side, batchNorm: true });
      for (const [name, network] of [
        ["g", g],
        ["d", d],
      ] as const) {
        const at = [...network.namedModules()].find(([, module]) => module instanceof SelfAttention)![0];
        for (const part of parts) expect(network.stateDict().has(`${at}.${part}`)).toBe(true);
        sides[name] = [...(sides[name] ?? []), Number(at.split(".")[1])];
      }
      const seen: number[][] = [];
      for (const network of [g, d]) {
        const layer = network.modules().find((module) => module instanceof SelfAttention)!;
        const forward = layer.forward.bind(layer);
        layer.forward = (x) => {
          seen.push(x.shape);
          expect(x.amin().item()).toBeGreaterThan(network === g ? -1e-12 : -10);
          return forward(x);
        };
      }
      const z = noise([2, 3], 1);
      const before = d.forward(g.forward(z)).score;
      expect(seen.map((shape) => shape.slice(2))).toEqual([
        [side, side],
        [side, side],
      ]);
      noGrad(() =>
        d
          .stateDict()
          .get(`body.${sides.d!.at(-1)}.gain`)!
          .fill_(3),
      );
      expect(flat(d.forward(g.forward(z)).score)).not.toEqual(flat(before));
    }
    // G: norm, ReLU, [attention], transposed convolution; D: convolution, (norm,) leaky ReLU, [attention].
    expect(sides).toEqual({ g: [5, 8], d: [5, 2] });
  });

  it("refuses options that it cannot build, by name and value", () => {
    expect(() => generatorOf(contextOf(64), { latent: 128, hierarchical: true })).toThrow(
      "dcgan.generator: `latent` (=128) must be a multiple of 5: one part for the first layer and one for each of 4 batch norms",
    );
    expect(() => generatorOf(contextOf(32), { hierarchical: true, batchNorm: false })).toThrow("needs `batchNorm`");
    expect(() => discriminatorOf(contextOf(32), { attention: 32 })).toThrow(
      "dcgan.discriminator: `attention` (=32) must be the side of maps inside the network (16, 8, 4), or 0 for none",
    );
    expect(() => generatorOf(contextOf(32), { width: 6, attention: 16 })).toThrow(
      "dcgan.generator: attention on maps of 16 x 16 needs a multiple of 8 channels and meets 6; take another `width`, or `attention` 0",
    );
    expect(() => generatorOf(contextOf(50))).toThrow(
      "dcgan.generator: it cannot make images of 50 x 50: a size is a base grid, its longer side from 4 to 16, that is doubled 2 to 7 times; the nearest sizes that fit are 48 x 48 and 52 x 52",
    );
    expect(() => discriminatorOf(contextOf(513))).toThrow("dcgan.discriminator: it cannot make images of 513 x 513");
    expect(() => discriminatorOf(contextOf(8))).toThrow(UserError);
    const points: ModelContext = { rng: new Generator(1), device: "cpu", image: { features: 2 }, classes: 0 };
    expect(() => generatorOf(points)).toThrow("vectors of 2 numbers; use mlp");
    expect(() => dcgan.generator({ width: 0 })).toThrow("`dcgan.width` (=0) must be above 0");
    expect(() => dcgan.discriminator({ dropout: 1 })).toThrow("`dcgan.dropout` (=1) must be below 1");
    expect(() => dcgan.generator({ witdh: 3 } as object)).toThrow("did you mean `width`?");
    expect(() => dcgan.generator({ init: "gaussian" } as object)).toThrow("`dcgan.init` (=gaussian)");
  });
});
