/** Classifiers as feature networks: how images reach them, what they answer, and that the shipped ones are what they claim. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { cifar10, type DataDescriptor, type Dataset, fashionMnist, imageFolder, mnist } from "../../src/data/index.ts";
import { resizeAntialiased } from "../../src/metrics/features/antialiased.ts";
import { classifierNames, classifierPath, openClassifier } from "../../src/metrics/features/classifier.ts";
import type { FeatureNetwork } from "../../src/metrics/features/feature-network.ts";
import { Classifier, readClassifier, writeClassifier } from "../../src/models/index.ts";
import { liveTensors, scope, Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { contextOf, expectClose, fill, fixture, flat, noise } from "../nn/oracle.ts";

const stored = fixture<{
  resizes: { from: [number, number]; to: [number, number]; values: number[] }[];
  gray: { colours: [number, number, number][]; levels: number[] };
}>("classifier");
const folder = temporaryFolder();

/** Opens a classifier of noise made for images of this form. */
function noisy(channels: 1 | 3, size: number, paddedFrom?: number): FeatureNetwork {
  const path = join(folder, `${channels}-${size}-${paddedFrom}.safetensors`);
  const network = { channels, size, width: 2, blocks: 1 };
  const classes = ["a", "b", "c"];
  writeClassifier(path, fill(new Classifier(contextOf(1, "float32"), { ...network, classes: 3 })), {
    version: 1,
    name: "noise",
    classes,
    network,
    paddedFrom,
    test: { correct: 1, count: 3 },
    data: { train: "", test: "" },
    training: {},
    history: [],
    gantry: "",
    engine: "",
  });
  const opened = openClassifier(path, { device: "cpu" });
  onTestFinished(() => opened.dispose());
  return opened;
}

const bytes = (shape: readonly number[], phase = 1): Tensor =>
  noise(shape, phase).add(1).mul(128).to({ dtype: "uint8" });

/** What a feature network answers, as numbers. */
const answers = (network: FeatureNetwork, images: Tensor): number[] => {
  const { features, logits } = network.forward(images);
  return [...flat(features), ...flat(logits)];
};

describe("resizeAntialiased", () => {
  it.each(stored.resizes)("gives PyTorch's numbers from $from to $to", ({ from, to, values }) => {
    const result = resizeAntialiased(noise([1, 2, ...from], 5), ...to);
    expect(result.shape).toEqual([1, 2, ...to]);
    // PyTorch computes its weights in float32 even for images in float64.
    expectClose(result, values, { rtol: 1e-6, atol: 1e-6 });
  });

  it("keeps a constant and, reducing by a whole factor, the mean away from the border", () => {
    const flatGray = Tensor.full([1, 1, 37, 50], 93);
    expectClose(resizeAntialiased(flatGray, 16, 16), new Array(256).fill(93), { rtol: 1e-6 });
  });
});

describe("a classifier as a feature network", () => {
  it("answers in float32 with its dimensions, without a graph, and keeps nothing", () => {
    const network = noisy(1, 8);
    expect(network).toMatchObject({ name: "noise-classifier", dimensions: 8, classes: ["a", "b", "c"] });
    const images = bytes([5, 1, 8, 8]);
    const before = liveTensors();
    scope(() => {
      const { features, logits } = network.forward(images);
      expect(liveTensors()).toBe(before + 2);
      expect([features.shape, logits.shape]).toEqual([
        [5, 8],
        [5, 3],
      ]);
      expect([features.dtype, logits.dtype, features.requiresGrad]).toEqual(["float32", "float32", false]);
      expect(features.amin().item()).toBeGreaterThanOrEqual(0);
    });
    expect(liveTensors()).toBe(before);
  });

  it("is the network itself on bytes / 127.5 - 1", () => {
    const opened = noisy(3, 8);
    const { network } = readClassifier(join(folder, "3-8-undefined.safetensors"), "cpu");
    const images = bytes([4, 3, 8, 8]);
    const { features, logits } = network.forward(images.float().div(127.5).sub(1));
    expect(answers(opened, images)).toEqual([...flat(features), ...flat(logits)]);
  });

  it("joins the parts of a large batch in order", () => {
    const network = noisy(1, 8);
    const images = bytes([600, 1, 8, 8]);
    const { features } = network.forward(images);
    expect(features.shape).toEqual([600, 8]);
    for (const i of [0, 249, 250, 499, 500, 599]) {
      const alone = network.forward(images.narrow(0, i, 1)).features;
      // Another batch size may take another kernel.
      expectClose(features.narrow(0, i, 1), alone, { rtol: 1e-4, atol: 1e-5, label: `image ${i}` });
    }
  });

  it("repeats gray for a network of three channels", () => {
    const network = noisy(3, 8);
    const gray = bytes([3, 1, 8, 8]);
    expect(answers(network, gray)).toEqual(answers(network, gray.repeat([1, 3, 1, 1])));
  });

  it("turns colours into the gray bytes that Pillow makes of them", () => {
    const network = noisy(1, 8);
    const { colours, levels } = stored.gray;
    // One colour an image, so that a gray level that is off by one shows.
    const planes = Uint8Array.from(colours.flatMap((colour) => colour.flatMap((c) => new Array(64).fill(c))));
    const grays = Uint8Array.from(levels.flatMap((level) => new Array(64).fill(level)));
    const inColour = answers(network, Tensor.fromArray(planes, [colours.length, 3, 8, 8]));
    expect(inColour).toEqual(answers(network, Tensor.fromArray(grays, [colours.length, 1, 8, 8])));
  });

  it("pads the size that its own images were padded from, with black, and resizes any other", () => {
    const network = noisy(1, 9, 6);
    const small = bytes([2, 1, 6, 6]);
    expect(answers(network, small)).toEqual(answers(network, small.constantPad([1, 2, 1, 2], 0)));
    const other = bytes([2, 1, 7, 5]);
    const { network: plain } = readClassifier(join(folder, "1-9-6.safetensors"), "cpu");
    const { features, logits } = plain.forward(resizeAntialiased(other.float(), 9, 9).div(127.5).sub(1));
    expect(answers(network, other)).toEqual([...flat(features), ...flat(logits)]);
  });

  it("describes its resizing: the text differs when the numbers differ", () => {
    const words = [noisy(1, 8), noisy(3, 8), noisy(1, 9), noisy(1, 9, 6)].map(({ resizer }) => resizer);
    expect(new Set(words).size).toBe(4);
    expect(words[3]).toContain("6x6 padded with black to 9x9");
  });

  it.each<[string, () => Tensor]>([
    ["float", () => Tensor.zeros([1, 1, 8, 8])],
    ["two channels", () => bytes([1, 2, 8, 8])],
    ["no batch", () => bytes([1, 8, 8])],
    ["no images", () => bytes([1, 1, 8, 8]).narrow(0, 0, 0)],
  ])("refuses images: %s", (_, make) => {
    expect(() => noisy(1, 8).forward(make())).toThrow(
      /^noise-classifier: images are .*must be uint8 \[N, 1 or 3, H, W\]$/,
    );
  });

  it.each([
    ["mnist-clasifier", /neither a classifier's file nor one of .*did you mean `mnist-classifier`\?/],
    ["absent.safetensors", /`absent\.safetensors` is neither a classifier's file nor one of mnist-classifier/],
    [join(import.meta.dirname, "classifier.test.ts"), /classifier\.test\.ts/],
    [import.meta.dirname, /it is a folder, not a file/],
  ])("refuses to open %s", (name, message) => {
    let failure: unknown;
    try {
      openClassifier(name, { device: "cpu" });
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as UserError).message).toMatch(message);
  });
});

/** A shipped classifier and what is known of it. */
interface Shipped {
  /** The least accuracy on the whole test split that may be shipped. */
  readonly least: number;
  readonly dimensions: number;
  /** How many of the first 1,000 test images are classified correctly. (For a folder: images of each class in turn.) */
  readonly correct: number;
  data(): DataDescriptor;
}

/** A zip or folder with CIFAR-10 as JPEG files in train/<class> and test/<class>: what the classifier was trained on. */
const jpegs = process.env.GANTRY_TEST_CIFAR10_JPEG ?? "";

const firstOfTest = { split: "test", first: 1000 } as const;

const shipped: Record<string, Shipped> = {
  "mnist-classifier": { least: 0.993, dimensions: 64, correct: 997, data: () => mnist(firstOfTest) },
  "fashion-mnist-classifier": { least: 0.925, dimensions: 96, correct: 939, data: () => fashionMnist(firstOfTest) },
  "cifar10-classifier": {
    least: 0.85,
    dimensions: 96,
    correct: 866,
    data: () =>
      imageFolder({ path: jpegs || "CIFAR-10 as JPEG files (GANTRY_TEST_CIFAR10_JPEG)", ...firstOfTest, size: 32 }),
  },
};

/** The dataset; where its files are not, the test is skipped with the reason. MNIST always is. */
async function present(data: DataDescriptor, context: TestContext): Promise<Dataset> {
  return data.build({ cache: folder }).catch((error: unknown) => {
    if (error instanceof UserError && data.kind !== "mnist") context.skip(error.message);
    throw error;
  });
}

describe("the shipped classifiers", () => {
  it("are all there, small, and each with its hash", () => {
    expect(Object.keys(shipped)).toEqual(classifierNames);
    for (const name of classifierNames) {
      const path = classifierPath(name);
      expect(existsSync(path), path).toBe(true);
      expect(statSync(path).size).toBeLessThan(2_000_000);
      const opened = openClassifier(name, { device: "cpu" });
      expect(opened.name).toBe(name);
      expect(opened.hash).toBe(createHash("sha256").update(readFileSync(path)).digest("hex"));
      expect(opened.dimensions).toBe(shipped[name]!.dimensions);
      opened.dispose();
    }
  });

  it.each(Object.entries(shipped))("%s says that it is good enough", (name, { least }) => {
    const { info, network } = readClassifier(classifierPath(name), "cpu");
    network.dispose();
    expect(info.test.count).toBe(10_000);
    expect(info.test.correct / info.test.count).toBeGreaterThanOrEqual(least);
  });

  it.each(Object.keys(shipped))("%s is described as it is", (name) => {
    const { info, network } = readClassifier(classifierPath(name), "cpu");
    const row = readFileSync(join(import.meta.dirname, "../../docs/scores/classifiers.md"), "utf8")
      .split("\n")
      .find((line) => line.startsWith(`| \`${name}\``));
    const { correct, count } = info.test;
    const { epochs, seed } = info.training;
    const facts = [
      `${((100 * correct) / count).toFixed(2)} %`,
      network.dimensions,
      network.parameterCount(),
      epochs,
      seed,
    ];
    for (const fact of facts) expect(row?.split("|").map((cell) => cell.trim())).toContain(String(fact));
    network.dispose();
  });

  it.for(Object.entries(shipped))("%s classifies what it did", async ([name, { correct, data }], context) => {
    const dataset = await present(data(), context);
    const opened = openClassifier(name, { device: "cpu" });
    expect(opened.classes).toEqual(dataset.classes);
    const { logits } = opened.forward(dataset.images);
    expect(logits.argmax(1).eq(dataset.labels).sum().item()).toBe(correct);
    opened.dispose();
  });

  it("cifar10-classifier does as well on the official files", async (context) => {
    const dataset = await present(cifar10(firstOfTest), context);
    const opened = openClassifier("cifar10-classifier", { device: "cpu" });
    const { logits } = opened.forward(dataset.images);
    // 85 % less four standard errors of 1,000 draws: JPEG or not must not make a difference that matters.
    expect(logits.argmax(1).eq(dataset.labels).sum().item()).toBeGreaterThan(805);
    opened.dispose();
  });
});
