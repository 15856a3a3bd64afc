/** Networks whose labels are conditions: linear maps in G, and the projection <V y, features> in D, as PyTorch computes them. */
import { afterEach, describe, expect, it } from "vitest";
import {
  biggan,
  bigganDeep,
  dcgan,
  type GeneratorNetwork,
  type ModelContext,
  mlp,
  resnet,
  sagan,
} from "../../src/models/index.ts";
import { ReferencedGenerator } from "../../src/models/reference-batch.ts";
import type { Module } from "../../src/nn/index.ts";
import { Generator, grad, noGrad, Tensor } from "../../src/tensor/index.ts";
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
const kinds = { mlp, dcgan, resnet, sagan, biggan, bigganDeep } as const;
type Kind = keyof typeof kinds;

/** A generator or a discriminator: `forward` gives the one's samples or the other's output. */
type Network = Module & { readonly latent: number; forward(input: Tensor, labels: Tensor): Tensor & { score: Tensor } };

const WIDTH = 4;
const labels = noise([3, WIDTH], 72);

const built: Module[] = [];
afterEach(() => {
  for (const network of built.splice(0)) network.dispose();
});

function build(
  kind: Kind,
  player: "generator" | "discriminator",
  options: object,
  more: Partial<ModelContext> = {},
): Network {
  const image = kind === "mlp" ? { features: 5 } : { channels: 3, size: 32 };
  const context = {
    rng: new Generator(5),
    device: "cpu",
    dtype: "float64",
    image,
    classes: 0,
    conditions: WIDTH,
    ...more,
  };
  const network = kinds[kind][player](options as never).build(context as ModelContext) as unknown as Network;
  built.push(network);
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

const picked = (output: Tensor, every: number): number[] => flat(output).filter((_, i) => i % every === 0);

describe("networks with conditions", () => {
  it.each(Object.entries(fixture<Record<string, Case>>("conditions")))("%s is PyTorch's", (name, stored) => {
    const [kind, player] = name.split(".") as [Kind, "generator" | "discriminator"];
    const network = build(kind, player, stored.options);
    fillSorted(network);
    expect(network.parameterCount()).toBe(stored.parameters);
    const shape = kind === "mlp" ? [3, 5] : [3, 3, 32, 32];
    const run = (): Tensor =>
      player === "generator"
        ? network.forward(noise([3, network.latent], 70), labels)
        : network.forward(noise(shape, 71), labels).score;
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

  it.each([
    ["dcgan", { latent: 8, width: 2 }],
    ["sagan", { latent: 8, width: 8 }],
    ["biggan", { latent: 8, width: 2, shared: 0, hierarchical: false }],
  ] as const)("%s takes them too: samples and scores follow them", (kind, options) => {
    const generator = build(kind, "generator", { ...options, conditional: true });
    const z = noise([3, 8], 70);
    fillSorted(generator);
    generator.eval();
    const made = (y: Tensor): Tensor => generator.forward(z, y);
    expect(flat(made(labels))).not.toEqual(flat(made(labels.mul(2))));
    const { latent: _, shared: __, hierarchical: ___, ...own } = options as Record<string, unknown>;
    const discriminator = build(kind, "discriminator", { ...own, conditional: true });
    const x = noise([3, 3, 32, 32], 71);
    discriminator.eval();
    // The projection is linear in y.
    const score = (factor: number): Tensor => discriminator.forward(x, labels.mul(factor)).score;
    expectClose(score(3).sub(score(0)), score(1).sub(score(0)).mul(3), { atol: 1e-9 });
  });

  it("of one-hot vectors are what classes are, with the bias added to each", () => {
    const classes = build(
      "resnet",
      "discriminator",
      { width: 4, conditional: true },
      { classes: WIDTH, conditions: 0 },
    );
    const vectors = build("resnet", "discriminator", { width: 4, conditional: true });
    const state = new Map(classes.stateDict());
    const transposed = new Map(
      [...vectors.stateDict()].map(([name, tensor]) => {
        const other = state.get(name)!;
        if (name === "head.embedding.weight_orig") return [name, other.transpose(0, 1)] as const;
        // The singular vectors change places with the sides of the matrix.
        if (name === "head.embedding.weight_u") return [name, state.get("head.embedding.weight_v")!] as const;
        if (name === "head.embedding.weight_v") return [name, state.get("head.embedding.weight_u")!] as const;
        expect(other.shape).toEqual(tensor.shape);
        return [name, other] as const;
      }),
    );
    vectors.loadStateDict(transposed);
    for (const network of [classes, vectors]) network.eval();
    const numbers = Tensor.fromArray(BigInt64Array.from([2n, 0n, 1n]));
    const x = noise([3, 3, 32, 32], 71);
    const oneHot = numbers.oneHot(WIDTH).double();
    expectClose(vectors.forward(x, oneHot).score, classes.forward(x, numbers).score, { atol: 1e-9 });
  });

  it("keep a reference batch of virtual batch norm with their conditions", () => {
    const context = {
      rng: new Generator(5),
      device: "cpu",
      dtype: "float64",
      image: { features: 5 },
      classes: 0,
    } as const;
    const network = build("mlp", "generator", { latent: 6, hidden: [8], conditional: true });
    const referenced = new ReferencedGenerator(
      { ...context, conditions: WIDTH },
      network as unknown as GeneratorNetwork,
      2,
    );
    referenced.takeReference(noise([2, 6], 1), noise([2, WIDTH], 2));
    expect(flat(referenced.namedBuffers().get("reference_labels")!)).toEqual(flat(noise([2, WIDTH], 2)));
    // No layer of this network couples samples: the reference rows change nothing.
    const z = noise([3, 6], 70);
    expectClose(referenced.forward(z, labels), network.forward(z, labels), { atol: 1e-12 });
  });
});
