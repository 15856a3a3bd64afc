/** Every way of computing a convolution against the same in float64, by setting the table of choices. */
import { afterEach, describe, expect, it } from "vitest";
import {
  type ConvolutionMode,
  convolutionChoices,
  setConvolutionChoices,
  setConvolutionMode,
} from "../../src/tensor/convolution.ts";
import { Generator, grad, scope, Tensor } from "../../src/tensor/index.ts";
import type { ConvolutionOptions } from "../../src/tensor/layers.ts";

/** Largest error over the largest true value that a way may make. F(4 x 4, 3 x 3) has the largest constants. */
const BOUNDS: Readonly<Record<string, number>> = {
  engine: 3e-6,
  turned: 3e-6,
  "sub-pixel": 3e-6,
  "winograd-2x2": 5e-6,
  "winograd-4x4": 4e-5,
  "phases-2x2": 5e-6,
  "phases-3x3": 5e-6,
  "phases-4x4": 2e-5,
};

interface Case {
  readonly batch: number;
  readonly channels: number;
  readonly features: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly ways: readonly string[];
}

const THREES = ["engine", "turned", "winograd-2x2", "winograd-4x4"];
const PHASES = ["engine", "turned", "phases-2x2", "phases-3x3", "phases-4x4"];

/** Sizes that fill tiles and vectors, and sizes that do not. */
const cases: readonly Case[] = [
  { batch: 3, channels: 16, features: 32, height: 8, width: 8, kernel: 3, stride: 1, padding: 1, ways: THREES },
  { batch: 2, channels: 37, features: 19, height: 7, width: 10, kernel: 3, stride: 1, padding: 1, ways: THREES },
  { batch: 2, channels: 20, features: 24, height: 9, width: 5, kernel: 3, stride: 1, padding: 0, ways: THREES },
  { batch: 1, channels: 18, features: 16, height: 3, width: 6, kernel: 3, stride: 1, padding: 2, ways: THREES },
  { batch: 5, channels: 64, features: 48, height: 16, width: 16, kernel: 4, stride: 2, padding: 1, ways: PHASES },
  { batch: 2, channels: 21, features: 35, height: 6, width: 10, kernel: 4, stride: 2, padding: 1, ways: PHASES },
  { batch: 2, channels: 16, features: 16, height: 4, width: 4, kernel: 4, stride: 2, padding: 1, ways: PHASES },
  { batch: 1, channels: 17, features: 33, height: 28, width: 28, kernel: 3, stride: 1, padding: 1, ways: THREES },
  { batch: 1, channels: 160, features: 144, height: 7, width: 7, kernel: 3, stride: 1, padding: 1, ways: THREES },
  { batch: 1, channels: 17, features: 33, height: 28, width: 28, kernel: 4, stride: 2, padding: 1, ways: PHASES },
  { batch: 1, channels: 144, features: 160, height: 14, width: 6, kernel: 4, stride: 2, padding: 1, ways: PHASES },
  ...Array.from({ length: 6 }, (_, i) => drawn(i)),
];

/** Of no particular size. */
function drawn(seed: number): Case {
  const generator = new Generator(seed);
  const whole = (low: number, high: number): number =>
    Math.floor(scope(() => Tensor.rand([1], { generator }).item()) * (high - low + 1)) + low;
  const [batch, channels, features] = [whole(1, 5), whole(16, 80), whole(16, 80)];
  const [height, width] = [whole(2, 11), whole(2, 11)];
  if (seed % 2 === 1)
    return {
      batch,
      channels,
      features,
      height: 2 * height,
      width: 2 * width,
      kernel: 4,
      stride: 2,
      padding: 1,
      ways: PHASES,
    };
  return {
    batch,
    channels,
    features,
    height: height + 1,
    width: width + 1,
    kernel: 3,
    stride: 1,
    padding: whole(0, 2),
    ways: THREES,
  };
}

const titled = cases.flatMap((c) =>
  c.ways.flatMap((way) =>
    (["contiguous", "channelsLast"] as const).map(
      (layout) =>
        [
          `${way}: ${c.batch} x ${c.channels} x ${c.height} x ${c.width} to ${c.features}, kernel ${c.kernel}, padding ${c.padding}, ${layout}`,
          c,
          way,
          layout,
        ] as const,
    ),
  ),
);

/** Forward, transposed, all first gradients, and second derivatives, which are made of the same three computations. */
function everything(c: Case, double: boolean, layout: "contiguous" | "channelsLast"): Tensor[] {
  const generator = new Generator(7);
  const make = (shape: number[]): Tensor => {
    const drawn = Tensor.randn(shape, { generator });
    const laid = shape.length === 4 ? drawn.contiguous(layout) : drawn;
    return (double ? laid.double() : laid.detach()).requiresGrad_();
  };
  const { batch, channels, features, height, width, kernel, stride, padding } = c;
  const images = make([batch, channels, height, width]);
  const weight = make([features, channels, kernel, kernel]);
  const bias = make([features]);
  const given = make([batch, features, ...[height, width].map((n) => (n + 2 * padding - kernel) / stride + 1)]);
  const forward = images.conv2d(weight, bias, { stride, padding });
  const back = given.convTranspose2d(weight, null, { stride, padding });
  const total = forward.mul(given).sum().add(back.mul(images).sum());
  const first = grad(total.mul(total).mul(1e-6), [images, weight, bias, given], { createGraph: true });
  const norms = first.slice(1).reduce((sum, part) => sum.add(part.square().mean()), first[0].square().mean());
  return [forward, back, ...first, ...grad(norms, [images, weight, given])];
}

const NAMES = [
  "forward",
  "transposed",
  "d images",
  "d weight",
  "d bias",
  "d given",
  "dd images",
  "dd weight",
  "dd given",
];

/** The ways of all problems that were met, all set to one. */
function force(way: string, keys: readonly string[]): void {
  setConvolutionChoices(Object.fromEntries(keys.map((key) => [key, way])));
}

describe("every way of a convolution", () => {
  afterEach(() => {
    setConvolutionMode("rules");
    setConvolutionChoices({});
  });

  it.each(titled)("%s", (_, c, way, layout) => {
    scope(() => {
      setConvolutionMode("measure");
      everything(c, false, layout);
      const keys = Object.keys(convolutionChoices());
      expect(keys.length).toBeGreaterThanOrEqual(3);
      force(way, keys);
      const found = everything(c, false, layout);
      // A way that did not apply would have been measured again, and another would stand there.
      expect(Object.values(convolutionChoices())).toEqual(keys.map(() => way));
      const truth = everything(c, true, layout);
      for (const [i, name] of NAMES.entries()) {
        const error = found[i]!.double().sub(truth[i]!).abs().max().item() / truth[i]!.abs().max().item();
        expect(error, name).toBeLessThan(BOUNDS[way]!);
        if (i < 6 && found[i]!.ndim === 4) expect(found[i]!.isContiguous(layout), name).toBe(true);
      }
    });
  });

  it("gives a generator's last layer its sub-pixel form by rule", () => {
    scope(() => {
      const generator = new Generator(1);
      const features = Tensor.randn([2, 16, 5, 6], { generator });
      const weight = Tensor.randn([16, 3, 4, 4], { generator });
      const options = { stride: 2, padding: 1 };
      const truth = features.double().convTranspose2d(weight.double(), null, options);
      const found = features.convTranspose2d(weight, null, options);
      expect(found.double().sub(truth).abs().max().item()).toBeLessThan(
        BOUNDS["sub-pixel"]! * truth.abs().max().item(),
      );
      setConvolutionMode("measure");
      features.convTranspose2d(weight, null, options);
      force("sub-pixel", Object.keys(convolutionChoices()));
      expect(features.convTranspose2d(weight, null, options).equal(found)).toBe(true);
    });
  });

  it.each<[ConvolutionMode, number, RegExp]>([
    ["rules", 0, /^$/],
    ["exact", 1, /^(engine|turned)$/],
    ["measure", 1, /./],
  ])("%s adds %i line to the table", (mode, lines, ways) => {
    scope(() => {
      setConvolutionMode(mode);
      const options = { padding: 1 };
      const [images, weight] = [Tensor.ones([2, 32, 8, 8]), Tensor.ones([32, 32, 3, 3])] as const;
      for (let i = 0; i < 3; i++) images.conv2d(weight, null, options);
      const chosen = Object.values(convolutionChoices());
      expect(chosen).toHaveLength(lines);
      for (const way of chosen) expect(way).toMatch(ways);
      // Doubles go the engine's way.
      images.double().conv2d(weight.double(), null, options);
      expect(Object.values(convolutionChoices())).toHaveLength(lines);
    });
  });

  it.each([
    ["few channels", [2, 3, 9, 12], [17, 3, 3, 3], 1],
    ["few features", [2, 17, 9, 12], [5, 17, 3, 3], 1],
    ["another kernel", [2, 17, 9, 12], [17, 17, 5, 5], 1],
    ["another stride", [2, 17, 9, 12], [17, 17, 3, 3], 2],
    ["phases that differ in size", [2, 17, 9, 12], [17, 17, 4, 4], 2],
  ])("does not take Winograd's for %s, whatever the table says", (_, shape, kernel, stride) => {
    scope(() => {
      const generator = new Generator(2);
      const [images, weight] = [Tensor.randn(shape, { generator }), Tensor.randn(kernel, { generator })];
      const convolved = (a: Tensor, b: Tensor): Tensor => a.conv2d(b, null, { stride, padding: 1 });
      const truth = convolved(images.double(), weight.double());
      setConvolutionMode("measure");
      convolved(images, weight);
      const keys = Object.keys(convolutionChoices());
      for (const way of ["winograd-4x4", "phases-4x4"]) {
        force(way, keys);
        const error = convolved(images, weight).double().sub(truth).abs().max().item() / truth.abs().max().item();
        expect(error).toBeLessThan(BOUNDS.engine!);
        expect(Object.values(convolutionChoices())[0]).toMatch(/^(engine|turned|halves)$/);
      }
    });
  });

  it("has a line for each convolution that differs in anything but a few samples", () => {
    scope(() => {
      setConvolutionMode("measure");
      const lines = (): number => Object.keys(convolutionChoices()).length;
      const run = (
        batch: number,
        channels: number,
        features: number,
        size: [number, number],
        kernel: [number, number],
        options: ConvolutionOptions,
        layout: "contiguous" | "channelsLast" = "contiguous",
      ): void =>
        void Tensor.ones([batch, channels, ...size])
          .contiguous(layout)
          .conv2d(Tensor.ones([features, channels, ...kernel]), null, options);
      run(4, 8, 9, [6, 7], [3, 3], { padding: 1 });
      expect(lines()).toBe(1);
      run(3, 8, 9, [6, 7], [3, 3], { padding: 1 });
      expect(lines()).toBe(1);
      run(2, 8, 9, [6, 7], [3, 3], { padding: 1 });
      run(4, 7, 9, [6, 7], [3, 3], { padding: 1 });
      run(4, 8, 8, [6, 7], [3, 3], { padding: 1 });
      run(4, 8, 9, [7, 7], [3, 3], { padding: 1 });
      run(4, 8, 9, [6, 6], [3, 3], { padding: 1 });
      run(4, 8, 9, [6, 7], [2, 3], { padding: 1 });
      run(4, 8, 9, [6, 7], [3, 2], { padding: 1 });
      run(4, 8, 9, [6, 7], [3, 3], { padding: 0 });
      run(4, 8, 9, [6, 7], [3, 3], { padding: [1, 0] });
      run(4, 8, 9, [6, 7], [3, 3], { padding: 1, stride: 2 });
      run(4, 8, 9, [6, 7], [3, 3], { padding: 1, stride: [1, 2] });
      run(4, 8, 9, [6, 7], [3, 3], { padding: 1 }, "channelsLast");
      expect(lines()).toBe(13);
      setConvolutionMode("exact");
      run(4, 8, 9, [6, 7], [3, 3], { padding: 1 });
      expect(lines()).toBe(14);
    });
  });

  it("is chosen on a part of a large batch, and computes all of it", () => {
    scope(() => {
      const generator = new Generator(4);
      const images = Tensor.randn([150, 16, 8, 8], { generator }).requiresGrad_();
      const [weight, bias] = [
        Tensor.randn([16, 16, 3, 3], { generator }).requiresGrad_(),
        Tensor.zeros([16]).requiresGrad_(),
      ];
      const all = (): Tensor[] => {
        const features = images.conv2d(weight, bias, { padding: 1 });
        return [features, ...grad(features.square().sum(), [images, weight, bias])];
      };
      const truth = all();
      setConvolutionMode("exact");
      for (const [i, part] of all().entries()) {
        expect(part.sub(truth[i]!).abs().max().item()).toBeLessThan(3e-6 * truth[i]!.abs().max().item());
      }
      expect(Object.keys(convolutionChoices())).toHaveLength(3);
    });
  });

  it("has the bits of a table that is set, and measures what the table does not know", () => {
    scope(() => {
      setConvolutionMode("measure");
      const generator = new Generator(3);
      const images = Tensor.randn([4, 32, 12, 12], { generator });
      const weight = Tensor.randn([32, 32, 3, 3], { generator });
      const convolved = (): Tensor => images.conv2d(weight, null, { padding: 1 });
      convolved();
      const [key] = Object.keys(convolutionChoices()) as [string];
      setConvolutionChoices({ [key]: "winograd-4x4" });
      const four = convolved();
      setConvolutionChoices({ [key]: "engine" });
      expect(convolved().equal(four)).toBe(false);
      setConvolutionChoices({ [key]: "winograd-4x4" });
      expect(convolved().equal(four)).toBe(true);
      setConvolutionChoices({ [key]: "of another version" });
      convolved();
      expect(convolutionChoices()[key]).not.toBe("of another version");
      expect(() => setConvolutionChoices({ "": "engine" })).toThrow("not a choice of a convolution");
    });
  });
});
