/** Models run by ONNX Runtime, in a child process. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { bytesOf, type Tensor, tensorOf } from "../../src/tensor/index.ts";

/** A model's file and its inputs. */
export interface OnnxJob {
  readonly model: string;
  readonly inputs: ReadonlyMap<string, Tensor>;
}

interface Stored {
  readonly dtype: "float32" | "int64" | "uint8";
  readonly shape: number[];
  readonly data: string;
}

/** The outputs of each model, by name. All models run in one process. */
export function runOnnx(jobs: readonly OnnxJob[]): Map<string, Tensor>[] {
  const stored = jobs.map(({ model, inputs }) => ({
    model,
    inputs: Object.fromEntries(
      [...inputs].map(([name, tensor]) => [
        name,
        { dtype: tensor.dtype, shape: tensor.shape, data: Buffer.from(bytesOf(tensor)).toString("base64") },
      ]),
    ),
  }));
  const child = spawnSync(process.execPath, [join(import.meta.dirname, "run-onnx.js")], {
    input: JSON.stringify(stored),
    encoding: "utf8",
    maxBuffer: 2 ** 30,
  });
  if (child.status !== 0) throw new Error(`ONNX Runtime failed: ${child.stderr}`);
  return (JSON.parse(child.stdout) as Record<string, Stored>[]).map(
    (outputs) =>
      new Map(
        Object.entries(outputs).map(([name, { dtype, shape, data }]) => [
          name,
          tensorOf(new Uint8Array(Buffer.from(data, "base64")), dtype, shape),
        ]),
      ),
  );
}
