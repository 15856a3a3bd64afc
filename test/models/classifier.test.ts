/** The classifier against the same network written in PyTorch (test/fixtures/make_classifier.py), and its file. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { readSafetensors, writeSafetensors } from "../../src/formats/index.ts";
import {
  Classifier,
  type ClassifierInfo,
  type ClassifierOptions,
  readClassifier,
  roundToFile,
  writeClassifier,
} from "../../src/models/index.ts";
import { Generator, grad, liveTensors, noGrad, scope, Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { contextOf, expectClose, fill, fixture, flat, noise } from "../nn/oracle.ts";

interface Output {
  features: number[];
  logits: number[];
}
interface Stored {
  options: ClassifierOptions;
  shapes: Record<string, number[]>;
  train: Output;
  eval: Output;
}
const stored = fixture<{ networks: Stored[] }>("classifier").networks;
const folder = temporaryFolder();

const small: ClassifierOptions = { channels: 1, size: 8, width: 2, blocks: 1, classes: 3 };
const info: ClassifierInfo = {
  version: 1,
  name: "shapes",
  classes: ["dot", "line", "cross"],
  network: { channels: 1, size: 8, width: 2, blocks: 1 },
  paddedFrom: 6,
  test: { correct: 7, count: 9 },
  data: { train: "made up", test: "made up" },
  training: { epochs: 1, flip: false },
  history: [{ epoch: 1, loss: 1.5, accuracy: 0.25 }],
  gantry: "0.0.0",
  engine: "none",
};

/** A float32 network with noise in all its state. */
const noisy = (options = small): Classifier => fill(new Classifier(contextOf(1, "float32"), options));

describe("Classifier", () => {
  it.each(stored)("computes the same as PyTorch: $options", ({ options, shapes, ...outputs }) => {
    const network = fill(new Classifier(contextOf(), options));
    const own = [...network.stateDict()].map(([name, tensor]) => [name, tensor.shape] as const);
    expect(Object.fromEntries(own)).toEqual(shapes);
    const { channels, size, width, classes } = options;
    for (const mode of ["train", "eval"] as const) {
      network.train(mode === "train");
      const { features, logits } = network.forward(noise([3, channels, size, size], 77));
      expect(features.shape).toEqual([3, 4 * width]);
      expect(logits.shape).toEqual([3, classes]);
      // float64 on both sides; sums of some hundred terms in another order.
      expectClose(features, outputs[mode].features, { rtol: 1e-9, atol: 1e-9, label: `${mode} features` });
      expectClose(logits, outputs[mode].logits, { rtol: 1e-9, atol: 1e-9, label: `${mode} logits` });
    }
  });

  it("gives every parameter a gradient", () => {
    const network = new Classifier(contextOf(3), { ...small, blocks: 2 });
    const { logits } = network.forward(noise([6, 1, 8, 8], 4));
    const loss = logits.crossEntropy(Tensor.fromArray(BigInt64Array.from([0n, 1n, 2n, 0n, 1n, 2n])));
    const names = [...network.namedParameters().keys()];
    expect(names).toHaveLength(3 * 3 + 4 * 6 + 2);
    for (const [i, gradient] of grad(loss, network.parameters()).entries()) {
      expect(gradient.abs().amax().item(), names[i]).toBeGreaterThan(1e-12);
    }
  });

  it("is fixed by the generator it is built from", () => {
    const weights = (seed: number): number[] => {
      const network = new Classifier({ rng: new Generator(seed), device: "cpu" }, small);
      return [...network.stateDict().values()].flatMap(flat);
    };
    expect(weights(5)).toEqual(weights(5));
    expect(weights(5)).not.toEqual(weights(6));
  });

  it.each([
    [[2, 1, 9, 9], /\[2, 1, 9, 9\] must be \[N, 1, 8, 8\]/],
    [[2, 3, 8, 8], /\[2, 3, 8, 8\] must be/],
    [[1, 8, 8], /\[1, 8, 8\] must be/],
  ])("refuses images of shape %j", (shape, message) => {
    const network = noisy();
    expect(() => network.forward(Tensor.zeros(shape))).toThrow(message);
  });

  it("refuses images that are too small for its halvings", () => {
    expect(() => new Classifier(contextOf(), { ...small, size: 7 })).toThrow("`size` (=7) must be at least 8 pixels");
  });
});

describe("classifier files", () => {
  it("give back the bits of a rounded network, its metadata, and the same answers", () => {
    const path = join(folder, "whole.safetensors");
    const network = noisy().eval();
    const before = [...network.stateDict().values()].flatMap(flat);
    roundToFile(network);
    const rounded = [...network.stateDict().values()].flatMap(flat);
    expect(rounded).not.toEqual(before);
    writeClassifier(path, network, info);
    const read = readClassifier(path, "cpu");
    expect(read.info).toEqual(info);
    expect([...read.network.stateDict().keys()]).toEqual([...network.stateDict().keys()]);
    expect([...read.network.stateDict().values()].flatMap(flat)).toEqual(rounded);
    const images = noise([4, 1, 8, 8], 9, "float32");
    const [a, b] = [network, read.network].map((which) => which.forward(images));
    expect(flat(b!.features)).toEqual(flat(a!.features));
    expect(flat(b!.logits)).toEqual(flat(a!.logits));
    expect(read.network.training).toBe(false);
    expect(read.network.parameters().some((parameter) => parameter.requiresGrad)).toBe(false);
  });

  it("hold kernels and matrices as float16 and vectors as float32", () => {
    const path = join(folder, "types.safetensors");
    writeClassifier(path, noisy(), info);
    for (const [name, { dtype, ndim }] of readSafetensors(path).tensors) {
      const expected = name.endsWith("num_batches_tracked") ? "int64" : ndim > 1 ? "float16" : "float32";
      expect(dtype, name).toBe(expected);
    }
  });

  it("are the same bytes for the same network", () => {
    const paths = ["a", "b"].map((name) => join(folder, `${name}.safetensors`));
    for (const path of paths) writeClassifier(path, noisy(), info);
    expect(readFileSync(paths[0]!).equals(readFileSync(paths[1]!))).toBe(true);
  });

  /** The tensors of a whole file, and a path to write a spoilt one to. */
  const spoil = (name: string, metadata: Record<string, string>, change?: (tensors: Map<string, Tensor>) => void) => {
    const whole = join(folder, "spoil-source.safetensors");
    writeClassifier(whole, noisy(), info);
    const { tensors } = readSafetensors(whole);
    change?.(tensors);
    const path = join(folder, `${name}.safetensors`);
    writeSafetensors(path, tensors, metadata);
    return path;
  };
  const good = { classifier: JSON.stringify(info) };
  const withInfo = (change: object): Record<string, string> => ({ classifier: JSON.stringify({ ...info, ...change }) });

  it.each<[string, () => string, RegExp]>([
    ["another kind of safetensors file", () => spoil("kind", { step: "5" }), /is not a classifier: give a file that/],
    ["metadata that is not JSON", () => spoil("json", { classifier: "{" }), /is not JSON, so the file is damaged/],
    ["one class only", () => spoil("one", withInfo({ classes: ["dot"] })), /: classes: .*2/],
    [
      "a network too large to build",
      () => spoil("huge", withInfo({ network: { ...info.network, width: 100_000 } })),
      /network\.width/,
    ],
    ["a name that no score could carry", () => spoil("name", withInfo({ name: "a b/c" })), /: name: /],
    ["a later version", () => spoil("later", withInfo({ version: 2 })), /: version: /],
    [
      "weights of another width",
      () => spoil("width", withInfo({ network: { ...info.network, width: 4 } })),
      /state dict: `stem\.0\.weight` has shape \[2, 1, 3, 3\], this network needs \[4, 1, 3, 3\]/,
    ],
    [
      "another number of classes",
      () => spoil("classes", withInfo({ classes: ["a", "b"] })),
      /`head\.weight` has shape \[3, 8\]/,
    ],
    [
      "a missing tensor",
      () => spoil("missing", good, (tensors) => tensors.delete("head.bias")),
      /state dict: it lacks head\.bias/,
    ],
    [
      "weights that are not finite",
      () =>
        spoil("nan", good, (tensors) => noGrad(() => tensors.get("halving1.0.weight")!.select(0, 1).fill_(Number.NaN))),
      /`halving1\.0\.weight` holds numbers that are not finite/,
    ],
    [
      "half a file",
      () => {
        const path = spoil("half", good);
        writeFileSync(path, readFileSync(path).subarray(0, 2000));
        return path;
      },
      /half\.safetensors/,
    ],
    ["no file", () => join(folder, "absent.safetensors"), /cannot read .*absent/],
  ])("refuse %s in one sentence, and leave nothing behind", (_, make, message) => {
    scope(() => {
      const path = make();
      const before = liveTensors();
      let failure: unknown;
      try {
        readClassifier(path, "cpu");
      } catch (error) {
        failure = error;
      }
      expect(failure).toBeInstanceOf(UserError);
      expect((failure as UserError).message).toMatch(message);
      expect((failure as UserError).message).toContain(path);
      expect((failure as UserError).message).not.toContain("\n");
      expect(liveTensors()).toBe(before);
    });
  });
});
