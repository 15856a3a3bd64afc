import { describe, expect, it } from "vitest";
import { VirtualBatchNorm, withPassMode } from "../../src/nn/index.ts";
import { grad, Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, expectGradients, fill, fixture, flat, noise } from "./oracle.ts";

interface Stored {
  output: number[];
  gradients: number[][];
  shape: number[];
  reference: number;
}
const stored = fixture<{ virtual: Record<string, Stored> }>("batch-layers").virtual;
const exactly = { rtol: 1e-9, atol: 1e-9 };

describe("virtual batch norm", () => {
  it.each([
    ["maps", {}],
    ["vectors", {}],
    ["one", { eps: 0.1 }],
    ["plain", { affine: false }],
  ])("normalises by the mixture of reference and sample, as the paper's moments give it: %s", (name, options) => {
    const { output, gradients, shape, reference } = stored[name]!;
    const layer = fill(new VirtualBatchNorm(contextOf(), shape[1]!, options));
    const x = noise(shape, 33).requiresGrad_();
    const tensors = [x, ...layer.parameters()];
    expect(tensors.length).toBe(gradients.length);
    const y = withPassMode({ referenceRows: reference }, () => layer.forward(x));
    expectClose(y, output, exactly);
    for (const [i, gradient] of grad(y.mul(noise(shape, 50)).sum(), tensors).entries()) {
      expectClose(gradient, gradients[i]!, { ...exactly, label: `gradient ${i}` });
    }
    expect(flat(withPassMode({ referenceRows: reference }, () => layer.eval().forward(x)))).toEqual(flat(y));
  });

  it("has gradients of gradients", () => {
    const layer = fill(new VirtualBatchNorm(contextOf(), 3));
    const x = noise([5, 3, 2, 2], 33).requiresGrad_();
    const value = (): Tensor => {
      const y = withPassMode({ referenceRows: 2 }, () => layer.forward(x));
      const [gradient] = grad(y.pow(3).sum(), [x], { createGraph: true });
      return gradient!.square().sum();
    };
    const scale = Math.abs(value().item());
    expectGradients([x, ...layer.parameters()], () => value().div(scale), 1e-5);
  });

  it("keeps the variance where the mean is much larger", () => {
    const layer = new VirtualBatchNorm(contextOf(1, "float32"), 2, { eps: 0 });
    const x = noise([6, 2, 4, 4], 33).mul(0.01);
    const y = withPassMode({ referenceRows: 3 }, () => layer.forward(x.add(100).float()));
    const exact = withPassMode({ referenceRows: 3 }, () => new VirtualBatchNorm(contextOf(), 2, { eps: 0 }).forward(x));
    // float32 knows 100.01 to 4e-6 only, which is 0.001 of the deviation; the rest is the layer's.
    expectClose(y, exact, { atol: 0.02 });
  });

  it("gives a sample the same whatever its neighbours", () => {
    const layer = fill(new VirtualBatchNorm(contextOf(), 3));
    const reference = noise([4, 3, 2, 2], 1);
    const apply = (samples: Tensor): Tensor =>
      withPassMode({ referenceRows: 4 }, () => layer.forward(Tensor.cat([reference, samples]))).narrow(
        0,
        4,
        samples.shape[0]!,
      );
    const samples = noise([3, 3, 2, 2], 2);
    const together = apply(samples);
    for (const i of [0, 1, 2]) expectClose(apply(samples.narrow(0, i, 1)), together.narrow(0, i, 1), exactly);
    expect(layer.couplesSamples).toBe(false);
  });

  it("refuses a pass without a reference batch, and input of another shape", () => {
    const layer = new VirtualBatchNorm(contextOf(), 3);
    expect(() => layer.forward(noise([4, 3, 2, 2], 1))).toThrow("this pass has no reference batch");
    expect(() => withPassMode({ referenceRows: 2 }, () => layer.forward(noise([4, 2], 1)))).toThrow("[4, 2] must have");
    // The pass that failed is over.
    expect(() => layer.forward(noise([4, 3], 1))).toThrow("this pass has no reference batch");
    expect([...layer.namedBuffers()]).toEqual([]);
  });
});
