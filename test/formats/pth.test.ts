import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { listStateDicts, type PthValue, readPth, readStateDict } from "../../src/formats/index.ts";
import { type DType, liveTensors, scope, Tensor } from "../../src/tensor/index.ts";
import { fixture, temporaryFolder } from "./folder.ts";
import { archive, number, pickle, raw, storage, tensor, text } from "./pickles.ts";
import { eight } from "./refusals.ts";

const counting = Array.from({ length: 24 }, (_, i) => i - 6);
const files = ["zip_1.13", "zip_2.13", "stream_1.13", "stream_2.13"];

const numbers = (tensor: Tensor): number[] => Array.from(tensor.toArray() as Float64Array, Number);

describe.each(files)("what torch.save wrote as %s", (form) => {
  const root = readPth(fixture(`everything_${form}.pth`)) as Map<string, PthValue>;
  const tensor = (name: string): Tensor => root.get(name) as Tensor;

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
    expect(tensor(name).dtype).toBe(dtype);
    expect(tensor(name).shape).toEqual([2, 3, 4]);
    expect(numbers(tensor(name))).toEqual(counting.map(value));
  });

  it("reads scalars, empty tensors, parameters and sizes of one", () => {
    expect(tensor("scalar").shape).toEqual([]);
    expect(tensor("scalar").item()).toBe(2.5);
    expect(tensor("empty").shape).toEqual([0, 3]);
    expect(tensor("parameter").tolist()).toEqual([1, 1]);
    expect(tensor("parameter").requiresGrad).toBe(false);
    expect(tensor("thin").tolist()).toEqual([[[0], [1], [2]]]);
  });

  it("keeps strides: values, and the layout in memory", () => {
    const expected = Tensor.arange(-6, 18).div(8).view([2, 3, 4]).permute([2, 0, 1]);
    expect(tensor("transposed").tolist()).toEqual(expected.tolist());
    expect(tensor("transposed").isContiguous()).toBe(false);
    const image = Tensor.arange(0, 48).view([2, 2, 3, 4]);
    expect(tensor("channels_last").tolist()).toEqual(image.tolist());
    expect(tensor("channels_last").isContiguous("channelsLast")).toBe(true);
    expect(tensor("channels_last").isContiguous()).toBe(false);
  });

  it("copies elements that are not contiguous", () => {
    expect(tensor("every_second").tolist()).toEqual([1, 3, 5, 7, 9]);
    const image = Tensor.arange(0, 48).view([2, 2, 3, 4]);
    expect(tensor("columns").tolist()).toEqual(image.narrow(3, 1, 2).tolist());
  });

  it("keeps memory shared, from the right offset", () => {
    const { whole, part } = { whole: tensor("whole").clone(), part: tensor("part") };
    expect(whole.tolist()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(part.tolist()).toEqual([2, 3, 4]);
    part.fill_(-1);
    expect(tensor("whole").tolist()).toEqual([0, 1, -1, -1, -1, 5, 6, 7, 8, 9]);
  });

  it("reads plain values", () => {
    const plain = root.get("plain") as Map<string | number, PthValue>;
    expect(plain.get("none")).toBeNull();
    expect(plain.get("flags")).toEqual([true, false]);
    expect(plain.get("numbers")).toEqual([
      ...[0, 255, 256, 65536, -1, -(2 ** 31), 2 ** 40],
      ...[-(2n ** 62n), 2n ** 70n, 0.1, Number.POSITIVE_INFINITY],
    ]);
    expect(plain.get("text")).toBe("naïve ✓");
    expect(plain.get(7)).toBe("a number as key");
    expect(plain.get("size")).toEqual([2, 3]);
    expect(plain.get("device")).toBe("cuda:1");
    expect(plain.get("nested")).toEqual([[], [], new Map(), [["a", ["b"]]]]);
    expect([...(plain.get("ordered") as Map<string, number>)]).toEqual([
      ["z", 1],
      ["a", 2],
    ]);
    const optimizer = root.get("optimizer") as Map<string, PthValue>;
    expect((optimizer.get("param_groups") as Map<string, PthValue>[])[0]!.get("lr")).toBe(0.25);
  });

  it("reads pickles of protocol 4", () => {
    const value = readPth(fixture(`protocol4_${form}.pth`)) as Map<string, PthValue>;
    expect((value.get("a") as Tensor).tolist()).toEqual([1, 1]);
    expect(value.get("text")).toBe("x".repeat(300));
    expect(value.get("big")).toBe(2n ** 70n);
    expect(value.get("bytes")).toEqual(new Uint8Array([0, 255]));
  });

  it("reads state dicts in their order, also inside a checkpoint", () => {
    const names = ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"];
    for (const state of [
      readStateDict(fixture(`state_${form}.pth`)),
      readStateDict(fixture(`wrapped_${form}.pth`), { entry: "g_ema" }),
    ]) {
      expect([...state.keys()]).toEqual([...names, "1.num_batches_tracked"]);
      expect(state.get("0.weight")!.tolist()).toEqual([
        [0, 1, 2],
        [3, 4, 5],
      ]);
      expect(state.get("1.bias")!.tolist()).toEqual([30, 31]);
      expect(state.get("1.num_batches_tracked")!.dtype).toBe("int64");
    }
  });

  it("says which entry holds the state dict", () => {
    const path = fixture(`wrapped_${form}.pth`);
    expect(() => readStateDict(path)).toThrow(
      `${path}: no state dict: \`epoch\` is the number 3, not a tensor; entries that hold tensors: \`g_ema\``,
    );
    expect(() => readStateDict(path, { entry: "gema" })).toThrow(/it has no entry `gema`; did you mean `g_ema`\?/);
    expect(() => readStateDict(path, { entry: "epoch" })).toThrow(/entry `epoch` is the number 3, not a dictionary/);
  });

  it.each([
    ["complex", /asks for `torch.ComplexFloatStorage`; Gantry has no tensors of that element type/],
    ["expanded", /a tensor \[1000\] repeats the 1 elements of its storage/],
    ["storage", /holds a bare storage|asks for `torch.storage.UntypedStorage`/],
  ])("refuses by name what it has no value for: %s", (name, reason) => {
    const path = fixture(`refused_${name}_${form}.pth`);
    expect(() => readPth(path)).toThrow(UserError);
    expect(() => readPth(path)).toThrow(reason);
  });

  it("leaves no tensor behind, whether it succeeds or not", () => {
    const before = liveTensors();
    scope(() => {
      readPth(fixture(`everything_${form}.pth`));
      readStateDict(fixture(`state_${form}.pth`));
      expect(() => readStateDict(fixture(`wrapped_${form}.pth`))).toThrow(UserError);
      expect(() => readPth(fixture(`refused_expanded_${form}.pth`))).toThrow(UserError);
    });
    expect(liveTensors()).toBe(before);
    const state = readStateDict(fixture(`state_${form}.pth`));
    // The storages behind the tensors are no tensors of their own any more.
    expect(liveTensors()).toBe(before + state.size);
    for (const one of state.values()) one.dispose();
  });
});

describe.each(["1.13", "2.13"])("plain objects beside tensors, as Python with torch %s wrote them", (version) => {
  it.each([2, 5])("are passed over by name: protocol %i", (protocol) => {
    const path = fixture(`objects${protocol}_zip_${version}.pth`);
    const root = readPth(path) as Map<string, PthValue>;
    const { weight, ...others } = Object.fromEntries(root) as Record<string, PthValue>;
    expect((weight as Tensor).tolist()).toEqual([0, 1, 2]);
    const range = protocol === 2 ? "xrange" : "range";
    expect(others).toEqual({
      args: { skipped: "argparse.Namespace" },
      simple: { skipped: "types.SimpleNamespace" },
      float: { skipped: "numpy scalar" },
      array: { skipped: "numpy.ndarray" },
      generator: ["MT19937", { skipped: "numpy.ndarray" }, 624, 0, 0],
      default: new Map([["a", [1]]]),
      counter: new Map([
        ["a", 2],
        ["b", 1],
      ]),
      deque: { skipped: "collections.deque" },
      date: { skipped: "datetime.date" },
      delta: { skipped: "datetime.timedelta" },
      path: { skipped: "pathlib.PurePosixPath" },
      set: { skipped: "set" },
      frozen: { skipped: "frozenset" },
      bytes: new Uint8Array([0, 255]),
      "array of bytes": protocol === 2 ? { skipped: "bytearray" } : new Uint8Array([97, 98]),
      complex: { skipped: "complex" },
      range: { skipped: range },
      dtype: { skipped: "torch.float32" },
    });
  });

  it("do not hinder the reading of the tensors, and are named", () => {
    const skipped: string[] = [];
    const state = readStateDict(fixture(`objects2_zip_${version}.pth`), {
      skipped: (name, what) => skipped.push(`${name}: ${what}`),
    });
    expect([...state.keys()]).toEqual(["weight"]);
    expect(skipped).toHaveLength(18);
    expect(skipped[0]).toBe("args: an object of kind `argparse.Namespace`");
  });
});

describe("the state dicts in a checkpoint", () => {
  const vector = tensor(storage(8), 0, [8], [1]);
  const state = (...names: string[]): Buffer => raw("}", ...names.flatMap((name) => [text(name), vector, "s"]));
  const dictionary = (entries: Record<string, Buffer>): Buffer =>
    raw("}", ...Object.entries(entries).flatMap(([key, value]) => [text(key), value, "s"]));
  const folder = temporaryFolder();
  const file = (value: Buffer): string => {
    const path = join(folder, `${Math.random()}.pth`);
    writeFileSync(path, archive(pickle(value), { "0": eight }));
    return path;
  };

  it("are listed with where they lie, and read from there", () => {
    const path = file(
      dictionary({
        step: number(5),
        models: raw("](", state("a"), state("b", "c"), "e"),
        ema: dictionary({ G: state("d") }),
      }),
    );
    expect(listStateDicts(path)).toEqual([
      { entry: "models.0", names: ["a"] },
      { entry: "models.1", names: ["b", "c"] },
      { entry: "ema.G", names: ["d"] },
    ]);
    expect([...readStateDict(path, { entry: "models.1" }).keys()]).toEqual(["b", "c"]);
    expect([...readStateDict(path, { entry: "ema.G" }).keys()]).toEqual(["d"]);
    expect(() => readStateDict(path, { entry: "models.2" })).toThrow(
      /no entry `models.2`; did you mean `models.[01]`\?/,
    );
    expect(() => readStateDict(path)).toThrow(
      /`step` is the number 5, not a tensor; entries that hold tensors: `models.0`/,
    );
  });

  it("may be the items of a list", () => {
    const path = file(raw("](", state("a"), state("b"), "e"));
    expect(listStateDicts(path).map(({ entry }) => entry)).toEqual(["0", "1"]);
    expect([...readStateDict(path, { entry: "1" }).keys()]).toEqual(["b"]);
    expect(() => readStateDict(path)).toThrow(
      /the file holds a list of 2, not a dictionary; entries that hold tensors: `0`, `1`/,
    );
  });

  it("are not a counter that stands beside them", () => {
    const path = file(dictionary({ step: vector, model: state("a") }));
    expect(() => readStateDict(path)).toThrow(/`model` is a dictionary of 1, not a tensor; .*: `model`/);
  });
});

it.each(["1.13", "2.13"])("refuses a whole model and a TorchScript program of torch %s", (version) => {
  expect(() => readPth(fixture(`refused_model_zip_${version}.pth`))).toThrow(
    /refused: the file asks for `torch.nn.modules.container.Sequential`; .* \(save `model.state_dict\(\)`, not the model\)/,
  );
  expect(() => readPth(fixture(`refused_script_${version}.pt`))).toThrow(/a TorchScript program, not a state dict/);
});

it("refuses other files with the reason", () => {
  expect(() => readPth(fixture("absent.pth"))).toThrow(/cannot read .*absent.pth: there is no such file/);
  expect(() => readPth(fixture("."))).toThrow(/it is a folder/);
  expect(() => readPth(fixture("reference.safetensors"))).toThrow(
    /not a PyTorch checkpoint .* neither a zip archive nor/,
  );
  expect(() => readPth(fixture("statistics.npz"))).toThrow(/has 0 entries <name>\/data.pkl/);
});
