/** Checkpoints whose tensors reach beyond their storages, and storages that lie. */
import { describe, expect, it } from "vitest";
import { readPth } from "../../src/formats/index.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { archive, pickle, raw, storage, stream, tensor, text } from "./pickles.ts";
import { eight, refusals } from "./refusals.ts";

const { write, refusal } = refusals();

describe("layouts", () => {
  type Counts = readonly (number | bigint)[];
  it.each<[string, number | bigint, Counts, Counts, RegExp]>([
    ["beyond the end", 0, [9], [1], /\[9\] with strides \[1\] at 0 reaches beyond its storage of 8 elements/],
    ["an offset beyond the end", 8, [1], [1], /at 8 reaches beyond/],
    ["an empty tensor far away", 9, [0], [1], /at 9 reaches beyond/],
    ["a stride beyond the end", 0, [2, 2], [7, 2], /reaches beyond/],
    [
      "a product that overflows 64 bits",
      0,
      [2 ** 31 - 1, 2 ** 31 - 1, 4],
      [1, 1, 1],
      /shape is not one: a list of at most 64/,
    ],
    [
      "a product that is 0 after overflow",
      0,
      [0, 2 ** 31 - 1, 2 ** 31 - 1],
      [1, 1, 1],
      /shape is not one: a list of at most 64/,
    ],
    ["a stride that overflows", 0, [3], [2n ** 62n], /strides that are no whole numbers/],
    ["a stride whose product overflows", 0, [2 ** 31 - 1], [2n ** 52n], /reaches beyond/],
    ["a negative offset", -1, [2], [1], /offset is not a whole number from 0/],
    ["a huge offset", 2n ** 62n, [2], [1], /offset is not a whole number/],
    ["a negative size", 0, [-1], [1], /shape is not one: a list of at most 64/],
    ["a negative stride", 7, [8], [-1], /strides that are no whole numbers/],
    ["too few strides", 0, [2, 2], [1], /strides that are no whole numbers from 0, one per dimension/],
    ["too many dimensions", 0, Array<number>(65).fill(1), Array<number>(65).fill(1), /at most 64/],
    ["expanded to any size", 0, [2 ** 20, 2 ** 20], [0, 0], /repeats the 8 elements of its storage/],
  ])("%s", (_, offset, shape, strides, reason) => {
    const value = pickle(tensor(storage(8), offset, shape, strides));
    expect(refusal(archive(value, { "0": eight }))).toMatch(reason);
    expect(refusal(stream(value, [["0", 8n, eight]]))).toMatch(reason);
  });

  it("that are odd but lie inside are read", () => {
    const read = (offset: number, shape: readonly number[], strides: readonly number[]): unknown =>
      (readPth(write(archive(pickle(tensor(storage(8), offset, shape, strides)), { "0": eight }))) as Tensor).tolist();
    expect(read(1, [2, 3], [4, 1])).toEqual([
      [1, 2, 3],
      [5, 6, 7],
    ]);
    expect(read(0, [2, 2], [1, 1])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(read(3, [2, 2], [0, 2])).toEqual([
      [3, 5],
      [3, 5],
    ]);
    expect(read(0, [1, 2, 1, 4], [99, 1, 99, 2])).toEqual([[[[0, 2, 4, 6]], [[1, 3, 5, 7]]]]);
    expect(read(8, [0, 5], [5, 1])).toEqual([]);
    expect(read(7, [], [])).toBe(7);
  });

  it("many strided copies of one storage are counted", () => {
    const count = 1 << 16;
    const one = tensor(raw("h\x01"), 0, [count / 4, 2], [4, 3]);
    const value = pickle(storage(count), "q\x010](", ...Array<Buffer>(300).fill(one), "e");
    expect(refusal(archive(value, { "0": new Uint8Array(4 * count) }))).toMatch(
      /strided tensors would take \d+ bytes, its storages only 262144/,
    );
  });
});

describe("storages with wrong lengths", () => {
  const value = pickle(tensor(storage(8), 0, [8], [1]));

  it.each<[string, Buffer, RegExp]>([
    [
      "shorter than said, in an archive",
      archive(value, { "0": eight.subarray(4) }),
      /said to be 8 elements of float32, 32 bytes; it has 28/,
    ],
    ["longer than said, in an archive", archive(value, { "0": raw(eight, 0) }), /32 bytes; it has 33/],
    ["missing in an archive", archive(value, { "1": eight }), /storage `0` is missing/],
    ["missing in a stream", stream(value), /storage `0` is missing/],
    [
      "cut short in a stream",
      stream(value, [["0", 8n, eight.subarray(1)]]),
      /truncated: storage `0` needs 32 bytes, 31 are left/,
    ],
    ["another length in a stream", stream(value, [["0", 7n, eight]]), /said to be 8 elements; 7 are written/],
    ["a negative length in a stream", stream(value, [["0", -8n, eight]]), /said to be 8 elements; -8 are written/],
    [
      "an unknown one in a stream",
      stream(value, [
        ["0", 8n, eight],
        ["9", 8n, eight],
      ]),
      /names the text `9`, which is unknown/,
    ],
    [
      "twice in a stream",
      stream(value, [
        ["0", 8n, eight],
        ["0", 8n, eight],
      ]),
      /named before/,
    ],
    ["followed by more", raw(stream(value, [["0", 8n, eight]]), "more"), /4 bytes follow the last storage/],
    [
      "petabytes",
      archive(pickle(tensor(storage(2n ** 50n), 0, [8], [1])), { "0": eight }),
      /1125899906842624 elements of float32/,
    ],
    [
      "petabytes in a stream",
      stream(pickle(tensor(storage(2n ** 50n), 0, [8], [1])), [["0", 2n ** 50n, eight]]),
      /truncated: storage/,
    ],
    [
      "big-endian in an archive",
      archive(value, { "0": eight }, [["x/byteorder", raw("big")]]),
      /byte order `big` is not supported; accepted: little/,
    ],
  ])("%s", (_, bytes, reason) => {
    expect(refusal(bytes)).toMatch(reason);
  });

  it("big-endian in a stream", () => {
    const honest = stream(value, [["0", 8n, eight]]);
    expect((readPth(write(honest)) as Tensor).tolist()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const machine = pickle("}", text("little_endian"), "\x89s");
    const head = honest.subarray(0, honest.indexOf(pickle("}")));
    expect(refusal(raw(head, machine, honest.subarray(head.length + 4)))).toMatch(/byte order `big`/);
  });
});
