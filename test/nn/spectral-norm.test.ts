import { describe, expect, it } from "vitest";
import {
  Conv2d,
  ConvTranspose2d,
  Embedding,
  frozenStatistics,
  Linear,
  Sequential,
  spectralNorm,
  type WeightedModule,
  weightNorm,
} from "../../src/nn/index.ts";
import { grad, noGrad, Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, expectGradients, fill, fixture, flat, noise } from "./oracle.ts";

interface Pass {
  mode: "train" | "eval";
  output: number[];
  gradients: number[][];
  buffers: Record<string, number[]>;
}
interface Case {
  names: string[];
  shapes: Record<string, number[]>;
  passes: Pass[];
}
const stored = fixture<{ spectralNorm: Record<string, Case> }>("nn").spectralNorm;
const TIGHT = { atol: 1e-10, rtol: 1e-10 };

const cases: Record<string, { make: () => WeightedModule; input: () => Tensor }> = {
  linear: {
    make: () => spectralNorm(contextOf(), new Linear(contextOf(), 5, 4)),
    input: () => noise([3, 5], 30),
  },
  conv: {
    make: () => spectralNorm(contextOf(), new Conv2d(contextOf(), 3, 4, 3, { padding: 1 })),
    input: () => noise([2, 3, 5, 5], 31),
  },
  convTranspose: {
    make: () => spectralNorm(contextOf(), new ConvTranspose2d(contextOf(), 3, 4, 4, { stride: 2, padding: 1 })),
    input: () => noise([2, 3, 3, 3], 32),
  },
  embedding: {
    make: () => spectralNorm(contextOf(), new Embedding(contextOf(), 6, 4)),
    input: () => Tensor.fromArray(new BigInt64Array([0n, 5n, 2n, 2n])),
  },
  threeIterations: {
    make: () => spectralNorm(contextOf(), new Linear(contextOf(), 5, 4), { powerIterations: 3 }),
    input: () => noise([3, 5], 30),
  },
};

describe("spectral norm against PyTorch", () => {
  it.each(Object.keys(cases))("%s: outputs, gradients and state over five passes", (name) => {
    const expected = stored[name]!;
    const layer = fill(cases[name]!.make());
    expect([...layer.stateDict().keys()]).toEqual(expected.names);
    for (const [key, tensor] of layer.stateDict()) expect(tensor.shape).toEqual(expected.shapes[key]);
    const input = cases[name]!.input();
    for (const [i, pass] of expected.passes.entries()) {
      layer.train(pass.mode === "train");
      const output = layer.forward(input);
      const gradients = grad(output.mul(noise(output.shape, 50 + i)).sum(), layer.parameters());
      expectClose(output, pass.output, { ...TIGHT, label: `pass ${i} output` });
      for (const [j, gradient] of gradients.entries()) {
        expectClose(gradient, pass.gradients[j]!, { ...TIGHT, label: `pass ${i} gradient ${j}` });
      }
      for (const [key, buffer] of layer.namedBuffers()) {
        expectClose(buffer, pass.buffers[key]!, { ...TIGHT, label: `pass ${i} ${key}` });
      }
    }
  });
});

describe("spectral norm", () => {
  it("starts with unit vectors from the generator, the same from the same seed", () => {
    const make = (seed: number): Linear => spectralNorm(contextOf(seed), new Linear(contextOf(9), 7, 5));
    const u = make(3).stateDict().get("weight_u")!;
    expectClose([u.norm().item()], [1], TIGHT);
    expect(flat(u)).toEqual(flat(make(3).stateDict().get("weight_u")!));
    expect(flat(u)).not.toEqual(flat(make(4).stateDict().get("weight_u")!));
  });

  it("tends to a largest singular value of 1", () => {
    const layer = spectralNorm(contextOf(), new Linear(contextOf(), 6, 6, { bias: false }));
    const identity = Tensor.eye(6, { dtype: "float64" });
    for (let i = 0; i < 300; i++) layer.forward(identity);
    expectClose([layer.eval().forward(identity).linalgSvdvals().select(0, 0).item()], [1], { atol: 1e-6 });
  });

  it("does not change u and v in frozen passes, whose output is that of the present state", () => {
    const layer = fill(cases.conv!.make());
    const input = cases.conv!.input();
    const before = flat(layer.stateDict().get("weight_u")!);
    const frozen = frozenStatistics(() => layer.forward(input));
    expect(flat(layer.stateDict().get("weight_u")!)).toEqual(before);
    expect(flat(frozen)).toEqual(flat(layer.eval().forward(input)));
    layer.train().forward(input);
    expect(flat(layer.stateDict().get("weight_u")!)).not.toEqual(before);
  });

  it("differentiates a frozen pass after a main pass has moved the buffers", () => {
    const layer = fill(cases.linear!.make());
    const input = cases.linear!.input();
    const frozen = frozenStatistics(() => layer.forward(input)).sum();
    const [expected] = grad(frozen, [layer.parameters()[1]!], { retainGraph: true });
    layer.forward(input);
    const [actual] = grad(frozen, [layer.parameters()[1]!]);
    expect(flat(actual!)).toEqual(flat(expected!));
  });

  it("moves without gradients the same way", () => {
    const [a, b] = [fill(cases.conv!.make()), fill(cases.conv!.make())];
    const input = cases.conv!.input();
    expect(flat(noGrad(() => a.forward(input)))).toEqual(flat(b.forward(input)));
    expect(flat(a.stateDict().get("weight_v")!)).toEqual(flat(b.stateDict().get("weight_v")!));
  });

  it("has the gradient of W / (u^T W v) with u and v constant", () => {
    const layer = fill(cases.convTranspose!.make()).eval();
    const input = cases.convTranspose!.input();
    expectGradients(layer.parameters(), () => layer.forward(input).pow(2).sum());
  });

  it("survives a weight of zeros", () => {
    const layer = spectralNorm(contextOf(), new Linear(contextOf(), 3, 3));
    noGrad(() => layer.stateDict().get("weight_orig")!.zero_());
    layer.forward(noise([1, 3], 1));
    expect(flat(layer.stateDict().get("weight_u")!)).toEqual([0, 0, 0]);
  });

  it("refuses a second norm, an option out of range and a dimension that is not there", () => {
    const layer = spectralNorm(contextOf(), new Linear(contextOf(), 3, 3));
    expect(() => spectralNorm(contextOf(), layer)).toThrow("Linear already has spectral norm");
    expect(() => weightNorm(layer)).toThrow("weight norm cannot be added");
    const fresh = (): Linear => new Linear(contextOf(), 3, 3);
    expect(() => spectralNorm(contextOf(), fresh(), { powerIterations: 0 })).toThrow("`powerIterations` (=0)");
    expect(() => spectralNorm(contextOf(), fresh(), { eps: -1 })).toThrow("`eps` (=-1)");
    expect(() => spectralNorm(contextOf(), fresh(), { dim: 2 })).toThrow("`dim` (=2)");
  });

  it("gives the same numbers, gradients and state with a weight in channels-last order", () => {
    const input = cases.conv!.input();
    const run = (memoryFormat: "contiguous" | "channelsLast"): number[][] => {
      const layer = fill(cases.conv!.make()).to({ memoryFormat });
      const results = ["main", "frozen", "main"].flatMap((kind) => {
        const forward = (): Tensor => layer.forward(input);
        const output = kind === "main" ? forward() : frozenStatistics(forward);
        return [output, ...grad(output.mul(noise(output.shape, 50)).sum(), layer.parameters())].map(flat);
      });
      return [...results, ...[...layer.namedBuffers().values()].map(flat)];
    };
    const [plain, last] = [run("contiguous"), run("channelsLast")];
    for (const [i, values] of plain!.entries()) expectClose(last![i]!, values, { ...TIGHT, label: `${i}` });
  });

  it("keeps its tensors through to() and under a Sequential's names", () => {
    const net = new Sequential(cases.conv!.make()).to({ dtype: "float32" });
    expect([...net.stateDict().keys()]).toEqual(["0.bias", "0.weight_orig", "0.weight_u", "0.weight_v"]);
    expect(net.forward(noise([1, 3, 5, 5], 2, "float32")).dtype).toBe("float32");
  });
});
