import { describe, expect, it } from "vitest";
import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  Conv2d,
  ConvTranspose2d,
  Dropout,
  Flatten,
  GlobalSumPool2d,
  Identity,
  LayerNorm,
  LeakyReLU,
  Linear,
  MaxPool2d,
  ReLU,
  Sequential,
  Sigmoid,
  Softplus,
  Tanh,
  type UnaryModule,
  Upsample,
  View,
} from "../../src/nn/index.ts";
import { grad, manualSeed, Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, expectGradients, fill, fixture, flat, noise } from "./oracle.ts";

const stored = fixture<{ layers: Record<string, { shape: number[]; output: number[] }> }>("nn").layers;
const TIGHT = { atol: 1e-10, rtol: 1e-10 };
const image = (): Tensor => noise([2, 4, 5, 5], 42);

describe("layers against PyTorch", () => {
  const cases: Record<string, () => UnaryModule> = {
    groupedConv: () => new Conv2d(contextOf(), 4, 6, 3, { stride: 2, padding: 2, dilation: 2, groups: 2 }),
    convTranspose: () =>
      new ConvTranspose2d(contextOf(), 4, 6, 3, { stride: 2, padding: 1, outputPadding: 1, groups: 2 }),
    upsampleNearest: () => new Upsample(2),
    upsampleBilinear: () => new Upsample(2, "bilinear"),
    avgPool: () => new AvgPool2d(2, { padding: 1 }),
    maxPool: () => new MaxPool2d(3, { stride: 2 }),
    adaptiveAvgPool: () => new AdaptiveAvgPool2d(2),
    leakyRelu: () => new LeakyReLU(0.2),
    softplus: () => new Softplus(2),
  };
  it.each(Object.keys(cases))("%s", (name) => {
    const output = fill(cases[name]!()).forward(image());
    expect(output.shape).toEqual(stored[name]!.shape);
    expectClose(output, stored[name]!.output, TIGHT);
  });
});

describe("layers", () => {
  it("compute their closed forms", () => {
    const x = noise([3, 4], 5);
    const values = flat(x);
    expectClose(
      new ReLU().forward(x),
      values.map((v) => Math.max(0, v)),
      TIGHT,
    );
    expectClose(new Tanh().forward(x), values.map(Math.tanh), TIGHT);
    expectClose(
      new Sigmoid().forward(x),
      values.map((v) => 1 / (1 + Math.exp(-v))),
      TIGHT,
    );
    expect(new Identity().forward(x)).toBe(x);
    const linear = new Linear(contextOf(), 4, 1, { bias: false });
    const [weight] = linear.parameters().map(flat);
    expectClose(
      [flat(linear.forward(x))[0]!],
      [values.slice(0, 4).reduce((sum, v, i) => sum + v * weight![i]!, 0)],
      TIGHT,
    );
  });

  it("overwrite their input with `inPlace`, with the same gradients", () => {
    for (const make of [
      (inPlace: boolean) => new ReLU({ inPlace }),
      (inPlace: boolean) => new LeakyReLU(0.2, { inPlace }),
    ]) {
      const x = noise([3, 4], 5).requiresGrad_();
      const results = [true, false].map((inPlace) => {
        const hidden = x.mul(2);
        const output = make(inPlace).forward(hidden);
        const [slope] = grad(output.pow(2).sum(), [x]);
        return [flat(output), flat(slope!), flat(hidden)];
      });
      expect(results[0]!.slice(0, 2)).toEqual(results[1]!.slice(0, 2));
      expect(results[0]![2]).toEqual(results[0]![0]);
    }
  });

  it("drop with probability p and rescale, in train mode only", () => {
    const x = Tensor.ones([10_000]);
    const layer = new Dropout(0.25);
    manualSeed(3);
    const values = flat(layer.forward(x));
    const zeros = values.filter((value) => value === 0).length;
    expect(Math.abs(zeros / values.length - 0.25)).toBeLessThan(0.02);
    for (const value of new Set(values)) expect([0, Math.fround(1 / 0.75)]).toContain(value);
    manualSeed(3);
    expect(flat(layer.forward(x))).toEqual(values);
    expect(flat(layer.eval().forward(x))).toEqual(flat(x));
    expect(flat(new Dropout(0).forward(x))).toEqual(flat(x));
    expect(() => new Dropout(1)).toThrow("`p` (=1)");
  });

  it("reread shapes", () => {
    expect(new Flatten().forward(image()).shape).toEqual([2, 100]);
    expect(new View([5, 20]).forward(image()).shape).toEqual([2, 5, 20]);
    const sums = new GlobalSumPool2d().forward(image());
    expect(sums.shape).toEqual([2, 4]);
    expectClose(
      [flat(sums)[0]!],
      [
        flat(image())
          .slice(0, 25)
          .reduce((a, b) => a + b),
      ],
      TIGHT,
    );
  });

  it("chain in a Sequential, with gradients that finite differences confirm", () => {
    const net = new Sequential(
      new Conv2d(contextOf(), 4, 3, 3, { stride: 2 }),
      new LeakyReLU(0.2),
      new ConvTranspose2d(contextOf(), 3, 2, 3),
      new LayerNorm(contextOf(), [2, 4, 4]),
      new Flatten(),
      new Linear(contextOf(), 32, 2),
    );
    expect(net.parameterCount()).toBe(4 * 3 * 9 + 3 + 3 * 2 * 9 + 2 + 64 + 66);
    expectGradients(net.parameters(), () => net.forward(image()).pow(2).sum());
  });

  it("name the size that is wrong", () => {
    expect(() => new Linear(contextOf(), 0, 4)).toThrow("Linear: `inFeatures` (=0) must be a positive whole number");
    const plain = [Linear, Conv2d] as unknown as [
      new (...sizes: number[]) => Linear,
      new (...sizes: number[]) => Conv2d,
    ];
    for (const make of [() => new plain[0](2, 64), () => new plain[1](3, 64, 4, 2)]) {
      expect(make).toThrow("the first argument of a layer with weights is its context");
    }
    expect(() => new Conv2d(contextOf(), 3, 4, 3, { groups: 2 })).toThrow(
      "`inChannels` (=3) must be divisible by `groups` (=2)",
    );
    expect(() => new Upsample(1.5)).toThrow("`scale` (=1.5)");
    expect(() => new LayerNorm(contextOf(), [3, Number.NaN])).toThrow("`shape[1]` (=NaN)");
  });
});
