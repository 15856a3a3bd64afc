import { describe, expect, it } from "vitest";
import {
  Conv2d,
  ConvTranspose2d,
  GaussianNoise,
  Linear,
  ReLU,
  Sequential,
  type WeightedModule,
  weightNorm,
  withPassMode,
} from "../../src/nn/index.ts";
import { manualSeed, noGrad, type Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, flat, noise } from "./oracle.ts";

/** Mean and standard deviation (n) of each output, over everything else. */
function momentsOf(output: Tensor, channels: number): { mean: Tensor; std: Tensor } {
  const others = output.shape.map((_, i) => i).filter((i) => i !== channels);
  return { mean: output.mean(others), std: output.std(others, { correction: 0 }) };
}

const repeat = (value: number, count: number): number[] => Array<number>(count).fill(value);

const initialiseFromData = <T>(pass: () => T): T => noGrad(() => withPassMode({ initialiseFromData: true }, pass));

describe("data-dependent initialisation", () => {
  const cases: Record<string, { make: () => WeightedModule; input: Tensor; std: number }> = {
    linear: { make: () => weightNorm(new Linear(contextOf(), 5, 4)), input: noise([16, 5], 1), std: 1 },
    "fixed lengths": {
      make: () => weightNorm(new Linear(contextOf(), 5, 4), { trainLength: false }),
      input: noise([16, 5], 1),
      std: 1,
    },
    conv: { make: () => weightNorm(new Conv2d(contextOf(), 3, 4, 3)), input: noise([4, 3, 6, 6], 2), std: 1 },
    transposed: {
      make: () => weightNorm(new ConvTranspose2d(contextOf(), 3, 4, 3), { dim: 1, initialStd: 0.1 }),
      input: noise([4, 3, 5, 5], 3),
      std: 0.1,
    },
  };
  it.each(Object.keys(cases))(
    "%s: every output gets mean 0 and its standard deviation, the directions stay",
    (name) => {
      const { make, input, std } = cases[name]!;
      const layer = make();
      const direction = flat(layer.stateDict().get("weight_v")!);
      const fitted = initialiseFromData(() => layer.forward(input));
      const after = layer.forward(input);
      expectClose(after, fitted, { atol: 1e-12 });
      const { mean, std: found } = momentsOf(after, 1);
      expectClose(mean, repeat(0, 4), { atol: 1e-10 });
      expectClose(found, repeat(std, 4), { atol: 1e-10 });
      expect(flat(layer.stateDict().get("weight_v")!)).toEqual(direction);
    },
  );

  it("is g = 1 / sigma[t], b = -mu[t] / sigma[t] of t = v.x / |v|, layer by layer", () => {
    const layers = [1, 2].map((seed) => weightNorm(new Linear(contextOf(seed), 4, 4)));
    const input = noise([32, 4], 5);
    initialiseFromData(() => new Sequential(layers[0]!, new ReLU(), layers[1]!).forward(input));
    let x = input;
    for (const layer of layers) {
      const state = layer.stateDict();
      const v = state.get("weight_v")!.detach();
      const t = x.matmul(v.div(v.norm(2, [1], true)).transpose(0, 1));
      const { mean, std } = momentsOf(t, 1);
      expectClose(state.get("weight_g")!.view([4]), std.reciprocal(), { atol: 1e-9, label: "g" });
      expectClose(state.get("bias")!, mean.neg().div(std), { atol: 1e-9, label: "b" });
      x = layer.forward(x).relu().detach();
    }
  });

  it("leaves plain layers and those that do not want it alone, and outputs that do not vary finite", () => {
    const input = noise([8, 3], 4);
    for (const layer of [
      new Linear(contextOf(), 3, 2),
      weightNorm(new Linear(contextOf(), 3, 2), { initialStd: null }),
    ]) {
      const before = flat(layer.forward(input));
      initialiseFromData(() => layer.forward(input));
      expect(flat(layer.forward(input))).toEqual(before);
    }
    const layer = weightNorm(new Linear(contextOf(), 3, 2));
    initialiseFromData(() => layer.forward(input.mul(0)));
    expectClose(layer.forward(input.mul(0)), repeat(0, 16));
    expect(layer.forward(input).isfinite().all().item()).toBe(1);
  });

  it("refuses lengths that belong to the inputs", () => {
    const layer = weightNorm(new ConvTranspose2d(contextOf(), 3, 4, 3));
    expect(() => initialiseFromData(() => layer.forward(noise([2, 3, 4, 4], 1)))).toThrow("`dim` (=0) must be 1");
    expect(() => weightNorm(new Linear(contextOf(), 3, 2), { initialStd: 0 })).toThrow("`initialStd` (=0)");
  });
});

describe("GaussianNoise", () => {
  it("adds N(0, sigma^2) in train mode, from the default generator, and nothing in evaluation mode", () => {
    const layer = new GaussianNoise(0.5);
    const x = noise([100, 100], 1, "float32");
    manualSeed(3);
    const drawn = layer.forward(x).sub(x);
    expect(drawn.mean().item()).toBeCloseTo(0, 1);
    expect(drawn.std().item()).toBeCloseTo(0.5, 1);
    manualSeed(3);
    expect(flat(layer.forward(x).sub(x))).toEqual(flat(drawn));
    expect(flat(layer.forward(x).sub(x))).not.toEqual(flat(drawn));
    expect(flat(layer.eval().forward(x))).toEqual(flat(x));
  });

  it("refuses a negative sigma", () => {
    expect(() => new GaussianNoise(-1)).toThrow("`sigma` (=-1) must be a number of at least 0");
  });
});
