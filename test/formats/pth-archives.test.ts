/** Zip archives that lie, and other containers. */
import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readPth } from "../../src/formats/index.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { archive, pickle, raw, storage, stream, tensor, u16, zip } from "./pickles.ts";
import { eight, refusals } from "./refusals.ts";

const { write, refusal } = refusals();

describe("archives", () => {
  const value = pickle("N");
  const good = archive(value);
  const end = good.length - 22;

  const patched = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.from(good);
    change(bytes);
    return bytes;
  };
  const central = good.indexOf("PK\x01\x02");

  it.each<[string, Buffer, RegExp]>([
    ["without a pickle", zip([["x/data/0", eight]]), /has 0 entries <name>\/data.pkl/],
    [
      "with two pickles",
      zip([
        ["x/data.pkl", value],
        ["y/data.pkl", value],
      ]),
      /has 2 entries/,
    ],
    ["with one name twice", archive(value, {}, [["x/data.pkl", value]]), /two entries are named `x\/data.pkl`/],
    [
      "with a wrong checksum",
      patched((b) => b.writeUInt32LE(7, central + 16)),
      /CRC-32 is [0-9a-f]{8}, the archive states 00000007/,
    ],
    ["encrypted", patched((b) => b.writeUInt16LE(1, central + 8)), /`x\/data.pkl` is encrypted/],
    ["of another method", patched((b) => b.writeUInt16LE(12, central + 10)), /compression method 12 is not supported/],
    [
      "whose stored sizes differ",
      patched((b) => b.writeUInt32LE(99, central + 24)),
      /is stored, yet claims 99 bytes in 4/,
    ],
    [
      "that reaches beyond",
      patched((b) => [20, 24].map((at) => b.writeUInt32LE(4000, central + at))),
      /overlaps another or the directory/,
    ],
    [
      "with its entry elsewhere",
      patched((b) => b.writeUInt32LE(3, central + 42)),
      /is damaged: (its header is missing|entry .* overlaps)/,
    ],
    ["called otherwise inside", patched((b) => b.write("y", 30)), /its own header calls it `y\/data.pkl`/],
    ["in several parts", patched((b) => b.writeUInt16LE(1, end + 4)), /in several parts/],
    [
      "with entries that are not there",
      patched((b) => [8, 10].map((at) => b.writeUInt16LE(9, end + at))),
      /cannot hold 9 entries/,
    ],
    [
      "with a directory beyond the end",
      patched((b) => b.writeUInt32LE(5000, end + 16)),
      /does not lie before its end record/,
    ],
    [
      "with zip64 fields and no zip64 record",
      patched((b) => b.writeUInt32LE(0xffffffff, end + 16)),
      /its zip64 locator is missing/,
    ],
    [
      "with an entry of zip64 and no sizes",
      patched((b) => b.writeUInt32LE(0xffffffff, central + 24)),
      /lacks its zip64 sizes/,
    ],
    [
      "with a comment that is longer than the file",
      patched((b) => b.writeUInt16LE(9, end + 20)),
      /end record is missing/,
    ],
  ])("%s", (_, bytes, reason) => {
    expect(refusal(bytes)).toMatch(reason);
  });

  it("compressed, are refused with the remedy; a bomb by its claim", () => {
    const packed = deflateRawSync(Buffer.alloc(1 << 20));
    const deflated = (size: number): Buffer => {
      const bytes = zip([["x/data.pkl", packed]]);
      const at = bytes.indexOf("PK\x01\x02");
      bytes.writeUInt16LE(8, at + 10);
      bytes.writeUInt32LE(size, at + 24);
      return bytes;
    };
    expect(refusal(deflated(1 << 20))).toMatch(
      /is compressed, which torch.save never does; pack the archive again with `zip -0`/,
    );
    expect(refusal(deflated(2 ** 31))).toMatch(/claims 2147483648 bytes in \d+, more than deflate can hold/);
  });

  it("of zip64 are read, and refused when their wide fields are wrong", () => {
    const wide = zip(
      [
        ["x/data.pkl", pickle(tensor(storage(8), 0, [8], [1]))],
        ["x/data/0", eight],
      ],
      true,
    );
    expect((readPth(write(wide)) as Tensor).tolist()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const end64 = wide.indexOf("PK\x06\x06", 0, "latin1");
    const field = wide.indexOf(raw(u16(1), u16(24)));
    const lie = (at: number, value: bigint): string => {
      const bytes = Buffer.from(wide);
      bytes.writeBigUInt64LE(value, at);
      return refusal(bytes);
    };
    expect(lie(end64 + 32, 2n ** 40n)).toMatch(/its directory cannot hold 1099511627776 entries/);
    expect(lie(end64 + 40, 2n ** 63n)).toMatch(/it claims a size of 9223372036854775808/);
    expect(lie(end64 + 48, 2n ** 52n)).toMatch(/does not lie before its end record/);
    expect(lie(end64 + 56 + 8, 2n ** 52n)).toMatch(/zip64 end record lies beyond the end/);
    expect(lie(end64 + 56 + 8, 3n)).toMatch(/zip64 end record is missing/);
    expect(lie(field + 4, 2n ** 50n)).toMatch(/is stored, yet claims 1125899906842624 bytes/);
    expect(lie(field + 20, 2n ** 50n)).toMatch(/overlaps another or the directory/);
  });

  it("whose entries share their bytes are refused", () => {
    const bytes = archive(value, { "0": eight });
    const second = bytes.indexOf("PK\x01\x02", bytes.indexOf("PK\x01\x02") + 1);
    bytes.writeUInt32LE(0, second + 42);
    expect(refusal(bytes)).toMatch(/overlaps another or the directory/);
  });
});

it("other containers are named", () => {
  const tar = Buffer.alloc(1024);
  tar.write("ustar", 257);
  expect(refusal(tar)).toMatch(/the tar form of PyTorch before 0.1.10 is not supported/);
  expect(refusal(raw())).toMatch(/not a PyTorch checkpoint \(0 bytes/);
  expect(refusal(pickle("}"))).toMatch(/a pickle, but not one of torch.save: it starts with a dictionary of 0/);
  const magic = stream(pickle("N")).subarray(0, 15);
  expect(refusal(raw(magic, pickle("M", u16(1002)), pickle("}"), pickle("N")))).toMatch(
    /protocol the number 1002 is not known/,
  );
});
