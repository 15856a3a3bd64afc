import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { InceptionFeatures } from "../../src/metrics/features/inception.ts";
import { tf1Resize } from "../../src/metrics/features/tf1-resize.ts";
import { frechetDistance } from "../../src/metrics/formulas/frechet-distance.ts";
import { inceptionScore } from "../../src/metrics/formulas/inception-score.ts";
import { kernelDistanceOfSubsets } from "../../src/metrics/formulas/kernel-distance.ts";
import { gaussianOf } from "../../src/metrics/formulas/moments.ts";
import { foldBatchNorms } from "../../src/models/inception/fold.ts";
import { InceptionV3 } from "../../src/models/inception/network.ts";
import { Generator, liveTensors, noGrad, Tensor } from "../../src/tensor/index.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { bits, images, type Picked, stored, weights } from "./inception-oracle.ts";

const context = { rng: new Generator(0), device: "cpu" as const };
const { full, narrow } = stored;

/** Bilinear between pixel centres, written out in float64: uint8 [N, C, H, W] to [N, C, size, size] in [-1, 1]. */
function resizedByHand(images: Tensor, size: number): Tensor {
  const [count, channels, height, width] = images.shape as [number, number, number, number];
  const pixels = flat(images);
  const at = (i: number, from: number) => {
    const position = Math.max(((i + 0.5) * from) / size - 0.5, 0);
    const low = Math.floor(position);
    return { low, high: Math.min(low + 1, from - 1), share: position - low };
  };
  const out = new Float32Array(count * channels * size * size);
  for (let i = 0; i < out.length; i++) {
    const plane = Math.floor(i / (size * size)) * height * width;
    const [row, column] = [at(Math.floor(i / size) % size, height), at(i % size, width)];
    const along = (y: number) =>
      pixels[plane + y * width + column.low]! * (1 - column.share) +
      pixels[plane + y * width + column.high]! * column.share;
    out[i] = (along(row.low) * (1 - row.share) + along(row.high) * row.share) / 127.5 - 1;
  }
  return Tensor.fromArray(out, [count, channels, size, size]);
}

/** Within 1e-4 of the largest magnitude that the stored tensor has, at every stored value. */
function expectPicked(actual: Tensor, expected: Picked, label: string): void {
  expect(actual.shape, label).toEqual(expected.shape);
  const values = flat(actual).filter((_, i) => i % expected.every === 0);
  expectClose(values, expected.values, { atol: 1e-4 * expected.largest, rtol: 0, label });
}

describe("TensorFlow 1's resizing", () => {
  it.each(stored.resized.map((one) => [one.size.join(" x "), one] as const))("%s is torch-fidelity's", (_, one) => {
    const [height, width] = one.size;
    const bytes = Uint8Array.from(bits(2 * height * width, one.phase), (value) => value >>> 24);
    const seen = tf1Resize(Tensor.fromArray(bytes, [1, 2, height, width]), 299)
      .sub(128)
      .div(128);
    expectClose(
      flat(seen).filter((__, i) => i % one.every === 0),
      one.values,
      { atol: 1e-7, rtol: 1e-7 },
    );
    // Not only close: the same bits, since each operation is rounded alike.
    expect(
      createHash("sha256")
        .update(seen.contiguous().toArray() as Float32Array)
        .digest("hex"),
    ).toBe(one.sha256);
  });

  it("lies between the four neighbours by hand", () => {
    // Two pixels to five: positions 0, 0.4, 0.8, 1.2, 1.6 of 0 and 10; beyond the last pixel it stays.
    const row = Tensor.fromArray(new Uint8Array([0, 10]), [1, 1, 1, 2]);
    expectClose(tf1Resize(row, 5).narrow(2, 0, 1), [0, 4, 8, 10, 10], { atol: 1e-6 });
  });
});

describe("Inception v3 equals torch-fidelity, full width", () => {
  let state: Map<string, Tensor>;
  let network: InceptionFeatures;
  beforeAll(() => {
    state = weights(1, full);
    network = new InceptionFeatures(state, { device: "cpu", hash: "made up" });
  });

  afterAll(() => network.dispose());

  it("gives its features, logits and Inception Score for images of all sizes, gray and colour", () => {
    const rows = full.images.map(([size, channels], i) => network.forward(images(1, size, full.first + i, channels)));
    const features = Tensor.cat(
      rows.map((row) => row.features),
      0,
    );
    const logits = Tensor.cat(
      rows.map((row) => row.logits),
      0,
    );
    expectPicked(features, full.features, "features");
    expectPicked(logits, full.logitsUnbiased, "logits without bias");
    const { splits, mean } = full.inceptionScore;
    expect(mean).toBeGreaterThan(3);
    expect(inceptionScore(logits, { splits }).mean).toBeCloseTo(mean, 3);
    expectPicked(logits.add(state.get("fc.bias")!), full.logits, "logits");
  });

  it("has the names and sizes of the published state dict", () => {
    expect(state.size).toBe(566);
    expect(network.dimensions).toBe(2048);
    expect(network.classes).toHaveLength(1008);
    const shapes = [...state.keys()].sort().map((name) => [name, state.get(name)!.shape]);
    expect(createHash("sha256").update(JSON.stringify(shapes)).digest("hex")).toBe(full.shapesSha256);
    const parameters = [...state].filter(([name]) => !/running_|num_batches/.test(name));
    expect(parameters.reduce((sum, [, tensor]) => sum + tensor.numel, 0)).toBe(full.parameters);
  });
});

describe("Inception v3 equals torch-fidelity, narrow", () => {
  let state: Map<string, Tensor>;
  let network: InceptionFeatures;
  let seen: { real: Tensor; fake: Tensor };
  beforeAll(() => {
    state = weights(narrow.width, narrow);
    network = new InceptionFeatures(state, { device: "cpu", hash: "made up", width: narrow.width });
    const [real, other] = narrow.first.map((first) => images(narrow.count, narrow.size, first)) as [Tensor, Tensor];
    const fake = other.to({ dtype: "int32" }).mul(7).div(10).floor().add(20).to({ dtype: "uint8" });
    seen = { real, fake };
  });

  afterAll(() => network.dispose());

  it("has its names and shapes", () => {
    const shapes = [...state].filter(([, tensor]) => tensor.ndim > 1).map(([name, tensor]) => [name, tensor.shape]);
    expect(Object.fromEntries(shapes)).toEqual(narrow.channels);
  });

  it("gives its scores end to end", () => {
    const [real, fake] = [network.forward(seen.real), network.forward(seen.fake)];
    for (const [key, rows] of [["real", real] as const, ["fake", fake] as const]) {
      expectPicked(rows.features, narrow[key].features, `${key} features`);
      expectPicked(rows.logits, narrow[key].logitsUnbiased, `${key} logits`);
      const { splits, mean, std } = narrow[key].inceptionScore;
      expect(mean).toBeGreaterThan(3);
      expect(mean).toBeLessThan(30);
      const score = inceptionScore(rows.logits, { splits });
      expect(Math.abs(score.mean - mean)).toBeLessThan(1e-4 * mean);
      expect(Math.abs(score.std - std)).toBeLessThan(1e-3);
    }
    // Features agree to some 1e-6; in FID a square root of nearly singular covariances and torch-fidelity's means in
    // float32 add to that.
    const fid = frechetDistance(gaussianOf(real.features), gaussianOf(fake.features));
    expect(Math.abs(fid - narrow.fid)).toBeLessThan(1e-4 * narrow.fid);
    const { mean, std, subsets } = narrow.kid;
    const index = (rows: number[]) => Tensor.fromArray(BigInt64Array.from(rows, BigInt), [rows.length]);
    const pairs = subsets.map(([a, b]) => ({ a: index(a), b: index(b) }));
    const kid = kernelDistanceOfSubsets(fake.features, real.features, pairs);
    expect(Math.abs(kid.mean - mean)).toBeLessThan(1e-4 * std);
    expect(Math.abs(kid.std - std)).toBeLessThan(1e-4 * std);
  });

  it("gives the same result for one image as for many, and for gray as for gray repeated", () => {
    const some = seen.real.narrow(0, 0, 19);
    const together = network.forward(some);
    const alone = network.forward(some.narrow(0, 18, 1));
    expectClose(alone.features, together.features.narrow(0, 18, 1), { atol: 1e-4 });
    const gray = some.narrow(1, 0, 1).narrow(0, 0, 2);
    expectClose(network.forward(gray).features, network.forward(gray.expand([2, 3, 32, 32])).features, { atol: 1e-5 });
  });

  it("leaves no tensors behind but its results", () => {
    const before = liveTensors();
    const { features, logits } = network.forward(seen.real.narrow(0, 0, 3));
    expect(features.requiresGrad).toBe(false);
    features.dispose();
    logits.dispose();
    // The view that was passed in.
    expect(liveTensors() - before).toBeLessThanOrEqual(1);
  });

  it("uses pixel centres with the other resizer, and names the resizer", () => {
    const other = new InceptionFeatures(state, {
      device: "cpu",
      hash: "made up",
      width: narrow.width,
      resizer: "torch-bilinear",
    });
    expect(other.resizer).not.toBe(network.resizer);
    const few = seen.real.narrow(0, 0, 2).narrow(3, 0, 20);
    const plain = new InceptionV3(context, { width: narrow.width }).eval();
    plain.loadStateDict(state);
    const expected = noGrad(() => plain.forward(resizedByHand(few, 299)).features);
    // libtorch computes positions in float32; where they land differently by a rounding, features move by some 1e-4.
    expectClose(other.forward(few).features, expected, { atol: 5e-4 });
    const moved = flat(network.forward(few).features.sub(expected).abs().amax([0, 1]))[0]!;
    expect(moved).toBeGreaterThan(1e-2);
    other.dispose();
  });

  it("is the network with batch normalisation", () => {
    const x = Tensor.rand([2, 3, 299, 299], { generator: new Generator(3) })
      .mul(2)
      .sub(1);
    const plain = new InceptionV3(context, { width: narrow.width }).eval();
    plain.loadStateDict(state);
    const folded = new InceptionV3(context, { width: narrow.width, folded: true }).eval();
    folded.loadStateDict(foldBatchNorms(state));
    const [a, b] = noGrad(() => [plain.forward(x), folded.forward(x)]);
    // Features of noise go up to 26: 1e-5 of that, whichever kernels the processor takes.
    expectClose(b!.features, a!.features, { atol: 2.6e-4 });
    // Noise is far from what the statistics were measured on: these logits go up to 500.
    expectClose(b!.logits, a!.logits, { atol: 5e-3 });
    expectClose(
      a!.features.linear(state.get("fc.weight")!, state.get("fc.bias")!),
      a!.logits.add(state.get("fc.bias")!),
      { atol: 1e-3 },
    );
  });

  it.each([
    ["float32 [2, 3, 32, 32]", () => Tensor.rand([2, 3, 32, 32])],
    ["uint8 [2, 2, 8, 8]", () => Tensor.zeros([2, 2, 8, 8], { dtype: "uint8" })],
    ["uint8 [3, 8, 8]", () => Tensor.zeros([3, 8, 8], { dtype: "uint8" })],
    ["uint8 [0, 3, 8, 8]", () => Tensor.zeros([0, 3, 8, 8], { dtype: "uint8" })],
  ])("refuses images %s", (text, make) => {
    const attempt = () => network.forward(make());
    expect(attempt).toThrow(UserError);
    expect(attempt).toThrow(text);
  });
});
