import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { readStateDict, writeSafetensors } from "../../src/formats/index.ts";
import { type ImportedGenerator, readNetworks, recogniseGenerator } from "../../src/models/imported/index.ts";
import { isAveraged } from "../../src/models/imported/names.ts";
import type { ModelContext } from "../../src/models/index.ts";
import { Generator, inferenceMode, Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
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

/** The weights of a file: torch_mimicry has them in an entry. */
const weightsIn = (path: string): ReadonlyMap<string, Tensor> =>
  readStateDict(path, /biggan/.test(path) ? {} : { entry: "model_state_dict" });

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
  stored[name]!.state === undefined ? weightsIn(file(name)) : noiseWeights(stored[name]!);

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

function expectImages({ generator, image, classes, state }: ImportedGenerator, expected: Stored): void {
  const { latent, labels, shape, every, values } = expected;
  expect(image).toEqual({ channels: shape[1], size: shape[2] });
  expect(classes).toBe(labels === null ? 0 : 3);
  const context: ModelContext = { rng: new Generator(1), device: "cpu", image, classes };
  const network = generator.build(context).eval();
  network.loadStateDict(state);
  const z = noise([3, latent], 70, "float32");
  const images = inferenceMode(() => network.forward(z, labelsOf(labels)));
  expect(images.shape).toEqual(shape);
  expectClose(
    flat(images).filter((_, i) => i % every === 0),
    values,
    { atol: 6e-5, rtol: 0 },
  );
}

const labelsOf = (labels: number[] | null): Tensor | undefined =>
  labels === null ? undefined : Tensor.fromArray(BigInt64Array.from(labels, BigInt));

describe("a generator of another project", () => {
  it.each(Object.entries(stored))("is recognised, and makes the images that it made there: %s", (name, expected) => {
    const imported = recogniseGenerator(weightsOf(name));
    expect(imported.generator.options).toMatchObject({ latent: expected.latent, ...options[name] });
    expectImages(imported, expected);
  });

  it("has other names inside wrappers and a GAN of one module", () => {
    for (const prefix of ["module.", "_orig_mod.", "generator.", "G.", "netG.", "gan.netG.module."]) {
      const inside = new Map([...weightsOf("sngan-32")].map(([name, tensor]) => [prefix + name, tensor]));
      inside.set("discriminator.fc.weight", Tensor.zeros([1]));
      expectImages(recogniseGenerator(inside), stored["sngan-32"]!);
    }
  });

  it("has spectral norm in PyTorch's second form, or none any more", () => {
    const first = weightsOf("sagan-32");
    const second = new Map(
      [...first].map(([name, tensor]) => [
        name
          .replace(/weight_orig$/, "parametrizations.weight.original")
          .replace(/weight_([uv])$/, "parametrizations.weight.0._$1"),
        tensor,
      ]),
    );
    expect(second.has("l1.parametrizations.weight.0._u")).toBe(true);
    expectImages(recogniseGenerator(second), stored["sagan-32"]!);

    const removed = new Map<string, Tensor>();
    for (const [name, tensor] of first) {
      const layer = name.replace(/_(orig|u|v)$/, "");
      if (name === layer) removed.set(name, tensor);
      if (!name.endsWith("_orig")) continue;
      const [u, v] = ["u", "v"].map((side) => first.get(`${layer}_${side}`)!) as [Tensor, Tensor];
      removed.set(layer, tensor.div(tensor.flatten(1).mv(v).dot(u)));
    }
    const imported = recogniseGenerator(removed);
    expect(imported.generator.kind).toBe("resnet");
    expectImages(imported, stored["sagan-32"]!);
  });

  const without = (name: string, ...missing: string[]): Map<string, Tensor> => {
    const state = new Map(weightsOf(name));
    for (const key of missing) state.delete(key);
    return state;
  };

  it("is refused where no layout fits, and where one fits almost", () => {
    expect(() => recogniseGenerator(weightsIn(file("netD")))).toThrow("this is a discriminator of torch_mimicry");
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
    ["deep", "BigGAN-deep of BigGAN-PyTorch is not read, only BigGAN"],
    ["discriminator", "this is a discriminator of BigGAN-PyTorch; give the file of its generator"],
  ])("of BigGAN-PyTorch is refused where there is no such network here: %s", (name, message) => {
    const shapes = fixture<Record<string, Shapes>>("imported/refused")[name]!;
    const state = new Map(Object.entries(shapes).map(([key, shape]) => [key, Tensor.zeros(shape)]));
    expect(() => recogniseGenerator(state)).toThrow(UserError);
    expect(() => recogniseGenerator(state)).toThrow(message);
  });

  it("of BigGAN-PyTorch at 512 pixels fits the table of that size", () => {
    const shapes = fixture<Record<string, Shapes>>("imported/refused")["512 pixels"]!;
    const state = new Map(Object.entries(shapes).map(([key, shape]) => [key, Tensor.zeros(shape)]));
    const { generator, image, state: own } = recogniseGenerator(state);
    expect([generator.kind, image]).toEqual(["biggan", { channels: 3, size: 512 }]);
    const context = { rng: new Generator(1), device: "cpu", image, classes: 3 } as const;
    const network = generator.build(context);
    expect([...network.stateDict()].map(([name, { shape }]) => [name, shape]).sort()).toEqual(
      [...own].map(([name, { shape }]) => [name, shape]).sort(),
    );
    network.dispose();
  });

  it("of BigGAN-PyTorch is refused where weight averaging went over standing statistics", () => {
    const state = without("biggan-standing");
    state.set("blocks.1.0.bn2.bn.accumulation_counter", Tensor.full([1], 15.5));
    expect(() => recogniseGenerator(state)).toThrow(
      "whose standing statistics were averaged with others (`accumulation_counter` 15.5) is not read: give G.pth",
    );
  });
});

describe("a discriminator of another project", () => {
  interface Scores {
    size: number;
    labels: number[] | null;
    scores: number[];
    state: Shapes;
  }
  const scores = fixture<Record<string, Scores>>("imported/scores");

  /** The weights that make_imported.py filled it with. */
  function weights({ state }: Scores): Map<string, Tensor> {
    const filled = new Map(Object.entries(state).map(([name, shape], i) => [name, noise(shape, 200 + i, "float32")]));
    for (const name of filled.keys()) {
      if (!name.endsWith(".weight_u")) continue;
      const layer = name.slice(0, -"_u".length);
      const matrix = filled.get(`${layer}_orig`)!.flatten(1);
      const v = unit(matrix.transpose(0, 1).mv(filled.get(name)!));
      filled.set(`${layer}_v`, v).set(name, unit(matrix.mv(v)));
    }
    return filled;
  }
  const unit = (x: Tensor): Tensor => x.div(x.norm());

  const generatorOf: Record<number, string> = { 32: "sngan-32", 48: "sngan-48", 64: "sngan-64", 128: "sngan-128" };
  const folder = temporaryFolder();

  /** A file with that discriminator, and a generator for images of its size. */
  function both(name: string): string {
    const { size } = scores[name]!;
    const generator = weightsOf(size === 256 ? "biggan-256" : generatorOf[size]!);
    const path = join(folder, `${name}.safetensors`);
    const prefixed = (prefix: string, state: ReadonlyMap<string, Tensor>) =>
      [...state].map(([key, tensor]) => [`${prefix}.${key}`, tensor] as const);
    writeSafetensors(path, new Map([...prefixed("netG", generator), ...prefixed("netD", weights(scores[name]!))]));
    return path;
  }

  it.each(Object.keys(scores).filter((name) => !["ssgan-32", "wgan-gp-32"].includes(name)))(
    "travels with its generator, and rates images as it did there: %s",
    (name) => {
      const { size, labels, scores: expected } = scores[name]!;
      const { discriminator } = readNetworks(both(name));
      const image = { channels: 3, size };
      const context: ModelContext = { rng: new Generator(1), device: "cpu", image, classes: labels === null ? 0 : 3 };
      const network = discriminator!.discriminator.build(context).eval();
      network.loadStateDict(discriminator!.state);
      const images = noise([3, 3, size, size], 71, "float32");
      const { score } = inferenceMode(() => network.forward(images, labelsOf(labels)));
      expectClose(flat(score), expected, { atol: 1e-4, rtol: 1e-4 });
    },
  );

  it.each([
    ["ssgan-32", "a discriminator of torch_mimicry with further outputs (`l_y.weight`) is not read"],
    ["wgan-gp-32", "without spectral norm is not read: the file does not say if it takes a mean or a sum"],
  ])("is refused where there is no such network here: %s", (name, reason) => {
    const path = both(name);
    expect(() => readNetworks(path, { discriminator: path })).toThrow(reason);
    // In the file of a generator it is passed over.
    const { generator, discriminator, skipped } = readNetworks(path);
    expect(discriminator).toBeUndefined();
    expect(skipped).toEqual([expect.stringContaining(reason)]);
    expectImages(generator, stored["sngan-32"]!);
  });
});

describe("a whole training state", () => {
  const path = file("training-state");

  it("gives the averaged generator, and says which others there are and what was passed over", () => {
    const { generator, discriminator, ...found } = readNetworks(path);
    expect(found).toEqual({
      place: "G_ema._orig_mod",
      otherPlaces: ["models.G.module"],
      skipped: ["decay (the number 0.999)"],
    });
    expectImages(generator, stored["cgan-pd-32"]!);
    expect(discriminator!.discriminator.options).toMatchObject({ width: 2, conditional: false, activatedSkip: true });
  });

  it.each(["models.G", "models.G.module"])("gives the one that is asked for: %s", (entry) => {
    expectImages(readNetworks(path, { entry }).generator, stored["sngan-32"]!);
  });

  it("says where there is one", () => {
    expect(() => readNetworks(path, { entry: "G" })).toThrow(
      `${path}: there is no network that is known at \`G\`, but at: \`G_ema._orig_mod\`, \`models.G.module\``,
    );
    expect(() => readNetworks(file("sngan-32"), { discriminator: file("cgan-pd-32") })).toThrow(
      "cgan-pd-32.pth: it holds no discriminator that is known: torch_mimicry, BigGAN-PyTorch",
    );
  });

  it("may be two files", () => {
    const { discriminator } = readNetworks(file("sngan-32"), { discriminator: file("netD") });
    expect(discriminator!.discriminator.kind).toBe("resnet");
  });
});

it.each([
  ["g_ema", true],
  ["G_ema", true],
  ["netG_ema", true],
  ["ema.module.", true],
  ["ema_model", true],
  ["generator_averaged.", true],
  ["state_dict", false],
  ["schema", false],
  ["remainder.G", false],
])("whose weights are averaged is seen by its name: %s", (name, averaged) => {
  expect(isAveraged(name)).toBe(averaged);
});
