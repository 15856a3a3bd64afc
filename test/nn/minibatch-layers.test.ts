import { describe, expect, it } from "vitest";
import {
  frozenStatistics,
  MinibatchDiscrimination,
  MinibatchStandardDeviation,
  withPassMode,
} from "../../src/nn/index.ts";
import { grad, noGrad, scope, Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, expectGradients, fill, fixture, flat, noise } from "./oracle.ts";

interface Stored {
  output: number[];
  gradients: number[][];
}
const stored = fixture<{
  discrimination: Stored & { calibrated: Record<string, number[]> };
  deviation: Record<string, Stored>;
}>("batch-layers");
const exactly = { rtol: 1e-10, atol: 1e-10 };

/** Compares output and gradients; the loss is the sum of output times noise. */
function expectStored(output: Tensor, tensors: readonly Tensor[], expected: Stored): void {
  expectClose(output, expected.output, exactly);
  const gradients = grad(output.mul(noise(output.shape, 50)).sum(), tensors);
  for (const [i, gradient] of gradients.entries()) {
    expectClose(gradient, expected.gradients[i]!, { ...exactly, label: `gradient ${i}` });
  }
}

/** The layer of the fixture, in evaluation mode, where it calibrates nothing. */
const small = (): MinibatchDiscrimination =>
  fill(new MinibatchDiscrimination(contextOf(), 7, { kernels: 3, dimensions: 2 })).eval();
const features = (): Tensor => noise([6, 7], 31).requiresGrad_();

describe("minibatch discrimination", () => {
  it("is the sum over the others of exp(-L1 distance), next to the features, with PyTorch's gradients", () => {
    const layer = small();
    const f = features();
    expect(layer.outputs).toBe(10);
    expectStored(layer.forward(f), [f, ...layer.parameters()], stored.discrimination);
  });

  it("has gradients that agree with finite differences, of second order too", () => {
    const layer = small();
    const f = features();
    const value = (): Tensor => layer.forward(f).square().sum();
    expectGradients([f, ...layer.parameters()], value);
    const norm = (): Tensor => {
      const [gradient] = grad(value(), [f], { createGraph: true });
      return gradient!.square().sum();
    };
    expectGradients([f, ...layer.parameters()], norm, 1e-5);
  });

  it("leaves a sample itself out, and is 0 for a sample alone", () => {
    const layer = small();
    noGrad(() => layer.namedParameters().get("bias")!.zero_());
    const same = noise([1, 7], 31).expand([5, -1]).contiguous();
    expectClose(layer.forward(same).narrow(1, 7, 3), Array(15).fill(4), exactly);
    expect(flat(layer.forward(noise([1, 7], 31)).narrow(1, 7, 3))).toEqual([0, 0, 0]);
    // Far from all others nothing is left, not even a rounding of 1 - 1.
    const far = Tensor.cat([noise([1, 7], 31), noise([1, 7], 31).add(1e4)]);
    expect(flat(layer.forward(far).narrow(1, 7, 3))).toEqual(Array(6).fill(0));
  });

  it("chooses lengths and bias by the first main pass in train mode", () => {
    const layer = small();
    const f = features();
    const before = new Map([...layer.stateDict()].map(([name, tensor]) => [name, flat(tensor)]));
    layer.forward(f);
    frozenStatistics(() => layer.train().forward(f));
    layer.forward(noise([1, 7], 31)); // one sample has no neighbour to go by
    for (const [name, tensor] of layer.stateDict()) expect(flat(tensor), name).toEqual(before.get(name));
    const { output, ...state } = stored.discrimination.calibrated;
    expectClose(layer.forward(f), output!, exactly);
    for (const [name, values] of Object.entries(state)) {
      expectClose(layer.stateDict().get(name)!, values, { ...exactly, label: name });
    }
    expect(flat(layer.stateDict().get("project.weight_v")!)).toEqual(before.get("project.weight_v"));
    // Once only, and a state dict brings the fact along.
    const after = flat(layer.forward(f.mul(3).detach()));
    const copy = new MinibatchDiscrimination(contextOf(2), 7, { kernels: 3, dimensions: 2 });
    copy.loadStateDict(layer.stateDict());
    expect(flat(copy.forward(f.mul(3).detach()))).toEqual(after);
    expectClose(layer.stateDict().get("bias")!, state.bias!, exactly);
  });

  it("stays finite when all samples of the first batch are equal", () => {
    const layer = new MinibatchDiscrimination(contextOf(), 7, { kernels: 3, dimensions: 2 });
    const same = noise([1, 7], 31).expand([4, -1]).contiguous();
    expect(flat(layer.forward(same)).every(Number.isFinite)).toBe(true);
    expect([...layer.stateDict().values()].flatMap(flat).every(Number.isFinite)).toBe(true);
  });

  it("says that it couples samples, and refuses sizes by name", () => {
    expect(small().couplesSamples).toBe(true);
    expect(() => new MinibatchDiscrimination(contextOf(), 7, { kernels: 0 })).toThrow("kernels");
  });

  it("needs memory for pairs and kernels, not for dimensions", () => {
    // 64 MiB a [N, N, B] of 128 x 128 pairs and 1,024 kernels, of which three live at once; differences in 16 dimensions
    // would be 1 GiB.
    const layer = new MinibatchDiscrimination(contextOf(1, "float32"), 8, { kernels: 1024, dimensions: 16 }).eval();
    const before = process.memoryUsage.rss();
    let most = 0;
    scope(() => {
      const f = noise([128, 8], 31, "float32").requiresGrad_();
      const loss = layer.forward(f).sum();
      most = process.memoryUsage.rss();
      grad(loss, [f, ...layer.parameters()]);
    });
    expect((Math.max(most, process.memoryUsage.rss()) - before) / 2 ** 20).toBeLessThan(350);
  });

  it("keeps a reference batch apart from the samples", () => {
    const layer = small();
    const [reference, samples] = [noise([4, 7], 40), noise([6, 7], 31)];
    const both = withPassMode({ referenceRows: 4 }, () => layer.forward(Tensor.cat([reference, samples])));
    expectClose(both.narrow(0, 4, 6), layer.forward(samples), exactly);
    expectClose(both.narrow(0, 0, 4), layer.forward(reference), exactly);
  });

  it("chooses lengths and bias by the samples, not by a reference batch", () => {
    const [together, alone] = [small().train(), small().train()];
    const [reference, samples] = [noise([4, 7], 40), noise([6, 7], 31)];
    withPassMode({ referenceRows: 4 }, () => together.forward(Tensor.cat([reference, samples])));
    alone.forward(samples);
    expect(alone.stateDict().get("calibrated")!.item()).toBe(1);
    for (const [name, tensor] of alone.stateDict()) {
      expectClose(together.stateDict().get(name)!, tensor, { ...exactly, label: name });
    }
  });
});

describe("minibatch standard deviation", () => {
  it.each([
    ["groups", 8, 4],
    ["small", 3, 4],
    ["pairs", 6, 2],
  ] as const)("is the mean deviation over the features of a group: %s", (name, count, group) => {
    const f = noise([count, 5], 32).requiresGrad_();
    const layer = new MinibatchStandardDeviation(5, { group });
    expect(layer.outputs).toBe(6);
    expect(layer.couplesSamples).toBe(true);
    expectStored(layer.forward(f), [f], stored.deviation[name]!);
  });

  it("has finite gradients where all samples agree, and gradients of gradients", () => {
    const layer = new MinibatchStandardDeviation(5);
    const same = noise([1, 5], 32).expand([4, -1]).contiguous().requiresGrad_();
    expect(flat(grad(layer.forward(same).sum(), [same])[0]!).every(Number.isFinite)).toBe(true);
    const f = noise([8, 5], 32).requiresGrad_();
    expectGradients(
      [f],
      () => {
        const [gradient] = grad(layer.forward(f).square().sum(), [f], { createGraph: true });
        return gradient!.square().sum();
      },
      1e-5,
    );
  });

  it("refuses a batch that does not divide, and keeps a reference batch apart", () => {
    const layer = new MinibatchStandardDeviation(5);
    expect(() => layer.forward(noise([6, 5], 1))).toThrow("a batch of 6 does not divide into groups of 4");
    const [reference, samples] = [noise([4, 5], 40), noise([8, 5], 32)];
    const both = withPassMode({ referenceRows: 4 }, () => layer.forward(Tensor.cat([reference, samples])));
    expectClose(both.narrow(0, 4, 8), layer.forward(samples), exactly);
  });
});
