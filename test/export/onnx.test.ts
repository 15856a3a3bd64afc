/**
 * The checker of the Python package onnx looks at every model where a python3 has it (GANTRY_ONNX_PYTHON names another). Elsewhere
 * the structure of each model must be one that it passed: checked-models.json. `GANTRY_RECORD=1 npm test -- test/export` stores
 * what it passes.
 *
 * ONNX models of every architecture against the networks that they were made of: ONNX Runtime computes them, in a process
 * without libtorch, for several sizes of the batch.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { networkOnnx, type OnnxModel, type OnnxOptions } from "../../src/export/onnx/index.ts";
import { quantise } from "../../src/formats/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { recordDifferences } from "./differences.ts";
import { folder } from "./folder.ts";
import { differenceOf, networkCases, openedCase, passOf, storedRun } from "./networks.ts";
import { runOnnx } from "./onnxruntime.ts";
import { structureHash } from "./structure.ts";

const BATCHES = [1, 7];
const TOLERANCE = 1e-4;
const record = join(import.meta.dirname, "checked-models.json");
const cases = Object.entries(networkCases);

interface Checked {
  readonly model: OnnxModel;
  readonly file: string;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly expected: ReadonlyMap<string, Tensor>;
}

describe("every architecture", () => {
  const checked = new Map<string, Checked[]>();
  const results = new Map<Checked, ReadonlyMap<string, Tensor>>();
  const where = folder();

  beforeAll(() => {
    for (const [name, make] of cases) {
      const described = make();
      const opened = openedCase(described);
      for (const network of ["generator", "discriminator"] as const) {
        const shares = described.labels === "shares";
        if (shares && network === "discriminator") continue;
        const options: OnnxOptions = { network, ...(shares ? { labels: "shares" } : {}) };
        const model = networkOnnx(opened, storedRun(), options);
        const file = join(where, `${checked.size}-${network}.onnx`);
        writeFileSync(file, model.bytes);
        const passes = BATCHES.map((batch) => {
          const { inputs, outputs } = passOf(opened.trained, batch, network, shares);
          const taken = new Map([...inputs].filter(([input]) => model.inputs.some((each) => each.name === input)));
          return { model, file, inputs: taken, expected: outputs };
        });
        checked.set(`${name}: ${network}`, passes);
      }
      opened.trained.dispose();
    }
    for (const [key, [first]] of checked) structures[key] = structureHash(first!.model.bytes);
    const all = [...checked.values()].flat();
    const outputs = runOnnx(all.map(({ file, inputs }) => ({ model: file, inputs })));
    for (const [i, one] of all.entries()) results.set(one, outputs[i]!);
  });

  const structures: Record<string, string> = {};

  it("passes the checker of the package onnx", () => {
    const python = process.env.GANTRY_ONNX_PYTHON ?? "python3";
    const files = [...checked.values()].map(([first]) => first!.file);
    if (spawnSync(python, ["-c", "import onnx"]).status === 0) {
      const checker = spawnSync(python, [join(import.meta.dirname, "check_onnx.py"), ...files], { encoding: "utf8" });
      expect(checker.status, checker.stderr).toBe(0);
      const { onnx, models } = JSON.parse(checker.stdout) as { onnx: string; models: number };
      expect(models).toBe(files.length);
      if (process.env.GANTRY_RECORD !== undefined) {
        writeFileSync(record, `${JSON.stringify({ onnx, structures }, null, 2)}\n`);
      }
    }
    expect(JSON.parse(readFileSync(record, "utf8")).structures).toEqual(structures);
  });

  const measured: Record<string, number> = {};
  afterAll(() => recordDifferences("onnx", measured));

  it.each(cases.map(([name]) => name))("%s", (name) => {
    let largest = 0;
    for (const [key, passes] of checked) {
      if (!key.startsWith(`${name}: `)) continue;
      for (const one of passes) {
        const found = results.get(one)!;
        expect([...found.keys()]).toEqual([...one.expected.keys()]);
        for (const [output, expected] of one.expected) {
          const own = found.get(output)!;
          expect(own.shape).toEqual(expected.shape);
          largest = Math.max(largest, differenceOf(own, expected));
        }
        expect(one.model.difference).toBeLessThan(TOLERANCE);
      }
    }
    expect(largest).toBeLessThan(TOLERANCE);
    measured[name] = largest;
  });
});

describe("the forms of a generator", () => {
  const files = folder();

  it("writes bytes as PNG files have them, in either order", () => {
    const opened = openedCase(networkCases.dcgan!());
    const { inputs, outputs } = passOf(opened.trained, 3, "generator", false);
    const models = (["nchw", "nhwc"] as const).map((uint8) => {
      const file = join(files, `${uint8}.onnx`);
      const model = networkOnnx(opened, storedRun(), { uint8 });
      expect(model.outputs[0]).toEqual({
        name: "images",
        dtype: "uint8",
        shape: uint8 === "nchw" ? ["batch", 3, 16, 16] : ["batch", 16, 16, 3],
      });
      writeFileSync(file, model.bytes);
      return { model: file, inputs: new Map([["z", inputs.get("z")!]]) };
    });
    const [first, last] = runOnnx(models).map((found) => found.get("images")!);
    const wanted = Tensor.fromArray(quantise(outputs.get("images")!).pixels, [3, 3, 16, 16]).float();
    // A value next to a half may be rounded to either side.
    expect(first!.float().sub(wanted).abs().max().item()).toBeLessThanOrEqual(1);
    expect(first!.float().eq(wanted).float().mean().item()).toBeGreaterThan(0.999);
    expect(last!.permute([0, 3, 1, 2]).equal(first!)).toBe(true);
    opened.trained.dispose();
  });

  it("halves the file with --half, and says the difference that this makes", () => {
    const opened = openedCase(networkCases.biggan!());
    const whole = networkOnnx(opened, storedRun());
    const half = networkOnnx(opened, storedRun(), { half: true });
    expect(half.bytes.length / whole.bytes.length).toBeLessThan(0.75);
    const { inputs, outputs } = passOf(opened.trained, 4, "generator", false);
    const file = join(files, "half.onnx");
    writeFileSync(file, half.bytes);
    const found = runOnnx([{ model: file, inputs }])[0]!.get("images")!;
    const difference = differenceOf(found, outputs.get("images")!);
    expect(half.difference).toBeGreaterThan(1e-5);
    expect(difference).toBeGreaterThan(half.difference / 10);
    expect(difference).toBeLessThan(half.difference * 10);
    opened.trained.dispose();
  });
});
