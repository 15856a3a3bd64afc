import { describe, expect, it } from "vitest";
import { Conv2d, ConvTranspose2d, Linear, type WeightedModule, weightNorm } from "../../src/nn/index.ts";
import { grad, type Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, expectGradients, fill, fixture, noise } from "./oracle.ts";

interface Case {
  names: string[];
  start: Record<string, number[]>;
  passes: { output: number[]; gradients: number[][] }[];
}
const stored = fixture<{ weightNorm: Record<string, Case> }>("nn").weightNorm;
const TIGHT = { atol: 1e-10, rtol: 1e-10 };

const cases: Record<string, { make: () => WeightedModule; input: () => Tensor }> = {
  linear: { make: () => new Linear(contextOf(), 5, 4), input: () => noise([3, 5], 30) },
  conv: { make: () => new Conv2d(contextOf(), 3, 4, 3), input: () => noise([2, 3, 5, 5], 31) },
  convTranspose: { make: () => new ConvTranspose2d(contextOf(), 3, 4, 3), input: () => noise([2, 3, 3, 3], 32) },
};

describe("weight norm", () => {
  it.each(Object.keys(cases))("%s: PyTorch's split, output and gradients", (name) => {
    const expected = stored[name]!;
    const layer = weightNorm(fill(cases[name]!.make()));
    expect([...layer.stateDict().keys()]).toEqual(expected.names);
    for (const [key, tensor] of layer.stateDict()) expectClose(tensor, expected.start[key]!, { ...TIGHT, label: key });
    fill(layer, 7);
    const output = layer.forward(cases[name]!.input());
    expectClose(output, expected.passes[0]!.output, TIGHT);
    const gradients = grad(output.mul(noise(output.shape, 50)).sum(), layer.parameters());
    for (const [i, gradient] of gradients.entries()) {
      expectClose(gradient, expected.passes[0]!.gradients[i]!, { ...TIGHT, label: `gradient ${i}` });
    }
  });

  it("starts with the output of the plain layer", () => {
    const layer = fill(cases.conv!.make());
    const input = cases.conv!.input();
    const before = layer.forward(input);
    expectClose(weightNorm(layer).forward(input), before, TIGHT);
  });

  it("has the gradient of g v / |v| along any dimension", () => {
    const layer = weightNorm(cases.convTranspose!.make(), { dim: 1 });
    expect(layer.stateDict().get("weight_g")!.shape).toEqual([1, 4, 1, 1]);
    const input = cases.convTranspose!.input();
    expectGradients(layer.parameters(), () => layer.forward(input).pow(2).sum());
  });

  it("refuses a dimension that is not there", () => {
    expect(() => weightNorm(new Linear(contextOf(), 3, 3), { dim: 2 })).toThrow("`dim` (=2)");
  });
});
