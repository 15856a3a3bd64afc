import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { readNpy, writeNpy } from "../../src/formats/npy.ts";
import { type DType, Tensor } from "../../src/tensor/index.ts";
import { fixture, temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();
const counting = Array.from({ length: 24 }, (_, i) => i - 6);

describe("files of NumPy", () => {
  const cases: [string, DType, (i: number) => number][] = [
    ["f4", "float32", (i) => i / 8],
    ["f8", "float64", (i) => i / 3],
    ["f2", "float16", (i) => i / 8],
    ["i8", "int64", (i) => i * 10 ** 12],
    ["i4", "int32", (i) => i * 10 ** 6],
    ["i2", "int16", (i) => i * 100],
    ["i1", "int8", (i) => i],
    ["u1", "uint8", (i) => i + 6],
    ["b1", "bool", (i) => Number(i % 3 === 0)],
  ];

  it.each([
    ...cases,
    ["f4_fortran", "float32", (i: number) => i / 8] as const,
    ["f4_big", "float32", (i: number) => i / 8] as const,
    ["i2_big", "int16", (i: number) => i * 100] as const,
  ])("reads %s as %s", (name, dtype, value) => {
    const tensor = readNpy(fixture(`${name}.npy`));
    expect(tensor.dtype).toBe(dtype);
    expect(tensor.shape).toEqual([2, 3, 4]);
    expect(tensor.isContiguous()).toBe(true);
    expect(Array.from(tensor.toArray() as Float64Array, Number)).toEqual(counting.map(value));
  });

  it("reads scalars, vectors and empty arrays", () => {
    expect(readNpy(fixture("scalar.npy")).shape).toEqual([]);
    expect(readNpy(fixture("scalar.npy")).item()).toBe(2.5);
    expect(readNpy(fixture("vector.npy")).tolist()).toEqual([0, 1, 2, 3, 4]);
    expect(readNpy(fixture("empty.npy")).shape).toEqual([0, 3]);
  });

  it("reads every kind of float16, and writes them back bit for bit", () => {
    const half = readNpy(fixture("half.npy"));
    expect(half.dtype).toBe("float16");
    expect(half.toArray()).toEqual(readNpy(fixture("half_as_f4.npy")).toArray());
    writeNpy(join(folder, "half.npy"), half);
    expect(readFileSync(join(folder, "half.npy"))).toEqual(readFileSync(fixture("half.npy")));
  });

  it.each([...cases.map(([name]) => name), "scalar", "vector", "empty"])("writes %s with NumPy's own bytes", (name) => {
    const path = join(folder, `${name}.npy`);
    writeNpy(path, readNpy(fixture(`${name}.npy`)));
    expect(readFileSync(path)).toEqual(readFileSync(fixture(`${name}.npy`)));
  });

  it.each([
    ["u2", "uint16"],
    ["c8", "complex64"],
    ["text", "U2"],
  ])("refuses %s by NumPy's name of it", (name, type) => {
    expect(() => readNpy(fixture(`refused_${name}.npy`))).toThrow(UserError);
    expect(() => readNpy(fixture(`refused_${name}.npy`))).toThrow(
      `element type \`${type}\` is not supported; accepted: float16, float32`,
    );
  });
});

describe("damaged files", () => {
  const whole = readFileSync(fixture("f4.npy"));
  const write = (bytes: Uint8Array): string => {
    const path = join(folder, `damaged-${Math.random()}.npy`);
    writeFileSync(path, bytes);
    return path;
  };

  it("cut anywhere, are recognised as incomplete", () => {
    for (let length = 0; length < whole.length; length += 5) {
      expect(() => readNpy(write(whole.subarray(0, length))), `cut at ${length}`).toThrow(UserError);
    }
    expect(() => readNpy(write(whole.subarray(0, 200)))).toThrow(/promises \[2, 3, 4\] of f4, 96 bytes; 72 follow it/);
  });

  it("are refused with the reason", () => {
    expect(() => readNpy(write(Buffer.concat([whole, Buffer.alloc(1)])))).toThrow(/96 bytes; 97 follow it/);
    expect(() => readNpy(write(Buffer.from("PK\x03\x04 not an array")))).toThrow(/not an .npy file/);
    const reshaped = (shape: string): Buffer => {
      const bytes = Buffer.from(whole);
      bytes.write(`${`'shape': (${shape}), }`.padEnd(60)}`, whole.indexOf("'shape'"), "latin1");
      return bytes;
    };
    expect(() => readNpy(write(reshaped("0, 9007199254740991")))).toThrow(
      /the shape `\[0, 9007199254740991\]` is not one/,
    );
    expect(() => readNpy(write(reshaped("99999999999999999999,")))).toThrow(/is not one of an array/);
    expect(() => readNpy(write(reshaped("-1,")))).toThrow(/header is not one of a plain array/);
    const long = Buffer.from(whole);
    long.writeUInt16LE(60_000, 8);
    expect(() => readNpy(write(long))).toThrow(/its header claims 60000 bytes; at most 10000 are accepted/);
    const future = Buffer.from(whole);
    future[6] = 9;
    expect(() => readNpy(write(future))).toThrow(/version 9 is not known/);
    expect(() => readNpy(join(folder, "absent.npy"))).toThrow(/there is no such file/);
  });
});

it("refuses to write bfloat16, which NumPy does not have", () => {
  expect(() => writeNpy(join(folder, "x.npy"), Tensor.ones([2], { dtype: "bfloat16" }))).toThrow(
    /NumPy has no bfloat16/,
  );
});
