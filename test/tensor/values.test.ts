import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type DType, Tensor } from "../../src/tensor/index.ts";
import { TEST_DEVICE } from "../device/device.ts";

const ARRAYS = {
  float32: new Float32Array([1.5, -0, 3.25e10, Number.NaN, Number.NEGATIVE_INFINITY, 1e-40]),
  float64: new Float64Array([1.5, -0, Math.PI, Number.NaN, Number.POSITIVE_INFINITY, 5e-324]),
  int64: new BigInt64Array([0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 5n, 6n]),
  int32: new Int32Array([0, -1, 2 ** 31 - 1, -(2 ** 31), 5, 6]),
  int16: new Int16Array([0, -1, 32767, -32768, 5, 6]),
  int8: new Int8Array([0, -1, 127, -128, 5, 6]),
  uint8: new Uint8Array([0, 1, 127, 128, 255, 6]),
} as const;

it.each(Object.entries(ARRAYS))("%s goes in and comes out bit by bit", (dtype, array) => {
  const tensor = Tensor.fromArray(array, [2, 3]);
  expect(tensor.dtype).toBe(dtype);
  expect(tensor.shape).toEqual([2, 3]);
  const back = tensor.toArray();
  expect(back.constructor).toBe(array.constructor);
  expect(new Uint8Array(back.buffer)).toEqual(new Uint8Array(array.buffer));
  expect(Tensor.fromArray(array).shape).toEqual([6]);
});

it.each(["float16", "bfloat16"] as const)("%s rounds going in and widens coming out", (dtype) => {
  // 1 + 2^-12 is between two neighbours of both types.
  const tensor = Tensor.fromArray([1 + 2 ** -12, -2, 0.5, Number.POSITIVE_INFINITY], [4], { dtype });
  expect(tensor.dtype).toBe(dtype);
  expect(tensor.toArray()).toEqual(new Float32Array([1, -2, 0.5, Number.POSITIVE_INFINITY]));
});

it("bool comes from booleans and comes out as bytes", () => {
  const tensor = Tensor.fromArray(
    [
      [true, false],
      [false, true],
    ],
    undefined,
    { dtype: "bool" },
  );
  expect(tensor.dtype).toBe("bool");
  expect(tensor.toArray()).toEqual(new Uint8Array([1, 0, 0, 1]));
  expect(tensor.tolist()).toEqual([
    [1, 0],
    [0, 1],
  ]);
});

it("numbers become float32, nested by rows", () => {
  const tensor = Tensor.fromArray([
    [[1], [2]],
    [[3], [4]],
    [[5], [6]],
  ]);
  expect([tensor.dtype, tensor.device, tensor.ndim, tensor.numel]).toEqual(["float32", TEST_DEVICE, 3, 6]);
  expect(tensor.shape).toEqual([3, 2, 1]);
  expect(tensor.tolist()).toEqual([
    [[1], [2]],
    [[3], [4]],
    [[5], [6]],
  ]);
  expect(Tensor.fromArray(7).shape).toEqual([]);
  expect(Tensor.fromArray(7).tolist()).toBe(7);
  expect(Tensor.fromArray([]).shape).toEqual([0]);
  expect(Tensor.fromArray([[], []]).shape).toEqual([2, 0]);
  expect(Tensor.fromArray([[], []]).tolist()).toEqual([[], []]);
});

it("whole numbers of an integer dtype stay exact beyond float32", () => {
  expect(Tensor.fromArray([2 ** 53 - 1, -(2 ** 40)], [2], { dtype: "int64" }).toArray()).toEqual(
    new BigInt64Array([2n ** 53n - 1n, -(2n ** 40n)]),
  );
  expect(Tensor.fromArray([2 ** 31 - 1], [1], { dtype: "int32" }).item()).toBe(2 ** 31 - 1);
});

it("reads typed arrays of every alignment, and resizable and shared memory", () => {
  const bytes = new Uint8Array([9, 1, 2, 3, 4]).subarray(1);
  expect(Tensor.fromArray(bytes).tolist()).toEqual([1, 2, 3, 4]);
  expect(Tensor.fromArray(new Uint8ClampedArray([1, 300])).tolist()).toEqual([1, 255]);
  const shared = new Int16Array(new SharedArrayBuffer(4));
  shared.set([7, -7]);
  expect(Tensor.fromArray(shared).tolist()).toEqual([7, -7]);
  const Resizable = ArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(n: number): void };
  const buffer = new Resizable(8, { maxByteLength: 64 });
  const array = new Float32Array(buffer);
  array.set([1, 2]);
  expect(Tensor.fromArray(array).tolist()).toEqual([1, 2]);
  buffer.resize(12);
  expect(Tensor.fromArray(array).tolist()).toEqual([1, 2, 0]);
  buffer.resize(4);
  expect(Tensor.fromArray(array).tolist()).toEqual([1]);
});

it("refuses arrays that it cannot read", () => {
  const gone = new Float32Array(4);
  structuredClone(gone, { transfer: [gone.buffer] });
  expect(() => Tensor.fromArray(gone)).toThrow("fromArray: the array's memory was transferred away");
  expect(() => Tensor.fromArray(new Float32Array(4), [3])).toThrow(
    "fromArray: the shape needs 12 bytes, the array has 16",
  );
  expect(() => Tensor.fromArray(new Float32Array(4), [2, Number.NaN])).toThrow("a size must be a whole number");
  expect(() => Tensor.fromArray(new Float32Array(4), [-2, -2])).toThrow("a size must be a whole number");
  expect(() => Tensor.fromArray([[1, 2], [3]])).toThrow("every row must have the same depth and length");
  expect(() => Tensor.fromArray([1, [2]] as never)).toThrow("every row must have the same depth and length");
  expect(() => Tensor.fromArray(["1"] as never)).toThrow("every row must have the same depth and length");
  expect(() => Tensor.fromArray(new BigUint64Array(1) as never)).toThrow("BigUint64Array has no counterpart");
  expect(() => Tensor.fromArray(new DataView(new ArrayBuffer(8)) as never)).toThrow("DataView has no counterpart");
});

it("fromShared is the same memory, seen from both sides", () => {
  const array = new Float32Array(new SharedArrayBuffer(16));
  const tensor = Tensor.fromShared(array, [2, 2]);
  array[3] = 5;
  expect(tensor.tolist()).toEqual([
    [0, 0],
    [0, 5],
  ]);
  tensor.add_(1);
  expect([...array]).toEqual([1, 1, 1, 6]);
  expect(() => Tensor.fromShared(new Float32Array(4))).toThrow("a typed array over a SharedArrayBuffer is needed");
  expect(() => Tensor.fromShared(array, [5])).toThrow("the shape needs 20 bytes, the array has 16");
  const Growable = SharedArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => SharedArrayBuffer;
  expect(() => Tensor.fromShared(new Uint8Array(new Growable(8, { maxByteLength: 16 })))).toThrow(
    "must not be growable",
  );
});

it("fromFile maps a file privately", () => {
  const folder = mkdtempSync(join(tmpdir(), "gantry-"));
  try {
    const path = join(folder, "values");
    writeFileSync(path, new Uint8Array(new Int16Array([1, -2, 300]).buffer));
    const tensor = Tensor.fromFile(path, { dtype: "int16", size: 3 });
    expect(tensor.tolist()).toEqual([1, -2, 300]);
    tensor.fill_(0);
    expect(Tensor.fromFile(path, { dtype: "int16", size: 3 }).tolist()).toEqual([1, -2, 300]);
    expect(() => Tensor.fromFile(path, { dtype: "int16", size: 4 })).toThrow("has 6 bytes; 4 elements of int16 need 8");
    expect(() => Tensor.fromFile(path, { dtype: "int17" as DType, size: 3 })).toThrow('there is no dtype "int17"');
    expect(() => Tensor.fromFile(join(folder, "none"), { dtype: "int8", size: 3 })).toThrow("no such file");
    expect(() => Tensor.fromFile(folder, { dtype: "int8", size: 3 })).toThrow("not a file");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("numbers keep their kind on the way to libtorch", () => {
  const whole = Tensor.fromArray(new Int32Array([1, 2]));
  expect(whole.mul(3).dtype).toBe("int32");
  expect(whole.mul(2 ** 20).tolist()).toEqual([2 ** 20, 2 ** 21]);
  expect(whole.mul(0.5).dtype).toBe("float32");
  expect(whole.div(2).tolist()).toEqual([0.5, 1]);
  const real = Tensor.ones([1]);
  expect(real.mul(Number.NaN).item()).toBeNaN();
  expect(real.mul(Number.NEGATIVE_INFINITY).item()).toBe(Number.NEGATIVE_INFINITY);
  expect(Object.is(Tensor.full([1], -0).item(), -0)).toBe(true);
  expect(Object.is(Tensor.full([1], 0).item(), 0)).toBe(true);
  expect(real.add(1e300).item()).toBe(Number.POSITIVE_INFINITY);
  expect(Tensor.full([1], 2 ** 53 - 1, { dtype: "int64" }).item()).toBe(2 ** 53 - 1);
});

it("item reads one element of every dtype", () => {
  for (const dtype of [
    "float32",
    "float64",
    "float16",
    "bfloat16",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
  ] as const) {
    expect(Tensor.full([1, 1], 3, { dtype }).item()).toBe(3);
  }
  expect(Tensor.ones([], { dtype: "bool" }).item()).toBe(1);
  expect(() => Tensor.ones([2]).item()).toThrow(/^aten::item: /);
});

it("makes tensors", () => {
  expect(Tensor.zeros([2], { dtype: "int8" }).tolist()).toEqual([0, 0]);
  expect(Tensor.ones([1, 2]).tolist()).toEqual([[1, 1]]);
  expect(Tensor.full([2], 2.5).tolist()).toEqual([2.5, 2.5]);
  expect(Tensor.eye(2).tolist()).toEqual([
    [1, 0],
    [0, 1],
  ]);
  expect(Tensor.arange(2, 8, 3).tolist()).toEqual([2, 5]);
  expect(Tensor.linspace(0, 1, 3).tolist()).toEqual([0, 0.5, 1]);
  expect(Tensor.empty([0, 3]).shape).toEqual([0, 3]);
  const like = Tensor.zeros([2, 1], { dtype: "float64" });
  for (const made of [
    Tensor.emptyLike(like),
    Tensor.zerosLike(like),
    Tensor.onesLike(like),
    Tensor.fullLike(like, 3),
    Tensor.randnLike(like),
  ]) {
    expect([made.shape, made.dtype]).toEqual([[2, 1], "float64"]);
  }
  expect(Tensor.ones([2], { requiresGrad: true }).requiresGrad).toBe(true);
  expect(Tensor.cat([Tensor.ones([1, 2]), Tensor.zeros([1, 2])]).tolist()).toEqual([
    [1, 1],
    [0, 0],
  ]);
  expect(Tensor.stack([Tensor.ones([2]), Tensor.zeros([2])], 1).tolist()).toEqual([
    [1, 0],
    [1, 0],
  ]);
  const mask = Tensor.fromArray([1, 0], [2], { dtype: "bool" });
  expect(Tensor.where(mask, Tensor.ones([2]), Tensor.zeros([2])).tolist()).toEqual([1, 0]);
});
