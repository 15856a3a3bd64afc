/** Every operator that has a form in ONNX, alone: ONNX Runtime computes what the engine does, for two sizes of the batch. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { converted } from "../../src/export/onnx/convert.ts";
import { modelBytes } from "../../src/export/onnx/model.ts";
import { converters } from "../../src/export/onnx/operators/index.ts";
import { disposeGraph, replay } from "../../src/export/trace/index.ts";
import { inferenceMode, type Tensor } from "../../src/tensor/index.ts";
import { folder } from "./folder.ts";
import { runOnnx } from "./onnxruntime.ts";
import { passes, tracedPass } from "./passes.ts";

describe("an operator in ONNX", () => {
  const where = folder();
  const met = new Set<string>();
  const found = new Map<
    string,
    { expected: Map<string, Tensor>; own: Map<string, Tensor>; again: Map<string, Tensor> }[]
  >();

  beforeAll(() => {
    const jobs: {
      name: string;
      model: string;
      inputs: Map<string, Tensor>;
      expected: Map<string, Tensor>;
      again: Map<string, Tensor>;
    }[] = [];
    inferenceMode(() => {
      for (const [name, pass] of Object.entries(passes)) {
        const { graph, inputs, forward } = tracedPass(pass);
        for (const { operator } of graph.nodes) met.add(operator);
        const parts = converted(graph);
        const model = join(where, `${jobs.length}.onnx`);
        writeFileSync(model, modelBytes({ name, description: "", producerVersion: "", metadata: {}, ...parts }));
        for (const batch of [2, 5]) {
          const given = inputs(batch);
          jobs.push({ name, model, inputs: given, expected: forward(given), again: replay(graph, given) });
        }
        disposeGraph(graph);
      }
    });
    const outputs = runOnnx(jobs);
    for (const [i, { name, expected, again }] of jobs.entries()) {
      found.set(name, [...(found.get(name) ?? []), { expected, again, own: outputs[i]! }]);
    }
  });

  it.each(Object.keys(passes))("%s", (name) => {
    for (const { expected, own, again } of found.get(name)!) {
      for (const [output, wanted] of expected) {
        for (const tensor of [own.get(output)!, again.get(output)!]) {
          expect(tensor.shape, output).toEqual(wanted.shape);
          const difference = tensor
            .double()
            .sub(wanted.double())
            .abs()
            .div(wanted.double().abs().clampMin(1))
            .max()
            .item();
          expect(difference, output).toBeLessThan(2e-5);
        }
      }
    }
  });

  it("is tried for every line of the table", () => {
    expect(Object.keys(converters).filter((operator) => !met.has(operator))).toEqual([]);
  });
});
