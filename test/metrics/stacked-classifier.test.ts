import { describe, expect, it, onTestFinished } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { mnist, stackedMnist } from "../../src/data/index.ts";
import { openClassifier, openFeatures } from "../../src/metrics/index.ts";
import { modes } from "../../src/metrics/scores/index.ts";
import { Generator, Tensor } from "../../src/tensor/index.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { temporaryFolder } from "../training/tiny.ts";

describe("stacked-mnist-classifier", () => {
  it("reads each channel as the digits' classifier does", async () => {
    const network = await openFeatures("stacked-mnist-classifier", { device: "cpu" });
    const digits = openClassifier("mnist-classifier", { device: "cpu" });
    onTestFinished(() => [network, digits].forEach((one) => void one.dispose()));
    const test = await mnist({ split: "test", first: 12 }).build({ cache: temporaryFolder() });
    const images = test.images.reshape([4, 3, 32, 32]);
    const { features, logits } = network.forward(images);
    expect([network.dimensions, network.classes.length, network.hash]).toEqual([192, 1000, digits.hash]);
    const alone = digits.forward(test.images);
    expectClose(features, alone.features, { atol: 1e-5, rtol: 1e-5 });
    const chances = alone.logits.softmax(1).tolist() as number[][];
    const found = logits.exp().tolist() as number[][];
    for (const [i, row] of found.entries()) {
      const [red, green, blue] = chances.slice(3 * i) as [number[], number[], number[]];
      for (const mode of [0, 7, 410, 725, 999]) {
        const expected = red[Math.floor(mode / 100)]! * green[Math.floor(mode / 10) % 10]! * blue[mode % 10]!;
        expect(row[mode]).toBeCloseTo(expected, 5);
      }
    }
    // The first test digits are 7 2 1, 0 4 1, 4 9 5, 9 0 6.
    expect(flat(logits.argmax(1))).toEqual([721, 41, 495, 906]);
  });

  it("finds the modes that stacked digits have", async () => {
    const network = await openFeatures("stacked-mnist-classifier", { device: "cpu" });
    onTestFinished(() => network.dispose());
    const data = await stackedMnist({ count: 100, split: "test" }).build({ cache: temporaryFolder() });
    const { logits } = network.forward(data.images);
    const labels = flat(data.labels);
    const right = flat(logits.argmax(1)).filter((mode, i) => mode === labels[i]).length;
    expect(right / 100).toBeGreaterThanOrEqual(0.96); // 0.9958 cubed is 0.987
    const found = modes()
      .build()
      .compute({ fake: { count: 100, logits }, random: new Generator(0) });
    expect(Math.abs(found.modes!.value - new Set(labels).size)).toBeLessThan(5);
  });

  it("refuses images without three channels", async () => {
    const network = await openFeatures("stacked-mnist-classifier", { device: "cpu" });
    onTestFinished(() => network.dispose());
    expect(() => network.forward(Tensor.zeros([2, 1, 32, 32], { dtype: "uint8" }))).toThrow(UserError);
  });
});
