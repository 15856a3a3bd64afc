import { expect, it } from "vitest";
import { Tensor } from "../../src/tensor/index.ts";
import { cases, decoded } from "./stored-calls.ts";

function expectSame(actual: unknown, expected: unknown): void {
  if (Array.isArray(expected)) {
    expect(actual).toHaveLength(expected.length);
    for (const [i, each] of expected.entries()) expectSame((actual as unknown[])[i], each);
  } else if (Tensor.isTensor(expected)) {
    const found = actual as Tensor;
    expect(found.shape).toEqual(expected.shape);
    expect(found.dtype).toBe(expected.dtype);
    const values = Array.from(found.toArray(), Number);
    for (const [i, value] of Array.from(expected.toArray(), Number).entries()) {
      if (Number.isFinite(value))
        expect(Math.abs(values[i]! - value)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(value)));
      else expect(values[i]).toBe(value);
    }
  } else {
    expect(actual).toBe(expected);
  }
}

it.each(cases.map((stored, i) => [stored[0], i] as const))("%s is PyTorch's (case %i)", (name, i) => {
  const [, before, values, gives] = cases[i]!;
  const self = name.startsWith("Tensor.") ? Tensor : decoded(before);
  const method = (self as Record<string, (...values: unknown[]) => unknown>)[name.replace("Tensor.", "")]!;
  const result = method.apply(self, values.map(decoded));
  expectSame(result, decoded(gives));
  if (name.endsWith("_")) expect(result).toBe(self);
  else if (Tensor.isTensor(self)) expectSame(self, decoded(before));
});
