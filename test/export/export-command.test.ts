/** `gantry export --to onnx | pytorch` as a user calls it, metadata, classifiers and trainers of the user's own. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PbfReader } from "pbf";
import { beforeAll, describe, expect, it } from "vitest";
import { classifierOnnx, exportOnnx, networkOnnx } from "../../src/export/onnx/index.ts";
import { readClassifier } from "../../src/models/index.ts";
import { adam } from "../../src/optim/index.ts";
import { Generator, inferenceMode, Tensor } from "../../src/tensor/index.ts";
import { defineTrainer, newLatents, openCheckpoint, sampleRun } from "../../src/training/index.ts";
import { inProcess } from "../cli/in-process.ts";
import { tiny } from "../cli/tiny-run.ts";
import { noiseImages } from "../training/tiny.ts";
import { folder } from "./folder.ts";
import { differenceOf, networkCases, openedCase, storedRun } from "./networks.ts";
import { runOnnx } from "./onnxruntime.ts";
import { own } from "./own-network.ts";

const where = folder();
const run = join(where, "run");

beforeAll(async () => {
  const trained = await inProcess("train", "mnist", ...tiny, "--steps", "10", "--out", run);
  expect(trained.code, trained.stderr).toBe(0);
});

/** The metadata_props of a model's file. */
function metadataOf(model: Uint8Array): Record<string, string> {
  const found: Record<string, string> = {};
  const reader = new PbfReader(model);
  while (reader.pos < reader.length) {
    const tag = reader.readVarint();
    if ((tag & 7) !== 2) reader.readVarint();
    else {
      const bytes = reader.readBytes();
      if (tag >> 3 !== 14) continue;
      const entry = new PbfReader(bytes);
      entry.readVarint();
      const key = entry.readString();
      entry.readVarint();
      found[key] = entry.readString();
    }
  }
  return found;
}

describe("gantry export", () => {
  it("writes a model that draws what gantry sample draws", async () => {
    const file = join(where, "digits.onnx");
    const { stdout, code } = await inProcess("export", run, "--to", "onnx", "--out", file);
    expect(code).toBe(0);
    expect(stdout).toMatch(/digits\.onnx\nlargest difference from Gantry's outputs: \d\.\de-\d+\n$/);
    const { trained } = await openCheckpoint(run);
    const z = newLatents(trained, 5, new Generator(3));
    const images = await sampleRun(run, { count: 5, seed: 3 });
    const [found] = runOnnx([{ model: file, inputs: new Map([["z", z]]) }]);
    expect(differenceOf(found!.get("images")!, images)).toBeLessThan(1e-4);
    // The run keeps averages, which are not the weights of the last step.
    const last = await exportOnnx(run, join(where, "last.onnx"), { averaged: false });
    expect(last.metadata["gantry.averaged"]).toBe("false");
    const [other] = runOnnx([{ model: join(where, "last.onnx"), inputs: new Map([["z", z]]) }]);
    expect(differenceOf(other!.get("images")!, images)).toBeGreaterThan(1e-4);
    trained.dispose();
  });

  it("writes a Python module, and JSON about it", async () => {
    const { stdout } = await inProcess("export", run, "--to", "pytorch", "--network", "discriminator", "--json");
    const { files } = JSON.parse(stdout) as { files: string[] };
    expect(files).toEqual([join(run, "pytorch", "discriminator.py")]);
    expect(readFileSync(files[0]!, "utf8")).toMatch(/^"""A discriminator that Gantry/);
  });

  it.each([
    [["--to", "csv", "--half"], /--half does not go with --to csv/],
    [["--to", "pytorch", "--half"], /--half does not go with --to pytorch/],
    [["--to", "onnx", "--layout", "nhwc"], /--layout is that of bytes: it needs --uint8/],
    [["--to", "onnx", "--uint8", "--layout", "chw"], /--layout \(=chw\) must be nchw or nhwc/],
    [["--to", "onnx", "--uint8", "--network", "discriminator"], /uint8: only the images of a generator/],
    [["--to", "onnx", "--labels", "shares"], /takes no shares of classes/],
    [["--to", "onnx", "--network", "critic"], /--network \(=critic\) must be generator or discriminator/],
    [["--to", "onnx", "--checkpoint", "7"], /checkpoint `7` does not exist/],
    [["--to", "onnxx"], /did you mean onnx/],
  ])("refuses %j", async (flags, message) => {
    const { code, stderr } = await inProcess("export", run, ...flags, "--out", join(where, "refused"));
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
    expect(existsSync(join(where, "refused"))).toBe(false);
  });
});

it("says in the file where a model comes from", () => {
  const opened = openedCase(networkCases["dcgan, conditions"]!());
  const model = networkOnnx({ ...opened, step: 6 }, storedRun());
  const metadata = metadataOf(model.bytes);
  expect(metadata).toEqual(model.metadata);
  const score = JSON.parse(metadata["gantry.score"]!) as { name: string; value: number; protocol: object };
  expect([score.name, score.value]).toEqual(["fid@mnist-classifier", 7.25]);
  expect(score.protocol).toEqual(storedRun().evaluations().at(-1)!.scores[0]!.protocol);
  expect(JSON.parse(metadata["gantry.recipe"]!)).toEqual(storedRun().description().recipe);
  const conditions = JSON.parse(metadata["gantry.conditions"]!) as { name: string }[];
  expect(conditions.map(({ name }) => name)).toEqual(["smiling", "age"]);
  expect(metadata).toMatchObject({
    "gantry.kind": "generator",
    "gantry.latent": "8",
    "gantry.latentDistribution": "normal",
    "gantry.step": "6",
    "gantry.truncation": "none",
  });
  opened.trained.dispose();
});

it("exports a classifier's file", () => {
  const path = join(import.meta.dirname, "../../weights/mnist-classifier.safetensors");
  const file = join(where, "classifier.onnx");
  const model = classifierOnnx(path);
  writeFileSync(file, model.bytes);
  const { network } = readClassifier(path, "cpu");
  const { channels, size } = network.options;
  const images = Tensor.rand([3, channels, size, size], { generator: new Generator(2) })
    .mul(2)
    .sub(1);
  const expected = inferenceMode(() => network.forward(images));
  const [found] = runOnnx([{ model: file, inputs: new Map([["images", images]]) }]);
  expect(differenceOf(found!.get("logits")!, expected.logits)).toBeLessThan(1e-4);
  expect(differenceOf(found!.get("features")!, expected.features)).toBeLessThan(1e-4);
  expect(JSON.parse(model.metadata["gantry.classes"]!)).toHaveLength(10);
  network.dispose();
});

it("exports the `sample` of a user's own trainer", () => {
  const trainer = defineTrainer({
    data: noiseImages(),
    batchSize: 4,
    steps: 1,
    latent: 6,
    build: (context) => ({ made: own.generator().build(context) }),
    optimizers: { made: adam() },
    step: () => ({ loss: 0 }),
    sample: ({ modules: { made } }, z) => made.forward(z).neg(),
  });
  const trained = trainer.build({ shape: { sample: { channels: 1, size: 16 }, classes: [] } });
  const model = networkOnnx({ trained, step: 0 }, storedRun());
  const file = join(where, "own.onnx");
  writeFileSync(file, model.bytes);
  const z = Tensor.randn([3, 6], { generator: new Generator(1) });
  const expected = inferenceMode(() => trained.generator.forward(z));
  const [found] = runOnnx([{ model: file, inputs: new Map([["z", z]]) }]);
  expect(differenceOf(found!.get("images")!, expected)).toBeLessThan(1e-4);
  trained.dispose();
});
