/** Calls of Tensor's methods with PyTorch's results: test/fixtures/methods.json. */
import { readFileSync } from "node:fs";
import { type DType, Tensor } from "../../src/tensor/index.ts";

export type Stored =
  | { readonly dtype: DType; readonly shape: number[]; readonly values: (number | string | boolean)[] }
  | number
  | string
  | boolean
  | null
  | Stored[]
  | { readonly [option: string]: Stored };
/** Method, self, arguments, result. */
export type Case = readonly [method: string, self: Stored, values: Stored[], gives: Stored];

export const { cases } = JSON.parse(readFileSync(new URL("../fixtures/methods.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

const numberOf = (value: number | string | boolean): number =>
  typeof value === "string"
    ? { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": -Infinity }[value]!
    : Number(value);

/** The value that a stored one stands for. */
export function decoded(stored: Stored): unknown {
  if (Array.isArray(stored)) return stored.map(decoded);
  if (typeof stored !== "object" || stored === null) return stored;
  if (!("dtype" in stored && "values" in stored)) {
    return Object.fromEntries(Object.entries(stored).map(([key, value]) => [key, decoded(value as Stored)]));
  }
  const { dtype, shape, values } = stored as { dtype: DType; shape: number[]; values: (number | string)[] };
  return Tensor.fromArray(Float64Array.from(values, numberOf), shape, { dtype });
}
