import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type DType, Tensor } from "../../src/tensor/index.ts";

type Stored =
  | { readonly dtype: DType; readonly shape: number[]; readonly values: (number | string | boolean)[] }
  | number
  | string
  | boolean
  | null
  | Stored[]
  | { readonly [option: string]: Stored };
/** Method, self, arguments, result. */
type Case = readonly [method: string, self: Stored, values: Stored[], gives: Stored];

const { cases } = JSON.parse(readFileSync(new URL("../fixtures/methods.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

const numberOf = (value: number | string | boolean): number =>
  typeof value === "string"
    ? { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": -Infinity }[value]!
    : Number(value);

function decoded(stored: Stored): unknown {
  if (Array.isArray(stored)) return stored.map(decoded);
  if (typeof stored !== "object" || stored === null) return stored;
  if (!("dtype" in stored && "values" in stored)) {
    return Object.fromEntries(Object.entries(stored).map(([key, value]) => [key, decoded(value as Stored)]));
  }
  const { dtype, shape, values } = stored as { dtype: DType; shape: number[]; values: (number | string)[] };
  return Tensor.fromArray(Float64Array.from(values, numberOf), shape, { dtype });
}

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
