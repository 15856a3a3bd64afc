import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from "../../src/formats/safetensors.ts";
import { type DType, liveTensors, scope, Tensor } from "../../src/tensor/index.ts";
import { fixture, temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();
const counting = Array.from({ length: 24 }, (_, i) => i - 6);

/** A file of a header given as an object (or text) and data. */
function fileOf(header: unknown, data: Uint8Array | number, length?: bigint): string {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(json.length));
  const path = join(folder, `case-${Math.random()}.safetensors`);
  writeFileSync(path, Buffer.concat([prefix, json, typeof data === "number" ? Buffer.alloc(data) : data]));
  return path;
}

describe("files of the reference implementation", () => {
  const { tensors, metadata } = readSafetensors(fixture("reference.safetensors"));

  it.each<[string, DType, (i: number) => number]>([
    ["f64", "float64", (i) => i / 3],
    ["f32", "float32", (i) => i / 8],
    ["f16", "float16", (i) => i / 8],
    ["bf16", "bfloat16", (i) => i / 8],
    ["i64", "int64", (i) => i * 10 ** 12],
    ["i32", "int32", (i) => i * 10 ** 6],
    ["i16", "int16", (i) => i * 100],
    ["i8", "int8", (i) => i],
    ["u8", "uint8", (i) => i + 6],
    ["bool", "bool", (i) => Number(i % 3 === 0)],
  ])("reads %s as %s", (name, dtype, value) => {
    const tensor = tensors.get(name)!;
    expect(tensor.dtype).toBe(dtype);
    expect(tensor.shape).toEqual([2, 3, 4]);
    expect(Array.from(tensor.toArray() as Float64Array, Number)).toEqual(counting.map(value));
  });

  it("reads scalars, empty tensors and the strings", () => {
    expect(tensors.get("scalar")!.shape).toEqual([]);
    expect(tensors.get("scalar")!.item()).toBe(2.5);
    expect(tensors.get("empty")!.shape).toEqual([0, 3]);
    expect(metadata["made by"]).toBe("safetensors");
  });
});

describe("written files", () => {
  it("come back bit for bit in every element type", () => {
    const { tensors } = readSafetensors(fixture("reference.safetensors"));
    const path = join(folder, "again.safetensors");
    writeSafetensors(path, tensors, { step: "500" });
    const again = readSafetensors(path);
    expect([...again.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, tensor] of tensors) {
      expect(again.tensors.get(name)!.dtype).toBe(tensor.dtype);
      expect(again.tensors.get(name)!.shape).toEqual(tensor.shape);
      expect(again.tensors.get(name)!.toArray()).toEqual(tensor.toArray());
    }
    expect(again.metadata).toEqual({ format: "pt", step: "500" });
  });

  it("have the layout of the form: 8-byte aligned header, wide elements first, row-major data", () => {
    const path = join(folder, "layout.safetensors");
    writeSafetensors(
      path,
      new Map([
        ["flag", Tensor.fromArray(new Uint8Array([1, 2, 3]))],
        ["wide", Tensor.fromArray(new Float64Array([1.5]))],
        [
          "turned",
          Tensor.fromArray([
            [1, 2, 3],
            [4, 5, 6],
          ]).transpose(0, 1),
        ],
      ]),
    );
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    const header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
    expect(header).toEqual({
      __metadata__: { format: "pt" },
      flag: { dtype: "U8", shape: [3], data_offsets: [32, 35] },
      wide: { dtype: "F64", shape: [1], data_offsets: [0, 8] },
      turned: { dtype: "F32", shape: [3, 2], data_offsets: [8, 32] },
    });
    const data = bytes.subarray(8 + length);
    expect(data.length).toBe(35);
    expect(Array.from({ length: 6 }, (_, i) => data.readFloatLE(8 + 4 * i))).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it("remember which tensors lie channels-last", () => {
    const path = join(folder, "formats.safetensors");
    const weight = Tensor.arange(0, 2 * 3 * 4 * 5).view([2, 3, 4, 5]);
    const tensors = new Map([
      ["last", weight.contiguous("channelsLast")],
      ["first", weight],
    ]);
    writeSafetensors(path, tensors);
    const again = readSafetensors(path);
    expect(again.tensors.get("last")!.isContiguous("channelsLast")).toBe(true);
    expect(again.tensors.get("last")!.isContiguous()).toBe(false);
    expect(again.tensors.get("first")!.isContiguous()).toBe(true);
    expect(again.tensors.get("last")!.toArray()).toEqual(weight.toArray());
    expect(again.metadata.memory_format).toBeUndefined();
  });

  it("keep tensors that ask for gradients, and leave no tensor behind", () => {
    const path = join(folder, "gradients.safetensors");
    const before = liveTensors();
    scope(() => {
      writeSafetensors(path, new Map([["w", Tensor.ones([3], { requiresGrad: true }).mul(2)]]));
      const tensors = readSafetensors(path).tensors;
      expect(tensors.get("w")!.tolist()).toEqual([2, 2, 2]);
    });
    expect(liveTensors()).toBe(before);
  });

  it("keep names that look like numbers or like JavaScript's own", () => {
    const path = join(folder, "names.safetensors");
    const names = ["10", "2", "__proto__", "constructor", 'a "quoted" näme'];
    writeSafetensors(path, new Map(names.map((name, i) => [name, Tensor.full([1], i)])));
    const { tensors } = readSafetensors(path);
    for (const [i, name] of names.entries()) expect(tensors.get(name)!.item()).toBe(i);
  });

  it("are refused with reserved names", () => {
    const path = join(folder, "reserved.safetensors");
    expect(() => writeSafetensors(path, new Map([["__metadata__", Tensor.ones([1])]]))).toThrow(/cannot be the name/);
    expect(() => writeSafetensors(path, new Map(), { memory_format: "x" })).toThrow(/`memory_format` is reserved/);
  });
});

describe("damaged files", () => {
  const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
    dtype: "F32",
    shape,
    data_offsets: [begin, end],
  });

  it.each<[string, () => string, RegExp]>([
    ["a missing file", () => join(folder, "absent"), /cannot read .*absent: there is no such file/],
    ["a folder", () => folder, /it is a folder/],
    ["fewer than 8 bytes", () => fileWith(Buffer.from("abc")), /truncated: 3 bytes/],
    [
      "an absurd header length",
      () => fileOf({}, 0, 2n ** 63n),
      /not a safetensors file: its header would be 9223372036854775808/,
    ],
    [
      "a header beyond the end",
      () => fileOf({}, 0, 1000n),
      /truncated: the header is 1000 bytes, the file ends after 2/,
    ],
    ["a header that is not JSON", () => fileOf("{oops", 0), /header is not JSON/],
    ["a header of brackets", () => fileOf("[".repeat(50_000_000), 0), /its header is nested more than 3 deep/],
    [
      "a header nested once too deep",
      () => fileOf('{"a": {"shape": [[1]]}}', 0),
      /its header is nested more than 3 deep/,
    ],
    ["a header with brackets in a text", () => fileOf('{"a\\"[[[[": 1}', 0), /its entry is not an object/],
    ["a header that is a list", () => fileOf("[]", 0), /not a JSON object/],
    ["a header that is not UTF-8", () => fileWith(Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe])), /not JSON/],
    [
      "truncated data",
      () => fileOf({ a: f32(0, 8) }, 7),
      /truncated: the header promises 8 bytes of data, the file holds 7/,
    ],
    ["trailing bytes", () => fileOf({ a: f32(0, 8) }, 9), /1 bytes after `a` belong to no tensor/],
    ["overlapping tensors", () => fileOf({ a: f32(0, 8), b: f32(4, 12) }, 12), /tensor `b` overlaps `a` \(byte 4/],
    ["a hole", () => fileOf({ a: f32(0, 4), b: f32(8, 12) }, 12), /4 bytes between `a` and `b`/],
    [
      "a shape that disagrees",
      () => fileOf({ a: f32(0, 8, [3]) }, 8),
      /tensor `a`: F32 \[3\] takes 12 bytes, its offsets span 8/,
    ],
    ["a product that overflows", () => fileOf({ a: f32(0, 8, [2 ** 52, 2 ** 52]) }, 8), /offsets span 8/],
    [
      "sizes beyond counting next to a 0",
      () => fileOf({ a: f32(0, 0, [0, 2 ** 53 - 1]) }, 0),
      /no tensor has the shape \[0,9007/,
    ],
    [
      "a thousand dimensions",
      () => fileOf({ a: f32(0, 4, Array<number>(1000).fill(1)) }, 4),
      /\(at most 64 dimensions\)/,
    ],
    ["line breaks in names", () => fileOf({ "a\nb": 3 }, 0), /tensor `a\\nb`: its entry is not an object/],
    ["line breaks in what is not JSON", () => fileOf('{"a": {"dtype": \n x', 0), /header is not JSON \([^\n]*$/],
    ["a negative size", () => fileOf({ a: f32(0, 8, [-2]) }, 8), /shape \[-2\] must be/],
    ["a fractional size", () => fileOf({ a: f32(0, 8, [0.5]) }, 8), /shape \[0.5\] must be/],
    ["backward offsets", () => fileOf({ a: { dtype: "F32", shape: [1], data_offsets: [8, 4] } }, 8), /begin <= end/],
    [
      "an unknown dtype",
      () => fileOf({ a: { dtype: "U64", shape: [1], data_offsets: [0, 8] } }, 8),
      /dtype "U64" is not supported; accepted: BOOL/,
    ],
    [
      "a dtype of JavaScript's",
      () => fileOf({ a: { dtype: "toString", shape: [], data_offsets: [0, 8] } }, 8),
      /is not supported/,
    ],
    ["an entry that is a number", () => fileOf({ a: 3 }, 0), /tensor `a`: its entry is not an object/],
    [
      "metadata that is no text",
      () => fileOf({ __metadata__: { a: 1 } }, 0),
      /`__metadata__` must map names to strings/,
    ],
    [
      "formats that are not JSON",
      () => fileOf({ __metadata__: { memory_format: "x" } }, 0),
      /`memory_format` must hold a JSON object/,
    ],
  ])("%s: names file and reason", (_, make, reason) => {
    const path = make();
    expect(() => readSafetensors(path)).toThrow(UserError);
    expect(() => readSafetensors(path)).toThrow(reason);
    expect(() => readSafetensors(path)).toThrow(path);
  });

  it("cut anywhere, are recognised as incomplete", () => {
    const whole = readFileSync(fixture("reference.safetensors"));
    const path = join(folder, "cut.safetensors");
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      expect(() => readSafetensorsHeader(path), `cut at ${length}`).toThrow(UserError);
    }
  });

  it("with flipped bytes, give a UserError or a readable file, never another error", () => {
    const whole = readFileSync(fixture("reference.safetensors"));
    const path = join(folder, "flipped.safetensors");
    let refused = 0;
    for (let i = 0; i < 400; i++) {
      const damaged = Buffer.from(whole);
      const at = (i * 2654435761) % 900;
      damaged[at] = (damaged[at]! + 1 + ((i * 40503) % 255)) % 256;
      writeFileSync(path, damaged);
      try {
        scope(() => {
          readSafetensors(path);
        });
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});

function fileWith(bytes: Uint8Array): string {
  const path = join(folder, `raw-${Math.random()}.safetensors`);
  writeFileSync(path, bytes);
  return path;
}
