import { describe, expect, it } from "vitest";
import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  BatchNorm1d,
  Conv2d,
  type ConvOptions,
  DiscriminatorBlock,
  DiscriminatorBottleneck,
  Dropout,
  GlobalSumPool2d,
  LeakyReLU,
  Linear,
  ReLU,
  SelfAttention,
  Sequential,
  spectralNorm,
  Tanh,
  type UnaryModule,
  weightNorm,
} from "../../src/nn/index.ts";
import { grad, liveTensors, type MemoryFormat, manualSeed, noGrad, scope, Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, fill, flat, noise } from "./oracle.ts";

const CHOSEN = [4, 0, 3];
const context = contextOf();
const rowNumbers = (rows: readonly number[]): Tensor => Tensor.fromArray(BigInt64Array.from(rows, BigInt));

const conv = (options: ConvOptions): UnaryModule => fill(new Conv2d(context, 4, 6, 3, options));
const images = (height: number, width: number, format: MemoryFormat = "contiguous"): Tensor =>
  noise([5, 4, height, width], 2).contiguous(format);

const style = { spectralNorm: false };
const block = (options: { hidden: number; outputs?: number; downsample: boolean; first: boolean }): UnaryModule =>
  fill(new DiscriminatorBlock(context, { inputs: 4, outputs: 6, ...options, ...style }));
const bottleneck = (outputs: number, downsample: boolean): UnaryModule =>
  fill(new DiscriminatorBottleneck(context, { inputs: 4, outputs, downsample, ...style }));

const cases: Record<string, [() => UnaryModule, () => Tensor]> = {
  linear: [() => fill(new Linear(context, 4, 3)), () => noise([5, 4], 2)],
  "linear without bias, on sequences": [
    () => fill(new Linear(context, 4, 3, { bias: false })),
    () => noise([5, 2, 4], 2),
  ],
  "linear, weight norm": [() => fill(weightNorm(new Linear(context, 4, 3))), () => noise([5, 4], 2)],
  "linear, spectral norm": [() => spectralNorm(contextOf(), fill(new Linear(context, 4, 3))), () => noise([5, 4], 2)],
  convolution: [() => conv({}), () => images(6, 5)],
  "convolution, channels last": [
    () => conv({ stride: 2, padding: 1 }).to({ memoryFormat: "channelsLast" }),
    () => images(6, 6, "channelsLast"),
  ],
  "convolution, strides that leave rows and columns over": [() => conv({ stride: 3, padding: 1 }), () => images(9, 6)],
  "convolution, dilated, in groups": [
    () => conv({ stride: 2, padding: 2, dilation: 2, groups: 2 }),
    () => images(8, 7),
  ],
  "relu in place": [() => new ReLU({ inPlace: true }), () => noise([5, 4], 2)],
  relu: [() => new ReLU(), () => noise([5, 4], 2)],
  "leaky relu in place": [() => new LeakyReLU(0.2, { inPlace: true }), () => noise([5, 4], 2)],
  "leaky relu, channels last": [() => new LeakyReLU(0.2), () => images(3, 2, "channelsLast")],
  dropout: [() => new Dropout(0.4), () => noise([5, 40], 2)],
  "dropout, channels last": [() => new Dropout(0.4), () => images(3, 2, "channelsLast")],
  "dropout in evaluation mode": [() => new Dropout(0.4).eval(), () => noise([5, 4], 2)],
  "mean of windows that leave rows and columns over": [() => new AvgPool2d(2), () => images(7, 6)],
  "mean of windows, channels last": [() => new AvgPool2d(3), () => images(6, 6, "channelsLast")],
  "mean over positions": [() => new AdaptiveAvgPool2d(1), () => images(3, 2)],
  "mean over positions, channels last": [() => new AdaptiveAvgPool2d(1), () => images(3, 2, "channelsLast")],
  "sum over positions": [() => new GlobalSumPool2d(), () => images(3, 2)],
  "sum over positions, channels last": [() => new GlobalSumPool2d(), () => images(3, 2, "channelsLast")],
  "self-attention": [() => fill(new SelfAttention(context, 8)), () => noise([5, 8, 4, 6], 2)],
  "self-attention, spectral norm, channels last": [
    () => {
      const layer = fill(new SelfAttention(contextOf(), 8, { spectralNorm: true })).to({
        memoryFormat: "channelsLast",
      });
      for (let i = 0; i < 3; i++) layer.forward(noise([5, 8, 4, 6], 2));
      return layer.eval();
    },
    () => noise([5, 8, 4, 6], 2).contiguous("channelsLast"),
  ],
  "residual block of images, halving": [() => block({ hidden: 6, downsample: true, first: true }), () => images(6, 4)],
  "residual block, halving, channels last": [
    () => block({ hidden: 4, downsample: true, first: false }).to({ memoryFormat: "channelsLast" }),
    () => images(6, 4, "channelsLast"),
  ],
  "residual block that changes nothing": [
    () => block({ hidden: 4, outputs: 4, downsample: false, first: false }),
    () => images(6, 4),
  ],
  "bottleneck, halving, more channels": [() => bottleneck(8, true), () => images(6, 4)],
  "bottleneck, more channels, channels last": [
    () => bottleneck(8, false).to({ memoryFormat: "channelsLast" }),
    () => images(6, 4, "channelsLast"),
  ],
  "bottleneck that changes nothing": [() => bottleneck(4, false), () => images(6, 4)],
  "a sequence": [
    () =>
      new Sequential(
        conv({ stride: 2, padding: 1 }),
        new LeakyReLU(0.2, { inPlace: true }),
        new Dropout(0.3),
        fill(new Conv2d(context, 6, 2, 2), 8),
        new ReLU({ inPlace: true }),
      ),
    () => images(7, 7),
  ],
};

describe("a pass with a way back for chosen samples", () => {
  it.each(Object.entries(cases))("has the values, draws and gradients of the usual pass: %s", (_, [make, input]) => {
    const [usual, layer] = [make(), make()];
    const x = input().requiresGrad_();
    manualSeed(3);
    const output = usual.forward(x.mul(1)); // a copy, which may be overwritten
    const gradient = noise(output.shape, 9);
    const [expected] = grad(output, [x], { gradOutputs: [gradient] }) as [Tensor];
    manualSeed(3);
    const pass = noGrad(() => layer.rowForward!(input()));
    expect(flat(pass.output)).toEqual(flat(output));
    expect(pass.output.requiresGrad).toBe(false);
    for (const rows of [null, rowNumbers(CHOSEN), rowNumbers([2])]) {
      const of = (all: Tensor): Tensor => (rows === null ? all.clone() : all.indexSelect(0, rows));
      const found = noGrad(() => pass.inputGradient(of(gradient), rows));
      expect(found.shape).toEqual(of(expected).shape);
      expectClose(found, of(expected), { atol: 1e-14, rtol: 1e-12 });
    }
    expect(Math.max(...flat(expected).map(Math.abs))).toBeGreaterThan(1e-3);
  });

  it("frees what the way back makes, but for the gradient", () => {
    const [make, input] = cases["a sequence"]!;
    const layer = make();
    scope(() => {
      const pass = noGrad(() => layer.rowForward!(input()));
      const [gradient, rows] = [noise([3, ...pass.output.shape.slice(1)], 9), rowNumbers(CHOSEN)];
      const before = liveTensors();
      noGrad(() => pass.inputGradient(gradient, rows));
      expect(liveTensors()).toBe(before + 1);
    });
  });

  it("is not offered where samples matter to each other, a result does not tell enough, or nobody wrote it", () => {
    const offered = [new ReLU(), new LeakyReLU(0)];
    for (const layer of offered) expect(layer.rowForward).toBeDefined();
    for (const layer of [new BatchNorm1d(context, 4), new AdaptiveAvgPool2d(2), new LeakyReLU(-0.1), new Tanh()]) {
      expect(layer.rowForward).toBeUndefined();
      expect(new Sequential(new ReLU(), layer).rowForward).toBeUndefined();
    }
  });
});
