import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { type DType, liveTensors, Tensor } from "../../src/tensor/index.ts";

interface Case {
  values: (number | string)[] | null;
  /** [count, factor] of 0, factor, 2 factor ... */
  ramp: [number, number] | null;
  shape: number[];
  dtype: DType;
  requiresGrad: boolean;
  text: string;
}
const { cases } = JSON.parse(readFileSync(new URL("../fixtures/print.json", import.meta.url), "utf8")) as {
  cases: Case[];
};
const special: Record<string, number> = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": -Infinity };

function tensorOf({ values, ramp, shape, dtype, requiresGrad }: Case): Tensor {
  const list = values ?? Array.from({ length: ramp![0] }, (_, i) => i * ramp![1]);
  const numbers = Float64Array.from(list, (value) => (typeof value === "string" ? special[value]! : value));
  return Tensor.fromArray(numbers, shape, { dtype, requiresGrad });
}

it.each(cases)("$dtype $shape prints as PyTorch prints it: $text", (stored) => {
  const tensor = tensorOf(stored);
  const before = liveTensors();
  expect(String(tensor)).toBe(stored.text);
  expect(liveTensors()).toBe(before);
});

it("is what console.log shows, also inside other values", () => {
  const x = Tensor.fromArray([[1, 2.5]]);
  expect(inspect(x)).toBe("tensor([[1.0000, 2.5000]])");
  expect(inspect({ x: Tensor.ones([2, 1]) })).toBe("{\n  x: tensor([[1.],\n          [1.]])\n}");
  expect(`${x.permute(1, 0)}`).toBe("tensor([[1.0000],\n        [2.5000]])");
});

it("says of a freed tensor that it is freed", () => {
  const x = Tensor.ones([2]);
  x.dispose();
  expect(inspect(x)).toBe("tensor(freed)");
  expect(() => String(x)).toThrow("was freed");
});
