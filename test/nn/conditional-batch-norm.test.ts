import { describe, expect, it } from "vitest";
import { classTable, projection } from "../../src/nn/conditional-batch-norm.ts";
import { BatchNorm2d, ConditionalBatchNorm2d, zeros } from "../../src/nn/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, expectGradients, fill, flat, noise } from "./oracle.ts";

const context = contextOf();
const plain = (): BatchNorm2d => new BatchNorm2d(context, 3, { affine: false });
const maps = (): Tensor => noise([2, 3, 4, 4], 5);
const labels = Tensor.fromArray(BigInt64Array.from([3n, 1n]));

/** (x - mean) / sqrt(var + eps) of one channel over batch and positions, in plain numbers. */
function standardised(x: number[], channel: number): number[][] {
  const of = (sample: number): number[] => x.slice((sample * 3 + channel) * 16, (sample * 3 + channel + 1) * 16);
  const all = [...of(0), ...of(1)];
  const mean = all.reduce((a, b) => a + b) / all.length;
  const variance = all.reduce((a, b) => a + (b - mean) ** 2, 0) / all.length;
  return [of(0), of(1)].map((values) => values.map((value) => (value - mean) / Math.sqrt(variance + 1e-5)));
}

describe("class-conditional batch norm", () => {
  it("is norm(x) (1 + gain(c)) + bias(c), for a table of classes and for a projection", () => {
    const table = classTable(context, 5, 3);
    const byLabel = fill(new ConditionalBatchNorm2d(plain(), table(), table()));
    const make = projection(context, 4, 3);
    const byVector = fill(new ConditionalBatchNorm2d(plain(), make(), make()));
    const vectors = noise([2, 4], 8);
    const state = (module: ConditionalBatchNorm2d, name: string): number[] => flat(module.stateDict().get(name)!);
    const expected = (gain: (sample: number, c: number) => number, bias: typeof gain): number[] =>
      [0, 1].flatMap((sample) =>
        [0, 1, 2].flatMap((c) =>
          standardised(flat(maps()), c)[sample]!.map((value) => value * (1 + gain(sample, c)) + bias(sample, c)),
        ),
      );
    const row = (name: string) => (sample: number, c: number) => state(byLabel, name)[[3, 1][sample]! * 3 + c]!;
    expectClose(byLabel.forward(maps(), labels), expected(row("gain.weight"), row("bias.weight")), { atol: 1e-12 });
    const dot = (name: string) => (sample: number, c: number) =>
      [0, 1, 2, 3].reduce((sum, i) => sum + state(byVector, name)[c * 4 + i]! * flat(vectors)[sample * 4 + i]!, 0);
    expectClose(byVector.forward(maps(), vectors), expected(dot("gain.weight"), dot("bias.weight")), { atol: 1e-12 });
  });

  it("begins as plain batch norm with tables, and with weights of zero", () => {
    const usual = new BatchNorm2d(context, 3).forward(maps());
    const table = classTable(context, 5, 3);
    expectClose(new ConditionalBatchNorm2d(plain(), table(), table()).forward(maps(), labels), usual, { atol: 1e-14 });
    const make = projection(context, 4, 3, zeros);
    const layer = new ConditionalBatchNorm2d(plain(), make(), make());
    expectClose(layer.forward(maps(), noise([2, 4], 8)), usual, { atol: 1e-14 });
    expect([...layer.stateDict().keys()]).toEqual([
      "norm.running_mean",
      "norm.running_var",
      "norm.num_batches_tracked",
      "gain.weight",
      "bias.weight",
    ]);
  });

  it("has gradients that finite differences confirm", () => {
    const make = projection(context, 4, 3);
    const layer = fill(new ConditionalBatchNorm2d(plain(), make(), make()));
    const [x, c] = [maps().requiresGrad_(), noise([2, 4], 8).requiresGrad_()];
    expectGradients([x, c, ...layer.parameters()], () => layer.forward(x, c).pow(3).mean(), 1e-6);
  });
});
