/** Tensors as bytes and back, without a conversion: the bit patterns are IEEE 754's, written down by hand. */
import { expect, it } from "vitest";
import { bytesOf, type DType, Tensor, tensorOf } from "../../src/tensor/index.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

it.each<[DType, readonly number[], string]>([
  ["float16", [1, -2, 2 ** -24, 65504, Number.POSITIVE_INFINITY], "003c" + "00c0" + "0100" + "ff7b" + "007c"],
  ["bfloat16", [1, -2, 3.140625], "803f" + "00c0" + "4940"],
  ["float32", [1, -2], "0000803f" + "000000c0"],
  ["float64", [1], "000000000000f03f"],
  ["int64", [-2], "feffffffffffffff"],
  ["int16", [258], "0201"],
  ["uint8", [0, 255], "00ff"],
  ["bool", [0, 1], "0001"],
])("%s", (dtype, values, text) => {
  const tensor = Tensor.fromArray(values, [values.length], { dtype });
  expect(hex(bytesOf(tensor))).toBe(text);
  const back = tensorOf(Buffer.from(text, "hex"), dtype, [values.length]);
  expect(back.dtype).toBe(dtype);
  expect(back.tolist()).toEqual(values);
});

it("keeps every bit pattern of float16 and bfloat16, those of NaN too", () => {
  const all = new Uint8Array(Uint16Array.from({ length: 2 ** 16 }, (_, i) => i).buffer);
  for (const dtype of ["float16", "bfloat16"] as const) {
    expect(Buffer.compare(bytesOf(tensorOf(all, dtype, [256, 256])), all)).toBe(0);
  }
});

it("writes rows whatever the layout, reads any alignment, takes every byte but 0 as true, and refuses other sizes", () => {
  const turned = Tensor.fromArray(Uint8Array.from([1, 2, 3, 4, 5, 6]), [2, 3]).permute([1, 0]);
  expect([...bytesOf(turned)]).toEqual([1, 4, 2, 5, 3, 6]);
  const shifted = Buffer.from("ff0000803f", "hex").subarray(1);
  expect(tensorOf(shifted, "float32", [1]).tolist()).toEqual([1]);
  expect(bytesOf(tensorOf(Uint8Array.of(0, 2, 255), "bool", [3]))).toEqual(Uint8Array.of(0, 1, 1));
  expect(() => tensorOf(shifted, "float32", [2])).toThrow();
});
