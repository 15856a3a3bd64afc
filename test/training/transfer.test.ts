/** Networks that begin with those of other classes, channels or sizes: which tensors are taken, and which are new. */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Condition } from "../../src/data/index.ts";
import { readSafetensors, writeSafetensors } from "../../src/formats/index.ts";
import {
  biggan,
  type DiscriminatorNetwork,
  dcgan,
  type GeneratorNetwork,
  mlp,
  readNetworks,
  resnet,
} from "../../src/models/index.ts";
import type { Module } from "../../src/nn/index.ts";
import { Generator, noGrad, scope, Tensor } from "../../src/tensor/index.ts";
import { RunDirectory, startRun } from "../../src/training/index.ts";
import { type Labels, matchLabels } from "../../src/training/run/label-match.ts";
import { loadStartingWeights } from "../../src/training/run/starting-weights.ts";
import { transferInto, transferLines } from "../../src/training/run/transfer.ts";
import { newDirectory } from "./short-run.ts";
import { noiseImages, temporaryFolder, tinyConvolutions, tinyRecipe } from "./tiny.ts";

type Buildable = { build(context: never): Module };

/** A network for images of some channels and size, and some classes or conditions. */
function built(part: Buildable, { channels = 1, size = 16, classes = 2, conditions = 0 }, seed = 0): Module {
  const rng = new Generator(seed);
  const network = part.build({ image: { channels, size }, classes, conditions, device: "cpu", rng } as never);
  onTestFinished(() => network.dispose());
  return network;
}

const numbers = (tensor: Tensor): number[] => Array.from(tensor.toArray(), Number);
const copied = (network: Module): Record<string, number[]> =>
  Object.fromEntries([...network.stateDict()].map(([name, tensor]) => [name, numbers(tensor)]));

/**
 * Transfers between two networks. Every tensor must be one of the source, as `places` names it where the name differs, or
 * what it was. Gives the names of the new ones.
 */
function transferred(own: Module, source: Module, places: (name: string) => string = (name) => name): string[] {
  const [before, given] = [copied(own), copied(source)];
  const result = transferInto(own, source.stateDict())!;
  const { taken, of, initialised } = result;
  expect([of, taken + initialised.length]).toEqual([own.stateDict().size, of]);
  for (const [name, values] of Object.entries(copied(own))) {
    expect(values, name).toEqual(initialised.includes(name) ? before[name] : given[places(name)]);
  }
  return initialised;
}

/** In a list that is longer by some layers at its beginning, the names in the source. */
const back =
  (by: number) =>
  (name: string): string =>
    name.replace(/\d+/, (index) => String(Number(index) - by));

describe("across classes", () => {
  it("all but what has a row or column for each class", () => {
    const from = { classes: 2 };
    const to = { classes: 3 };
    const g = dcgan.generator({ latent: 4, width: 2, conditional: true });
    expect(transferred(built(g, to, 1), built(g, from))).toEqual(["project.weight"]);
    const d = dcgan.discriminator({ width: 2, conditional: true, spectralNorm: true });
    expect(transferred(built(d, to, 1), built(d, from))).toEqual([
      "head.embedding.weight_orig",
      "head.embedding.weight_u",
      "head.embedding.weight_v",
    ]);
    const shared = biggan.generator({ width: 4 });
    expect(transferred(built(shared, { ...to, size: 32 }, 1), built(shared, { ...from, size: 32 }))).toEqual([
      "embedding.weight",
    ]);
  });

  it("to none: the labels' own layers are gone", () => {
    const d = (conditional: boolean) => resnet.discriminator({ conditional });
    expect(transferred(built(d(false), { size: 32 }, 1), built(d(true), { size: 32 }))).toEqual([]);
  });
});

describe("across classes of which some names are the same", () => {
  const conditional = { conditional: true } as const;
  const networks: Record<string, { part: Buildable; size?: number; conditions?: true }> = {
    "dcgan.generator": { part: dcgan.generator({ latent: 4, width: 2, ...conditional }) },
    "dcgan.generator with spectral norm": {
      part: dcgan.generator({ latent: 4, width: 2, spectralNorm: true, ...conditional }),
    },
    "mlp.generator": { part: mlp.generator({ latent: 4, hidden: [8], ...conditional }) },
    "biggan.generator": { part: biggan.generator({ width: 2 }), size: 32 },
    "biggan.generator, embedding linear": { part: biggan.generator({ width: 2, embedding: "linear" }), size: 32 },
    "biggan.generator with tables": { part: biggan.generator({ width: 2, shared: 0, hierarchical: false }), size: 32 },
    "biggan.generator of conditions": { part: biggan.generator({ width: 2 }), size: 32, conditions: true },
    "resnet.generator": { part: resnet.generator({ width: 2, ...conditional }), size: 32 },
    "resnet.generator of conditions": {
      part: resnet.generator({ width: 2, ...conditional }),
      size: 32,
      conditions: true,
    },
    "dcgan.discriminator": { part: dcgan.discriminator({ width: 2, spectralNorm: true, ...conditional }) },
    "mlp.discriminator": { part: mlp.discriminator({ hidden: [8], ...conditional }) },
    "mlp.discriminator of conditions": { part: mlp.discriminator({ hidden: [8], ...conditional }), conditions: true },
  };

  /** Scores or images of four samples, one of each class of `order`, or with one condition of them at 1. */
  function outputs(network: Module, order: readonly number[], width: number, ofConditions: boolean, size: number) {
    return scope(() => {
      network.eval();
      const classes = Tensor.fromArray(BigInt64Array.from(order, BigInt));
      const labels = ofConditions ? classes.oneHot(width).float() : classes;
      const rng = new Generator(5);
      const draw = (shape: number[]) =>
        Tensor.randn(shape, { generator: rng })
          .narrow(0, 0, 1)
          .expand([order.length, ...shape.slice(1)]);
      if ("latent" in network) {
        const images = (network as GeneratorNetwork).forward(draw([1, (network as GeneratorNetwork).latent]), labels);
        return images.flatten(1).tolist() as number[][];
      }
      const { score } = (network as DiscriminatorNetwork).forward(draw([1, 1, size, size]), labels);
      return score.unsqueeze(1).tolist() as number[][];
    });
  }

  it.each(Object.entries(networks))(
    "%s does for each of them what the other did",
    (_, { part, size = 16, conditions = false }) => {
      const of = (width: number, seed: number): Module => {
        const kind = conditions ? { classes: 0, conditions: width } : { classes: width };
        const network = built(part, { size, ...kind }, seed);
        // Tables of gains and biases begin as zeros, and would be alike for all classes.
        for (const [name, tensor] of network.stateDict()) {
          if (/\.(gain|bias)\.weight$/.test(name))
            noGrad(() => tensor.copy_(Tensor.randn(tensor.shape, { generator: new Generator(seed + name.length) })));
        }
        return network;
      };
      const kind = conditions ? "conditions" : "classes";
      const source = of(3, 1);
      const own = of(3, 2);
      const result = transferInto(own, source.stateDict(), { kind, places: [2, 0, 1], given: 3 })!;
      expect(result).toMatchObject({ initialised: [], byName: { kind, found: 3, of: 3 } });
      const [mine, others] = [
        outputs(own, [0, 1, 2], 3, conditions, size),
        outputs(source, [2, 0, 1], 3, conditions, size),
      ];
      for (const [i, row] of mine.entries())
        for (const [j, value] of row.entries()) expect(value).toBeCloseTo(others[i]![j]!, 4);
      expect(mine[0]).not.toEqual(mine[1]);
    },
  );

  it("new ones begin as in a new network, and are no part of the other's", () => {
    const g = dcgan.generator({ latent: 4, width: 2, conditional: true });
    const [own, source] = [built(g, { classes: 3 }, 1), built(g, { classes: 2 })];
    const columns = (network: Module) =>
      scope(() => network.stateDict().get("project.weight")!.transpose(0, 1).tolist() as number[][]);
    const [before, given] = [columns(own), columns(source)];
    const taken = transferInto(own, source.stateDict(), { kind: "classes", places: [1, undefined, 0], given: 2 })!;
    expect(columns(own)).toEqual([...given.slice(0, 4), given[5], before[5], given[4]]);
    expect(taken).toEqual({
      ...{ taken: 13, of: 14, initialised: [] },
      byName: { kind: "classes", tensors: ["project.weight"], found: 2, of: 3 },
    });
    expect(transferLines({ generator: taken })).toEqual([
      "generator: 13 of 14 tensors taken; weights of 2 of 3 classes taken by name: project.weight",
    ]);
  });

  it("none: tables are new, though they have the same size", () => {
    const d = dcgan.discriminator({ width: 2, conditional: true });
    const own = built(d, { classes: 2 }, 1);
    const before = copied(own);
    const match = { kind: "classes", places: [undefined, undefined], given: 2 } as const;
    const { initialised } = transferInto(own, built(d, { classes: 2 }).stateDict(), match)!;
    expect(initialised).toEqual(["head.embedding.weight"]);
    expect(copied(own)["head.embedding.weight"]).toEqual(before["head.embedding.weight"]);
  });

  it("a logit for each class is taken by its name, with its bias", () => {
    const d = dcgan.discriminator({ width: 2 });
    const logits = (seed: number) =>
      built(
        { build: (context: never) => d.build({ ...(context as object), logits: 3 } as never) },
        { classes: 3 },
        seed,
      );
    const [own, source] = [logits(1), logits(2)];
    noGrad(() =>
      source
        .stateDict()
        .get("head.linear.bias")!
        .copy_(Tensor.fromArray([1, 2, 3])),
    );
    transferInto(own, source.stateDict(), { kind: "classes", places: [2, 0, 1], given: 3 });
    expect(copied(own)["head.linear.bias"]).toEqual([3, 1, 2]);
  });
});

describe("labels of two runs", () => {
  const classes = (...names: string[]): Labels => ({ kind: "classes", names });
  const age = { name: "age", kind: "number", mean: 30, deviation: 5, least: 10, most: 60 } as const;
  const conditions = (...columns: Condition[]): Labels => ({
    kind: "conditions",
    names: columns.map(({ name }) => name),
    conditions: columns,
  });

  it("are matched by their names, unless they are the same", () => {
    expect(matchLabels(classes("a", "b"), classes("a", "b"), "x")).toEqual({ notes: [] });
    expect(matchLabels(classes("a", "b", "c"), classes("c", "a"), "x")).toEqual({
      match: { kind: "classes", places: [1, undefined, 0], given: 2 },
      notes: [],
    });
    expect(matchLabels(conditions(age), classes("age"), "x").match).toMatchObject({ places: [undefined] });
  });

  it("are taken by their numbers where one run's have no names", () => {
    const said = (own: Labels, given: Labels | undefined) => matchLabels(own, given, "runs/x");
    expect(said(classes("a", "b"), undefined)).toEqual({
      notes: ["the classes of runs/x are not known, so weights of classes are taken by their numbers"],
    });
    expect(said(classes("shirt", "shoe"), classes("0", "1"))).toEqual({
      notes: ["the classes of runs/x have no names, so weights of classes are taken by their numbers"],
    });
    expect(said(classes("0", "1"), classes("shirt", "shoe")).notes[0]).toMatch(
      /^the classes of this run have no names/,
    );
    // Of MNIST some digits may be taken: these are names.
    expect(said(classes("0", "1"), classes("0", "1", "2")).match).toMatchObject({ places: [0, 1] });
    expect(said(classes("3", "5"), classes("0", "1", "2", "3", "4", "5")).match).toMatchObject({ places: [3, 5] });
  });

  it("that are scaled in another way are named", () => {
    const [older, smile] = [{ ...age, mean: 50 }, { ...age, name: "smile", kind: "flag" } as const];
    expect(matchLabels(conditions(age, smile), conditions(older, smile), "x")).toEqual({
      notes: [
        "the condition `age` is scaled by mean 30 and deviation 5; the networks were trained with it scaled by mean 50 and deviation 5",
      ],
    });
    expect(matchLabels(conditions(smile), conditions({ ...smile, mean: 0.2 }), "x")).toEqual({ notes: [] });
  });
});

describe("across channels", () => {
  it("all but the layer that makes or takes the pixels", () => {
    const { generator, discriminator } = tinyConvolutions;
    const [from, to] = [{ channels: 1 }, { channels: 3 }];
    expect(transferred(built(generator, to, 1), built(generator, from))).toEqual(["body.5.weight", "body.5.bias"]);
    expect(transferred(built(discriminator, to, 1), built(discriminator, from))).toEqual([
      "body.0.bias",
      "body.0.weight_orig",
      "body.0.weight_u",
      "body.0.weight_v",
    ]);
  });
});

describe("across resolutions", () => {
  const { generator, discriminator } = tinyConvolutions;

  it("G's layers next to the image, and D's", () => {
    const [from, to] = [{ size: 16 }, { size: 32 }];
    const fresh = transferred(built(generator, to, 1), built(generator, from), back(3));
    expect([...new Set(fresh.map((name) => name.replace(/\.\w+$/, "")))]).toEqual(["project", "body.0", "body.2"]);
    const own = transferred(built(discriminator, to, 1), built(discriminator, from));
    expect([...new Set(own.map((name) => name.replace(/\.\w+$/, "")))]).toEqual(["body.4", "head.linear"]);
  });

  it("downwards too", () => {
    const [from, to] = [{ size: 32 }, { size: 16 }];
    const fresh = transferred(built(generator, to, 1), built(generator, from), back(-3));
    expect(fresh).toEqual(["project.weight"]);
    const own = transferred(built(discriminator, to, 1), built(discriminator, from));
    expect([...new Set(own.map((name) => name.replace(/\.\w+$/, "")))]).toEqual(["head.linear"]);
  });

  it("of BigGAN, whose blocks are numbered from the side of 4 pixels", () => {
    // Parts of z of 10 numbers.
    const g = (latent: number) => biggan.generator({ width: 2, latent, attention: 0 });
    const fresh = transferred(built(g(60), { size: 128 }, 1), built(g(50), { size: 64 }));
    // Blocks 16-16, 16-8, 8-4, 4-2 are the same; 128 pixels have one more, of other widths next to the image.
    const places = new Set(
      fresh.map((name) =>
        name
          .split(".")
          .slice(0, name.includes("stages") ? 3 : 2)
          .join("."),
      ),
    );
    expect([...places]).toEqual(["trunk.stages.4", "trunk.norm", "trunk.output"]);
  });
});

it("a network of the same shape is taken whole, and one of no common layer not at all", () => {
  const part = biggan.generator({ width: 4 });
  expect(transferred(built(part, { size: 32 }, 1), built(part, { size: 32 }))).toEqual([]);
  const small = mlp.generator({ latent: 4, hidden: [8] });
  const wide = mlp.generator({ latent: 4, hidden: [16] });
  const own = built(small, {}, 1);
  const before = copied(own);
  expect(transferInto(own, built(wide, {}).stateDict())).toBeUndefined();
  expect(copied(own)).toEqual(before);
});

describe("a run", () => {
  const conditional = (classes: number) =>
    tinyRecipe({
      data: noiseImages({ classes }) as never,
      generator: dcgan.generator({ latent: 4, width: 2, conditional: true }),
      discriminator: dcgan.discriminator({ width: 2, conditional: true }),
      steps: 1,
      checkpoint: { keep: 9 },
    });

  it("says what was taken, in notes, recipe.json and the report", async () => {
    const from = newDirectory();
    await startRun(conditional(2), { directory: from }).train();
    const directory = newDirectory();
    const notes: string[] = [];
    await startRun(conditional(3), { directory, from }).train({ events: { note: (text) => notes.push(text) } });
    const line = "generator: 13 of 14 tensors taken; weights of 2 of 3 classes taken by name: project.weight";
    expect(notes).toContain(line);
    expect(notes).toContain(
      "discriminator: 6 of 7 tensors taken; weights of 2 of 3 classes taken by name: head.embedding.weight",
    );
    expect(new RunDirectory(directory).description().transfer!.generator!.byName).toMatchObject({ found: 2, of: 3 });
    expect(readFileSync(join(directory, "report.md"), "utf8")).toContain(`${line}.`);
    const trained = (run: string, step: string): Record<string, number[]> =>
      scope(() => {
        const { tensors } = readSafetensors(join(run, `checkpoints/step-${step}/generator.safetensors`));
        return Object.fromEntries([...tensors].map(([name, tensor]) => [name, numbers(tensor)]));
      });
    const [taken, given] = [trained(directory, "000000"), trained(from, "000001")];
    for (const [name, values] of Object.entries(given)) {
      if (name !== "project.weight") expect(taken[name], name).toEqual(values);
    }
  });

  it("begins with a file of one network, and says that the other is new", async () => {
    const from = newDirectory();
    await startRun(conditional(2), { directory: from }).train();
    const folder = temporaryFolder();
    for (const name of ["generator", "anything"]) {
      const file = join(folder, `${name}.safetensors`);
      copyFileSync(join(from, "checkpoints/step-000001/generator.safetensors"), file);
      const notes: string[] = [];
      const run = startRun(conditional(2), { directory: newDirectory(), from: file });
      await run.train({ events: { note: (text) => notes.push(text) } });
      expect(notes).toContain(`begun with the networks of ${file}`);
      expect(notes).toContain("generator: all 14 tensors taken");
      expect(notes.find((note) => note.startsWith("discriminator"))).toMatch(
        /^discriminator: 0 of 7 tensors taken; newly/,
      );
    }
  });

  it("begins with a generator of another project, of other classes", () => {
    const file = fileURLToPath(new URL("../fixtures/imported/cgan-pd-32.pth", import.meta.url));
    const { generator: found } = scope(() => readNetworks(file));
    const part = found.generator as unknown as Buildable;
    const form = { channels: 3, size: 32 };
    const whole = loadStartingWeights(file, { generator: built(part, { ...form, classes: found.classes }) });
    expect(whole.generator!.initialised).toEqual([]);
    const { taken, initialised } = loadStartingWeights(file, {
      generator: built(part, { ...form, classes: found.classes + 1 }),
    }).generator!;
    expect(taken).toBeGreaterThan(20);
    expect(initialised.length).toBeGreaterThan(0);
    expect(initialised.every((name) => /\.(gain|bias)\.weight$/.test(name))).toBe(true);
  });

  it("refuses a file of nothing that fits, and what is no weights", () => {
    const folder = temporaryFolder();
    const file = join(folder, "other.safetensors");
    const generator = built(mlp.generator({ latent: 4, hidden: [8] }), {});
    const wide = built(mlp.generator({ latent: 4, hidden: [16] }), {});
    writeSafetensors(file, wide.stateDict());
    expect(() => loadStartingWeights(file, { generator })).toThrow(
      /other\.safetensors: its tensors \(body\.0\.weight, .* no layout that is known.*; and no layer of this run's networks/,
    );
    const own = join(folder, "generator.safetensors");
    copyFileSync(file, own);
    expect(() => loadStartingWeights(own, { generator })).toThrow(
      /^the generator of .*generator\.safetensors does not fit the one of this run: .* has shape \[16, 4\], this network needs \[8, 4\]; no other layer fits either$/,
    );
    expect(() => startRun(tinyRecipe(), { directory: newDirectory(), from: join(folder, "none.pth") })).toThrow(
      "nor a file of weights (.safetensors, .pth, .pt)",
    );
  });
});

it("long lists of new tensors are cut", () => {
  const initialised = Array.from({ length: 10 }, (_, i) => `t${i}`);
  expect(transferLines({ generator: { taken: 1, of: 11, initialised } })).toEqual([
    "generator: 1 of 11 tensors taken; newly initialised: t0, t1, t2, t3, t4, t5, t6, t7 and 2 more",
  ]);
});
