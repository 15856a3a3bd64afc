/** Backward passes of convolutions leave out the samples whose incoming gradient is zero. The oracle is ATen's own. */
import { describe, expect, it } from "vitest";
import { Generator, grad, Tensor } from "../../src/tensor/index.ts";
import { operator } from "../../src/tensor/operator.ts";
import { gradientErrors } from "./finite-differences.ts";
import { samplesComputed } from "./samples-computed.ts";

const BATCH = 8;
const generator = new Generator(5);
const draw = (...shape: number[]): Tensor => Tensor.randn(shape, { generator, dtype: "float64" });

const atenConv2d = operator("aten::conv2d(input, weight, bias, stride, padding, dilation, groups)");
const atenConvTranspose2d = operator(
  "aten::conv_transpose2d.input(input, weight, bias, stride, padding, output_padding, groups, dilation)",
);
type Pass = (x: Tensor, weight: Tensor, bias: Tensor) => Tensor;

const ours: Record<string, Pass> = {
  convolution: (x, weight, bias) => x.conv2d(weight, bias, { stride: 2, padding: 1 }),
  "transposed convolution": (x, weight, bias) => x.convTranspose2d(weight, bias, { stride: 2, padding: 1 }),
};
const aten: Record<string, Pass> = {
  convolution: (x, weight, bias) => atenConv2d(x, weight, bias, [2, 2], [1, 1], [1, 1], 1) as Tensor,
  "transposed convolution": (x, weight, bias) =>
    atenConvTranspose2d(x, weight, bias, [2, 2], [1, 1], [0, 0], 1, [1, 1]) as Tensor,
};

/** x, weight and bias: six input channels, and five or (for the sub-pixel form) three output channels. */
function inputs(name: string, format: "contiguous" | "channelsLast", outputs = 5): [Tensor, Tensor, Tensor] {
  const shape = name === "convolution" ? [outputs, 6, 4, 4] : [6, outputs, 4, 4];
  const x = draw(BATCH, 6, 8, 8).contiguous(format);
  const weight = draw(...shape).contiguous(format);
  return [x.requiresGrad_(), weight.requiresGrad_(), draw(outputs).requiresGrad_()];
}

/** A gradient like `output` that is `zero` in the samples not named. */
function gradientOf(output: Tensor, rows: readonly number[], zero = 0): Tensor {
  const samples = Array.from({ length: BATCH }, (_, row) => {
    const shape = [1, ...output.shape.slice(1)];
    return rows.includes(row) ? draw(...shape) : Tensor.full(shape, zero, { dtype: "float64" });
  });
  return Tensor.cat(samples).contiguous(output.isContiguous() ? "contiguous" : "channelsLast");
}

const largestDifference = (one: Tensor, other: Tensor): number => one.sub(other).abs().amax().item();

const choices: readonly (readonly [readonly number[], number])[] = [
  [[1, 4, 6], 3],
  [[7], 1],
  [[0, 1, 2, 3, 4, 5, 6], 7],
  [[0, 1, 2, 3, 4, 5, 6, 7], 8],
  [[], 0],
];
const cases = Object.keys(ours).flatMap((name) =>
  (["contiguous", "channelsLast"] as const).flatMap((format) =>
    choices.map(([rows, count]) => ({ name, format, rows, count })),
  ),
);

describe("the backward pass of a convolution", () => {
  it.each(cases)("computes $count samples: $name, $format, rows $rows", ({ name, format, rows, count }) => {
    for (const zero of [0, -0]) {
      for (const outputs of [5, 3]) {
        const leaves = inputs(name, format, outputs);
        const output = ours[name]!(...leaves);
        const gradOutputs = [gradientOf(output, rows, zero)];
        const before = samplesComputed();
        const found = grad(output, leaves, { gradOutputs });
        expect(samplesComputed() - before).toBe(count);
        const expected = grad(aten[name]!(...leaves), leaves, { gradOutputs });
        for (const [i, gradient] of found.entries()) {
          expect(gradient!.shape).toEqual(leaves[i]!.shape);
          if (gradient!.ndim === 4) expect(gradient!.isContiguous(format)).toBe(true);
          expect(largestDifference(gradient!, expected[i]!)).toBeLessThan(1e-12);
        }
        if (rows.length > 0) expect(found[1]!.abs().amax().item()).toBeGreaterThan(0.1);
      }
    }
  });

  it("takes a sample with one number in its last place, and one that is not a number, for a sample", () => {
    for (const value of [1e-300, Number.NaN]) {
      const leaves = inputs("convolution", "contiguous");
      const output = ours.convolution!(...leaves);
      const gradient = gradientOf(output, []);
      gradient.narrow(0, 3, 1).view([-1]).narrow(0, -1, 1).fill_(value);
      const before = samplesComputed();
      const [found] = grad(output, [leaves[0]], { gradOutputs: [gradient] });
      expect(samplesComputed() - before).toBe(1);
      const touched = found!.ne(0).to({ dtype: "float64" }).flatten(1).amax([1]);
      expect([...touched.toArray()].map(Boolean)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((row) => row === 3));
    }
  });

  it("computes every sample where fewer than an eighth are zero", () => {
    const [x, weight] = [draw(20, 2, 3, 3).requiresGrad_(), draw(1, 2, 3, 3)];
    const count = (zeros: number): number => {
      const gradient = Tensor.ones([20, 1, 1, 1], { dtype: "float64" });
      gradient.narrow(0, 0, zeros).zero_();
      const before = samplesComputed();
      grad(x.conv2d(weight), [x], { gradOutputs: [gradient] });
      return samplesComputed() - before;
    };
    expect([0, 1, 2, 3, 4].map(count)).toEqual([20, 20, 20, 17, 16]);
  });

  it.each(Object.keys(ours))("computes every sample when its gradient is recorded: %s", (name) => {
    const leaves = inputs(name, "contiguous");
    const output = ours[name]!(...leaves);
    const before = samplesComputed();
    grad(output, leaves, { gradOutputs: [gradientOf(output, [2])], createGraph: true });
    expect(samplesComputed() - before).toBe(BATCH);
  });

  // The gradient that comes in is zero in all samples but one; its derivative is not.
  it.each(Object.keys(ours))("has the right gradient where a zero depends on the input: %s", (name) => {
    const some = Tensor.zeros([3, 1, 1, 1], { dtype: "float64" });
    some.narrow(0, 1, 1).fill_(1);
    const shape = name === "convolution" ? [2, 2, 4, 4] : [2, 2, 4, 4];
    const small = [draw(3, 2, 4, 4), draw(...shape), draw(2), some];
    const errors = gradientErrors((x, weight, bias, factor) => {
      const output = ours[name]!(x!, weight!, bias!);
      return output.pow(2).mul(factor!);
    }, small);
    expect(errors.first).toBeLessThan(1e-6);
    expect(errors.second).toBeLessThan(1e-4);
  });

  it.each(Object.keys(ours))("leaves samples out of second gradients too, with ATen's values: %s", (name) => {
    const slopes = (pass: Pass, leaves: [Tensor, Tensor, Tensor]): (Tensor | null)[] => {
      const kept = Tensor.fromArray([0, 1, 0, 0, 1, 0, 0, 0], [BATCH, 1, 1, 1], { dtype: "float64" });
      const [slope] = grad(
        pass(...leaves)
          .tanh()
          .sum(),
        [leaves[0]],
        { createGraph: true },
      );
      return grad(slope!.pow(2).mul(kept).sum(), leaves, { allowUnused: true });
    };
    const leaves = inputs(name, "channelsLast");
    const before = samplesComputed();
    const found = slopes(ours[name]!, leaves);
    // The first backward pass is recorded and whole; then its own convolution and the forward pass's, two samples each.
    expect(samplesComputed() - before).toBe(BATCH + 2 + 2);
    for (const [i, expected] of slopes(aten[name]!, leaves).entries()) {
      expect(largestDifference(found[i]!, expected!)).toBeLessThan(1e-10);
    }
  });
});
