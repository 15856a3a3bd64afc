/** Checkpoints that ask for names and objects: refused by name, and nothing runs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readPth } from "../../src/formats/index.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { archive, global, number, pickle, raw, storage, stream, tensor, text, tuple } from "./pickles.ts";
import { eight, refusals } from "./refusals.ts";

const { folder, write, refusal } = refusals();

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
    [
      "a class behind copyreg",
      "subprocess.Popen",
      pickle(
        global("copyreg", "_reconstructor"),
        tuple(global("subprocess", "Popen"), global("builtins", "object"), raw("N")),
        "R",
      ),
    ],
    ["a class of numpy that runs code", "numpy.testing.runstring", pickle(global("numpy.testing", "runstring"), ")R")],
    [
      "a call through a class that is passed over",
      "os.system",
      pickle(global("builtins", "list"), tuple(global("os", "system")), "R"),
    ],
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
    ["another type of the same length", raw(storage(8), "0", storage(8, "IntStorage")), /8 of int32 in another/],
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
