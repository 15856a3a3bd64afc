/** Checkpoints that no honest program writes: nothing in them runs, and nothing in them costs more than its size. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { readPth, readStateDict } from "../../src/formats/index.ts";
import { liveTensors, type Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "./folder.ts";
import {
  archive,
  global,
  number,
  pickle,
  raw,
  storage,
  stream,
  tensor,
  text,
  tuple,
  u16,
  u32,
  u64,
  zip,
} from "./pickles.ts";

const folder = temporaryFolder();
let files = 0;

const write = (bytes: Uint8Array): string => {
  const path = join(folder, `hostile-${files++}.pth`);
  writeFileSync(path, bytes);
  return path;
};

/** The message of the UserError that reading the file must end in: one line that names it. */
function refusal(bytes: Uint8Array): string {
  const path = write(bytes);
  const before = liveTensors();
  const started = performance.now();
  let caught: unknown;
  try {
    readPth(path);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(UserError);
  const { message } = caught as UserError;
  expect(message).toContain(path);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is the point
  expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  expect(message.length).toBeLessThan(600 + path.length);
  expect(liveTensors()).toBe(before);
  expect(performance.now() - started).toBeLessThan(5000);
  return message;
}

const eight = new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7).buffer);

describe("names", () => {
  const trap = join(folder, "executed");
  const command = text(`touch ${trap}`);
  const payloads: [string, string, Buffer][] = [
    ["os.system", "os.system", pickle(global("os", "system"), tuple(command), "R")],
    ["posix.system of protocol 0", "posix.system", raw(`\x80\x02cposix\nsystem\n(S'touch ${trap}'\ntR.`)],
    [
      "subprocess through STACK_GLOBAL",
      "subprocess.run",
      pickle(text("subprocess"), text("run"), "\x93", tuple(command), "R"),
    ],
    [
      "builtins.eval",
      "builtins.eval",
      pickle(global("builtins", "eval"), tuple(text(`open(${JSON.stringify(trap)}, "w")`)), "R"),
    ],
    ["__builtin__.exec", "__builtin__.exec", pickle(global("__builtin__", "exec"), tuple(command), "R")],
    ["builtins.getattr", "builtins.getattr", pickle(global("builtins", "getattr"), tuple(command, command), "R")],
    ["an object by INST", "os.system", pickle("(", command, "ios\nsystem\n")],
    ["an object by OBJ", "os.system", pickle("(", global("os", "system"), command, "o")],
    ["an object by NEWOBJ", "subprocess.Popen", pickle(global("subprocess", "Popen"), tuple(command), "\x81")],
    ["a class that reduces itself", "__main__.Evil", pickle(global("__main__", "Evil"), ")", "\x81", "}", "b")],
    ["copyreg", "copyreg._reconstructor", pickle(global("copyreg", "_reconstructor"), ")R")],
    ["a numpy scalar", "numpy.core.multiarray.scalar", pickle(global("numpy.core.multiarray", "scalar"), ")R")],
    ["torch's own loader", "torch.load", pickle(global("torch", "load"), tuple(command), "R")],
    [
      "a name that continues an allowed one",
      "torch._utils._rebuild_tensor_v2.x",
      pickle(global("torch._utils", "_rebuild_tensor_v2.x"), ")R"),
    ],
    [
      "an allowed module, another name",
      "collections.abc.OrderedDict",
      pickle(global("collections.abc", "OrderedDict"), ")R"),
    ],
    ["JavaScript's own names", "__proto__.constructor", pickle(global("__proto__", "constructor"), ")R")],
    ["JavaScript's own names, bare", "constructor.", pickle(global("constructor", ""), ")R")],
    ["hidden behind POP", "os.system", pickle(global("os", "system"), tuple(command), "R0N")],
    ["hidden in the second of two pickles", "os.system", pickle("N0", global("os", "system"), tuple(command), "R")],
  ];

  it.each(payloads)("%s: refused by name, not run", (_, name, payload) => {
    for (const bytes of [
      archive(payload),
      stream(payload),
      payload,
      raw(stream(pickle("N")).subarray(0, 14), payload),
    ]) {
      expect(refusal(bytes)).toContain(`refused: the file asks for \`${name}\``);
    }
    expect(existsSync(trap)).toBe(false);
  });

  it("with line breaks and terminal controls stay on one line", () => {
    const name = "os\u001b[31m\u0085\u202e\rsystem";
    expect(refusal(archive(pickle(text(name), text("x\ny"), "\x93")))).toContain(
      "os\\u001b[31m\\u0085\\u202e\\rsystem.x\\ny",
    );
    expect(refusal(archive(pickle(text("m".repeat(5000)), text("x"), "\x93")))).toContain("mmm...`");
  });
});

describe("persistent identifiers", () => {
  it.each<[string, Buffer, RegExp]>([
    [
      "a module with its source",
      raw(tuple(text("module"), number(1), text("/x.py"), text("import os")), "Q"),
      /refers to an object of kind `module`/,
    ],
    ["a text", raw(text("storage"), "Q"), /refers to the text `storage`/],
    ["a number", raw(number(3), "Q"), /refers to the number 3/],
    ["an empty tuple", raw(")Q"), /refers to a tuple of 0/],
    ["a short tuple", raw(tuple(text("storage")), "Q"), /damaged: a storage of None under None/],
    [
      "a key that is no text",
      raw(tuple(text("storage"), global("torch", "FloatStorage"), number(0), text("cpu"), number(8)), "Q"),
      /under the number 0/,
    ],
    [
      "a type that is no storage",
      raw(tuple(text("storage"), global("collections", "OrderedDict"), text("0"), text("cpu"), number(8)), "Q"),
      /a storage of the function collections.OrderedDict/,
    ],
    ["a negative length", storage(-8), /has the number -8 for its length/],
    ["a length beyond 2^53", storage(2n ** 62n), /has the number 4611686018427387904 for its length/],
    ["protocol 0's form", raw("Pstorage\n"), /uses the instruction PERSID/],
    [
      "another type the second time",
      raw(storage(8), "0", storage(4, "DoubleStorage")),
      /8 elements of float32 in one place, 4 of float64 in another/,
    ],
    [
      "a view beyond its storage",
      raw(
        tuple(
          text("storage"),
          global("torch", "FloatStorage"),
          text("0"),
          text("cpu"),
          number(8),
          tuple(text("v"), number(6), number(3)),
        ),
        "Q",
      ),
      /a view of storage `0` reaches beyond its 8 elements/,
    ],
  ])("%s", (_, id, reason) => {
    expect(refusal(archive(pickle(id), { "0": eight }))).toMatch(reason);
  });

  it("a view of a storage, as files before PyTorch 0.4 have them, is read", () => {
    const view = raw(
      tuple(
        text("storage"),
        global("torch", "FloatStorage"),
        text("0"),
        text("cpu"),
        number(8),
        tuple(text("v"), number(2), number(4)),
      ),
      "Q",
    );
    const path = write(stream(pickle(tensor(view, 1, [3], [1])), [["0", 8n, eight]]));
    expect((readPth(path) as Tensor).tolist()).toEqual([3, 4, 5]);
    expect(refusal(stream(pickle(tensor(view, 1, [4], [1])), [["0", 8n, eight]]))).toMatch(/storage of 4 elements/);
  });
});

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
    ["too few strides", 0, [2, 2], [1], /strides that are no whole numbers from 0, one a dimension/],
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

describe("storages that lie", () => {
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

  it.each<[string, Buffer, RegExp]>([
    ["a list that holds itself", pickle("]q\x00h\x00a"), /a list of 1 holds itself/],
    ["a dictionary that holds itself", pickle("}q\x00Nh\x00s"), /a dictionary of 1 holds itself/],
    ["lists nested without end", pickle("]".repeat(200_000), "a".repeat(199_999)), /nested more than 100 deep/],
    ["tuples nested without end", pickle(")", "\x85".repeat(200_000)), /nested more than 100 deep/],
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
    ["a set", pickle("\x8f"), /the instruction EMPTY_SET/],
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
    // A stream goes on behind the pickle, so what is cut short there reads on into the next part.
    if (!/truncated|stack runs empty/.test(reason.source)) expect(inStream).toMatch(reason);
  });

  it("a memo with an index of four bytes costs what it holds", () => {
    const value = pickle("](", "Nr", u32(2 ** 32 - 1), "j", u32(2 ** 32 - 1), "e");
    expect(readPth(write(archive(value)))).toEqual([null, null]);
  });

  it("names like JavaScript's own are only names", () => {
    const state = pickle("}", text("__proto__"), tensor(storage(8), 0, [8], [1]), "s");
    const tensors = readStateDict(write(archive(state, { "0": eight })));
    expect(tensors.get("__proto__")!.shape).toEqual([8]);
  });
});

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
      /is compressed, which torch.save never does; pack the archive anew with `zip -0`/,
    );
    expect(refusal(deflated(2 ** 31))).toMatch(/claims 2147483648 bytes in \d+, more than deflate can hold/);
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
