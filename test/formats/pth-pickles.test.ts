/** Pickles as programs that would cost more than their size, and damaged ones. */
import { describe, expect, it } from "vitest";
import { readPth, readStateDict } from "../../src/formats/index.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { archive, global, number, pickle, raw, storage, stream, tensor, text, tuple, u32, u64 } from "./pickles.ts";
import { eight, refusals } from "./refusals.ts";

const { write, refusal } = refusals();

describe("pickles as programs", () => {
  /** A list of ten of the list before, `depth` times over. */
  const laughs = (depth: number): Buffer => {
    const parts: Buffer[] = [raw("]q\x000")];
    for (let i = 0; i < depth; i++) parts.push(raw("](", ...Array<Buffer>(10).fill(raw("h", i)), "eq", i + 1, "0"));
    return pickle(...parts, "h", depth);
  };

  it("a billion laughs are counted before anybody walks them", () => {
    expect(refusal(archive(laughs(40)))).toMatch(/written out, it would hold more than 10000000 values/);
    expect(() => readPth(write(archive(laughs(4))))).not.toThrow();
  });

  it("a program that only makes values ends before they fill the memory", () => {
    const limit = /refused: the pickle has more than 10000000 instructions/;
    const peak = process.resourceUsage().maxRSS;
    for (const made of ["N", "}", "]"]) expect(refusal(archive(pickle(Buffer.alloc(10_000_100, made))))).toMatch(limit);
    expect(refusal(archive(pickle("N", Buffer.alloc(10_000_100, 0x94))))).toMatch(limit);
    // Kilobytes; the file itself and the values are in it.
    expect(process.resourceUsage().maxRSS - peak).toBeLessThan(2_000_000);
  });

  it.each<[string, Buffer, RegExp]>([
    ["a list that holds itself", pickle("]q\x00h\x00a"), /a list of 1 holds itself/],
    ["a dictionary that holds itself", pickle("}q\x00Nh\x00s"), /a dictionary of 1 holds itself/],
    ["lists nested without end", pickle("]".repeat(200_000), "a".repeat(199_999)), /nested more than 100 deep/],
    ["tuples nested without end", pickle(")", "\x85".repeat(200_000)), /nested more than 100 deep/],
    [
      "lists in lists that were measured before",
      // [[], [[]], [[[]]], ...], where each holds the list before it.
      pickle("](", "]q\x00", ...Array.from({ length: 150 }, (_, i) => raw("]h", i, "aq", i + 1)), "e"),
      /nested more than 100 deep/,
    ],
    ["marks without end", pickle("(".repeat(200_000)), /stack runs empty/],
    [
      "a pair list named again and again",
      pickle(
        "](",
        ...Array<Buffer>(2000).fill(tuple(text("k"), raw("N"))),
        "eq\x000",
        ...Array<Buffer>(2000).fill(raw(global("collections", "OrderedDict"), "h\x00\x85R0")),
        "N",
      ),
      /more than 1048576 pairs/,
    ],
    ["a huge LONG4", pickle("\x8b", u32(2 ** 31 - 1)), /an integer of 2147483647 bytes/],
    ["a negative LONG4", pickle("\x8b", u32(-1)), /a length of -1/],
    [
      "a huge BINPUT index that is never kept",
      pickle("j", u32(2 ** 32 - 1)),
      /it recalls 4294967295, which was never kept/,
    ],
    [
      "a huge text",
      pickle("X", u32(2 ** 32 - 1), "abc"),
      /truncated: 4294967295 bytes are needed at byte \d+, 4 are left/,
    ],
    ["a text of 2^63 bytes", pickle("\x8d", u64(2n ** 63n), "abc"), /a length of 9223372036854775808/],
    ["bytes of 2^52", pickle("\x8e", u64(2n ** 52n)), /truncated: 4503599627370496 bytes/],
    ["a negative BINSTRING", pickle("T", u32(-5), "abc"), /a length of -5/],
    ["a text that is not UTF-8", pickle("X", u32(2), "\xff\xfe"), /a text is not UTF-8/],
    ["an empty stack", pickle(), /its stack runs empty/],
    ["left-over values", pickle("NN"), /1 values are left over/],
    ["a protocol of the future", raw("\x80\x09N."), /its protocol 9 is not known/],
    ["an unknown instruction", pickle("\xf0"), /0xf0 is no instruction/],
    ["an extension", pickle("\x82\x01"), /refused: the pickle uses the instruction EXT1/],
    ["a dictionary as key", pickle("}}Ns"), /refused: a dictionary of 0 as the key of a dictionary/],
    ["a key without value", pickle("}(Nu"), /a key lacks its value/],
    ["an append to a tuple", pickle(")Na"), /it appends to a tuple of 0/],
    ["an append to a number", pickle("K\x01Na"), /it appends to the number 1/],
    ["an item of a list", pickle("]NNs"), /it sets an item of a list of 0/],
    ["the state of a tensor", pickle(tensor(storage(8), 0, [8], [1]), "}b"), /it sets the state of a tensor \[8\]/],
    ["a call of a number", pickle("K\x01)R"), /it calls the number 1/],
    ["a call with a number", pickle(global("collections", "OrderedDict"), "K\x01R"), /it calls with the number 1/],
    ["a type as value", pickle(global("torch", "FloatStorage")), /the file holds the type torch.FloatStorage/],
    ["a function as value", pickle(global("torch", "Size")), /the file holds the function torch.Size/],
    [
      "an OrderedDict of numbers",
      pickle(global("collections", "OrderedDict"), "](K\x01K\x02e\x85R"),
      /an OrderedDict of the number 1/,
    ],
    ["a tensor of nothing", pickle(global("torch._utils", "_rebuild_tensor_v2"), ")R"), /a tensor on None/],
    ["a parameter of nothing", pickle(global("torch._utils", "_rebuild_parameter"), ")R"), /a parameter made of None/],
    [
      "a tensor that is to be negated",
      pickle(
        global("torch._utils", "_rebuild_tensor_v2"),
        tuple(
          storage(8),
          number(0),
          tuple(number(8)),
          tuple(number(1)),
          raw("\x89"),
          raw("}"),
          raw("}", text("neg"), "\x88s"),
        ),
        "R",
      ),
      /a tensor with marks \(`neg`\)/,
    ],
  ])("%s", (_, payload, reason) => {
    expect(refusal(archive(payload, { "0": eight }))).toMatch(reason);
    const inStream = refusal(stream(payload, payload.includes("storage") ? [["0", 8n, eight]] : []));
    // A stream continues after the pickle, so what is cut short there reads on into the next part.
    if (!/truncated|stack runs empty/.test(reason.source)) expect(inStream).toMatch(reason);
  });

  it("a memo with an index of four bytes takes the memory of its contents", () => {
    const value = pickle("](", "Nr", u32(2 ** 32 - 1), "j", u32(2 ** 32 - 1), "e");
    expect(readPth(write(archive(value)))).toEqual([null, null]);
  });

  it("of Python 2, with its own texts and pairs, are read", () => {
    const short = (value: string): Buffer => raw("U", value.length, value);
    const pairs = raw(
      "](",
      raw("](", short("a"), tensor(storage(8), 2, [2], [1]), "e"),
      raw("](", short("b"), "K\x05e"),
      "e",
    );
    const value = pickle(global("collections", "OrderedDict"), pairs, "\x85R");
    const read = readPth(write(stream(value, [["0", 8n, eight]]))) as Map<string, Tensor | number>;
    expect([...read.keys()]).toEqual(["a", "b"]);
    expect((read.get("a") as Tensor).tolist()).toEqual([2, 3]);
    expect(read.get("b")).toBe(5);
  });

  it("names like JavaScript's own are only names", () => {
    const state = pickle("}", text("__proto__"), tensor(storage(8), 0, [8], [1]), "s");
    const tensors = readStateDict(write(archive(state, { "0": eight })));
    expect(tensors.get("__proto__")!.shape).toEqual([8]);
  });
});
