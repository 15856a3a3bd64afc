/** Networks that begin with those of other classes, channels or sizes: which tensors are taken, and which are new. */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/formats/index.ts";
import { biggan, dcgan, mlp, readNetworks, resnet } from "../../src/models/index.ts";
import type { Module } from "../../src/nn/index.ts";
import { Generator, scope, type Tensor } from "../../src/tensor/index.ts";
import { RunDirectory, startRun } from "../../src/training/index.ts";
import { loadStartingWeights } from "../../src/training/run/starting-weights.ts";
import { transferInto, transferLines } from "../../src/training/run/transfer.ts";
import { newDirectory } from "./short-run.ts";
import { noiseImages, temporaryFolder, tinyConvolutions, tinyRecipe } from "./tiny.ts";

type Buildable = { build(context: never): Module };

/** A network for images of some channels and size, and some classes. */
function built(part: Buildable, { channels = 1, size = 16, classes = 2 }, seed = 0): Module {
  const rng = new Generator(seed);
  const network = part.build({ image: { channels, size }, classes, device: "cpu", rng } as never);
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
    const line = "generator: 13 of 14 tensors taken; newly initialised: project.weight";
    expect(notes).toContain(line);
    expect(notes).toContain("discriminator: 6 of 7 tensors taken; newly initialised: head.embedding.weight");
    expect(new RunDirectory(directory).description().transfer!.generator!.initialised).toEqual(["project.weight"]);
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
