/** The networks of Salimans et al. 2016: layers counted by hand, where noise stands, and what the hidden activations are. */
import { describe, expect, it } from "vitest";
import { allCnn, noisyMlp } from "../../src/models/index.ts";
import { Generator } from "../../src/tensor/index.ts";
import { contextOf, expectClose, flat, noise } from "../nn/oracle.ts";

const context = (channels: number, size: number) => ({
  ...contextOf(1, "float32"),
  generator: new Generator(1),
  image: { channels, size },
  classes: 10,
});

/** Weights, lengths and biases of a weight-normed layer. */
const normed = (inputs: number, outputs: number): number => inputs * outputs + 2 * outputs;
const numbers = (state: ReadonlyMap<string, { numel: number; dtype: string }>): number =>
  [...state.values()].filter(({ dtype }) => dtype !== "int64").reduce((sum, { numel }) => sum + numel, 0);

describe("noisyMlp", () => {
  const d = noisyMlp.discriminator({ outputs: 10 }).build(context(1, 28));
  const g = noisyMlp.generator().build(context(1, 28));
  const images = noise([4, 1, 28, 28], 1, "float32");

  it("has the paper's layers, and trained lengths in the last layers only", () => {
    const widths = [784, 1000, 500, 250, 250, 250, 10];
    const layers = widths.slice(1).map((width, i) => normed(widths[i]!, width));
    expect(numbers(d.stateDict())).toBe(layers.reduce((sum, one) => sum + one));
    expect([...d.namedParameters().keys()].filter((name) => name.endsWith("weight_g"))).toEqual([
      "head.linear.weight_g",
    ]);
    // Without bias before batch norm, whose gain, offset, mean and variance are four numbers per unit.
    expect(numbers(g.stateDict())).toBe(100 * 500 + 500 * 500 + 2 * 3 * 500 + normed(500, 784));
    expect(g.namedParameters().has("body.6.weight_g")).toBe(true);
  });

  it("sees pixels in [0, 1]: of black images only the biases are left", () => {
    d.eval();
    const black = images.mul(0).sub(1);
    expectClose(d.forward(black).logits, Array<number>(40).fill(0), { atol: 1e-7 });
    d.train();
    const made = g.forward(noise([4, 100], 2, "float32"));
    expect(made.shape).toEqual([4, 1, 28, 28]);
    expect(made.abs().amax().item()).toBeLessThanOrEqual(1);
  });

  it("shows hidden activations before their noise, and gives the head noise", () => {
    const { hidden, features, score, logits } = d.forward(images);
    expect(hidden.map(({ shape }) => shape[1])).toEqual([1000, 500, 250, 250, 250]);
    expect(hidden.at(-1)!.amin().item()).toBe(0);
    const added = features.sub(hidden.at(-1)!);
    expect(added.std().item()).toBeCloseTo(0.5, 1);
    expectClose(score, logits.logsumexp(1));
    const [first, second] = [flat(d.forward(images).logits), flat(d.forward(images).logits)];
    expect(first).not.toEqual(second);
    d.eval();
    expect(flat(d.forward(images).logits)).toEqual(flat(d.forward(images).logits));
  });
});

describe("allCnn", () => {
  const d = allCnn.discriminator({ outputs: 10 }).build(context(3, 32));

  it("has the authors' nine convolutions and the linear layer", () => {
    const plan = [
      [3, 96, 9],
      [96, 96, 9],
      [96, 96, 9],
      [96, 192, 9],
      [192, 192, 9],
      [192, 192, 9],
      [192, 192, 9],
      [192, 192, 1],
      [192, 192, 1],
    ] as const;
    const convolutions = plan.reduce((sum, [from, to, area]) => sum + normed(from * area, to), 0);
    expect(numbers(d.stateDict())).toBe(convolutions + normed(192, 10));
    const lengths = (tensors: ReadonlyMap<string, unknown>) =>
      [...tensors.keys()].filter((name) => /weight_g$/.test(name));
    expect(lengths(d.namedParameters())).toEqual(["head.linear.weight_g"]);
    expect(lengths(d.namedBuffers())).toHaveLength(plan.length);
    const { hidden, features } = d.forward(noise([2, 3, 32, 32], 1, "float32"));
    expect(hidden.slice(0, -1).map(({ shape }) => shape.slice(1))).toEqual([
      [96, 32, 32],
      [96, 32, 32],
      [96, 16, 16],
      [192, 16, 16],
      [192, 16, 16],
      [192, 8, 8],
      [192, 6, 6],
      [192, 6, 6],
      [192, 6, 6],
    ]);
    expectClose(hidden.at(-1)!, hidden.at(-2)!.mean([2, 3]));
    expect(features.shape).toEqual([2, 192]);
  });

  it("makes images by three transposed convolutions of 5 x 5", () => {
    const g = allCnn.generator().build(context(3, 32));
    const dense = 100 * 8192 + 3 * 8192;
    const inner = 512 * 256 * 25 + 3 * 256 + (256 * 128 * 25 + 3 * 128);
    // A length and a bias for each of the three colours.
    expect(numbers(g.stateDict())).toBe(dense + inner + normed(128 * 25, 3));
    expect(g.forward(noise([2, 100], 1, "float32")).shape).toEqual([2, 3, 32, 32]);
  });

  it("refuses sizes that the layers do not fit", () => {
    expect(() => allCnn.generator().build(context(1, 28))).toThrow("(=28x28) must be one side, a power of two");
    expect(() => allCnn.discriminator().build(context(1, 8))).toThrow("(=8x8) must be at least 12");
  });
});
