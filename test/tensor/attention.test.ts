/** Attention in tiles (native/attention) next to the same formula made of operators, in float64. */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Generator, grad, noGrad, Tensor } from "../../src/tensor/index.ts";
import { runProgram } from "./child.ts";

type Inputs = [query: Tensor, key: Tensor, value: Tensor];
interface Shape {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly depth: number;
  readonly width: number;
}

const generator = new Generator(3);
const draw = (shape: readonly number[]): Tensor => Tensor.randn(shape, { generator });

/** Blocks have 64 queries and 64 keys, vectors 4, 8 or 16 numbers, tiles of products 6, 4, 2 or 1 rows. */
const shapes: readonly Shape[] = [
  { batch: 1, queries: 1, keys: 1, depth: 1, width: 1 },
  { batch: 2, queries: 64, keys: 64, depth: 8, width: 32 },
  { batch: 3, queries: 65, keys: 63, depth: 5, width: 7 },
  { batch: 1, queries: 200, keys: 131, depth: 17, width: 33 },
  { batch: 5, queries: 31, keys: 257, depth: 8, width: 12 },
  { batch: 1, queries: 300, keys: 3, depth: 16, width: 64 },
  ...Array.from({ length: 6 }, () => {
    const [batch, queries, keys, depth, width] = [3, 150, 150, 24, 40].map((most) =>
      Tensor.randint(1, most + 1, [1], { generator }).item(),
    ) as [number, number, number, number, number];
    return { batch, queries, keys, depth, width };
  }),
];

/** Matrices [B, rows, columns] as maps of one memory format have them: rows or columns last. */
const layouts = {
  "channels last": (batch: number, rows: number, columns: number) => draw([batch, rows, columns]),
  contiguous: (batch: number, rows: number, columns: number) => draw([batch, columns, rows]).transpose(1, 2),
};

function inputsOf({ batch, queries, keys, depth, width }: Shape, layout: keyof typeof layouts, spread = 1): Inputs {
  const make = layouts[layout];
  const inputs = [make(batch, queries, depth).mul(spread), make(batch, keys, depth), make(batch, keys, width)];
  return inputs.map((input) => input.detach().requiresGrad_()) as Inputs;
}

const exact = (inputs: readonly Tensor[]): Inputs =>
  inputs.map((input) => input.detach().double().requiresGrad_()) as Inputs;

/** The definition. */
const composed = ([query, key, value]: Inputs, scale: number): Tensor =>
  query.mul(scale).bmm(key.transpose(1, 2)).softmax(2).bmm(value);

/** The largest error of a tensor, as a share of the largest number of its oracle. */
function error(found: Tensor, expected: Tensor): number {
  expect(found.shape).toEqual(expected.shape);
  const size = Math.max(expected.abs().amax().item(), 1e-3);
  return found.double().sub(expected).abs().amax().item() / size;
}

const cases = shapes.flatMap((shape) =>
  (Object.keys(layouts) as (keyof typeof layouts)[]).map((layout) => ({ ...shape, layout })),
);

describe("scaledDotProductAttention", () => {
  it.each(cases)(
    "$batch x $queries queries of $depth, $keys keys, values of $width, $layout",
    ({ layout, ...shape }) => {
      const inputs = inputsOf(shape, layout);
      const [query, key, value] = inputs;
      const scale = 0.7;
      const output = query.scaledDotProductAttention(key, value, scale);
      const oracle = exact(inputs);
      const expected = composed(oracle, scale);
      expect(error(output, expected)).toBeLessThan(3e-6);
      expect(noGrad(() => query.scaledDotProductAttention(key, value, scale)).equal(output)).toBe(true);

      const gradient = draw(output.shape);
      const found = grad(output, inputs, { gradOutputs: [gradient] });
      const wanted = grad(expected, oracle, { gradOutputs: [gradient.double()] });
      // A gradient that is zero in exact arithmetic, as that of one key alone, has the error of the terms that cancel.
      for (const [i, part] of found.entries()) expect(error(part, wanted[i]!)).toBeLessThan(2e-5);
    },
  );

  it("divides by the root of D unless a scale is given", () => {
    const [query, key, value] = inputsOf({ batch: 2, queries: 5, keys: 4, depth: 9, width: 3 }, "channels last");
    expect(query.scaledDotProductAttention(key, value).equal(query.scaledDotProductAttention(key, value, 1 / 3))).toBe(
      true,
    );
  });

  it("lies in memory as the values do", () => {
    for (const layout of Object.keys(layouts) as (keyof typeof layouts)[]) {
      const [query, key, value] = inputsOf({ batch: 2, queries: 70, keys: 40, depth: 8, width: 16 }, layout);
      const output = query.scaledDotProductAttention(key, value);
      expect(output.isContiguous()).toBe(layout === "channels last");
      expect(output.transpose(1, 2).isContiguous()).toBe(layout === "contiguous");
    }
  });

  it("takes any leading dimensions, and float64, as the same formula", () => {
    const [query, key, value] = [draw([2, 3, 5, 4]), draw([2, 3, 6, 4]), draw([2, 3, 6, 7])];
    const output = query.scaledDotProductAttention(key, value);
    const oracle = composed(exact([query, key, value].map((x) => x.flatten(0, 1))), 0.5).view([2, 3, 5, 7]);
    expect(error(output, oracle)).toBeLessThan(2e-6);
    const twice = query.double().scaledDotProductAttention(key.double(), value.double());
    expect(error(twice, oracle)).toBeLessThan(1e-14);
    expect(
      error(
        query
          .select(0, 0)
          .select(0, 1)
          .scaledDotProductAttention(key.select(0, 0).select(0, 1), value.select(0, 0).select(0, 1)),
        oracle.select(0, 0).select(0, 1),
      ),
    ).toBeLessThan(2e-6);
    // One set of keys for every batch is what operators broadcast.
    const shared = query.scaledDotProductAttention(key.select(0, 0).select(0, 0), value.select(0, 0).select(0, 0));
    expect(shared.shape).toEqual([2, 3, 5, 7]);
    expect(error(shared.select(0, 0).select(0, 0), oracle.select(0, 0).select(0, 0))).toBeLessThan(2e-6);
  });

  it("takes answers of any size: the largest weight of a row is never lost", () => {
    const inputs = inputsOf({ batch: 1, queries: 130, keys: 150, depth: 8, width: 16 }, "channels last", 300);
    const [query, key, value] = inputs;
    const output = query.scaledDotProductAttention(key, value, 1);
    const expected = composed(exact(inputs), 1);
    expect(output.isfinite().all().item()).toBe(1);
    // Answers near 3,000 are rounded to 1e-4, and so are the weights' logarithms.
    expect(error(output, expected)).toBeLessThan(2e-3);
  });

  it("weighs what is far below the largest as the exponential does", () => {
    // Answers 0, -1, ... -120 to one query: the weights go through all sizes that float32 has.
    const key = Tensor.arange(0, 121, 1).neg().view([1, 121, 1]);
    const output = Tensor.ones([1, 1, 1]).scaledDotProductAttention(key, Tensor.eye(121).unsqueeze(0), 1);
    const weights = [...output.toArray()].map(Number);
    const total = weights.map((_, i) => Math.exp(-i)).reduce((a, b) => a + b);
    for (const [i, weight] of weights.entries()) {
      if (i <= 87) expect(Math.abs(weight / (Math.exp(-i) / total) - 1)).toBeLessThan(5e-7);
      else expect(weight).toBe(0);
    }
  });

  it("shows what is not a number", () => {
    const inputs = inputsOf({ batch: 2, queries: 70, keys: 5, depth: 3, width: 4 }, "channels last");
    const [query, key, value] = inputs.map((input) => input.detach()) as Inputs;
    query.narrow(0, 1, 1).narrow(1, 66, 1).fill_(Number.NaN);
    const bad = query.scaledDotProductAttention(key, value).isnan();
    expect(bad.sum().item()).toBe(4);
    expect(bad.select(0, 1).select(0, 66).all().item()).toBe(1);
  });

  it("has second gradients, which are those of the formula", () => {
    const slopes = (inputs: Inputs, output: Tensor): Tensor[] => {
      const gradients = grad(output.pow(3).sum(), inputs, { createGraph: true });
      const total = gradients.map((gradient) => gradient.pow(2).sum()).reduce((a, b) => a.add(b));
      return [...gradients, ...grad(total, inputs)];
    };
    const inputs = inputsOf({ batch: 2, queries: 70, keys: 20, depth: 4, width: 6 }, "channels last");
    const oracle = exact(inputs);
    const wanted = slopes(oracle, composed(oracle, 0.5));
    for (const [i, found] of slopes(inputs, inputs[0].scaledDotProductAttention(inputs[1], inputs[2], 0.5)).entries()) {
      expect(error(found, wanted[i]!)).toBeLessThan(1e-5);
    }
  });

  it("leaves out blocks whose gradient is zero, and only those", () => {
    const inputs = inputsOf({ batch: 4, queries: 100, keys: 30, depth: 4, width: 6 }, "channels last");
    const [query, key, value] = inputs;
    // What a sample without a gradient would spoil if it were computed.
    noGrad(() => key.narrow(0, 2, 1).fill_(Number.NaN));
    const gradient = Tensor.zeros([4, 100, 6]);
    gradient.narrow(0, 1, 1).narrow(1, 99, 1).narrow(2, 5, 1).fill_(1e-30);
    gradient.narrow(0, 3, 1).copy_(draw([1, 100, 6]));
    const found = grad(query.scaledDotProductAttention(key, value), inputs, { gradOutputs: [gradient] });
    for (const part of found) {
      expect(part.select(0, 0).abs().sum().item()).toBe(0);
      expect(part.select(0, 2).abs().sum().item()).toBe(0);
      expect(part.isfinite().all().item()).toBe(1);
    }
    expect(found[2]!.select(0, 1).abs().sum().item()).toBeGreaterThan(0);
    const oracle = exact(inputs.map((input) => input.narrow(0, 3, 1)));
    const wanted = grad(composed(oracle, 0.5), oracle, { gradOutputs: [gradient.narrow(0, 3, 1).double()] });
    for (const [i, part] of found.entries()) expect(error(part.narrow(0, 3, 1), wanted[i]!)).toBeLessThan(1e-5);
  });

  it("has gradients of an expanded gradient, and of the inputs that need one", () => {
    const inputs = inputsOf({ batch: 2, queries: 70, keys: 20, depth: 4, width: 6 }, "channels last");
    const [query, key, value] = [inputs[0].detach(), inputs[1], inputs[2].detach()];
    const [found] = grad(query.scaledDotProductAttention(key, value, 1).mean(), [key]);
    const oracle = exact(inputs);
    const [, wanted] = grad(composed(oracle, 1).mean(), oracle);
    expect(error(found, wanted)).toBeLessThan(1e-5);
  });

  it("gives the same bits again", () => {
    const inputs = inputsOf({ batch: 3, queries: 200, keys: 100, depth: 8, width: 16 }, "channels last");
    const once = (): Tensor[] => {
      const output = inputs[0].scaledDotProductAttention(inputs[1], inputs[2]);
      return [output, ...grad(output.pow(2).sum(), inputs)];
    };
    const [first, second] = [once(), once()];
    for (const [i, tensor] of first.entries()) expect(tensor.equal(second[i]!)).toBe(true);
  });

  it("refuses what does not fit", () => {
    const vector = Tensor.ones([3]);
    expect(() => vector.scaledDotProductAttention(vector, vector)).toThrow(
      "expected query [..., N, D], key [..., M, D] and value [..., M, E], got 1, 1 and 1 dimensions",
    );
    const x = Tensor.ones([2, 3, 4]);
    expect(() => x.scaledDotProductAttention(Tensor.ones([2, 3, 5]), x)).toThrow();
    expect(() => x.scaledDotProductAttention(x, Tensor.ones([2, 4, 4]))).toThrow();
  });

  it.skipIf(!existsSync("/proc/self/smaps_rollup"))("stores no weights", async () => {
    const { code, stdout, stderr } = await runProgram("attention");
    expect(code, stderr).toBe(0);
    const { weightsMb, forwardMb, backwardMb } = JSON.parse(stdout) as Record<string, number>;
    expect(weightsMb).toBe(32);
    // Results, gradients and what threads work with.
    expect(forwardMb, stdout).toBeLessThan(4);
    expect(backwardMb, stdout).toBeLessThan(8);
  });
});
