/**
 * ONNX Runtime in a process of its own, which does not hold libtorch. Jobs come as JSON on standard input, results go as JSON
 * to standard output: [{ model, inputs: { name: { dtype, shape, data } } }], data in base64.
 */
import * as ort from "onnxruntime-node";

const ARRAYS = { float32: Float32Array, int64: BigInt64Array, uint8: Uint8Array };

let text = "";
for await (const part of process.stdin) text += part;
const results = [];
for (const { model, inputs } of JSON.parse(text)) {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
      const bytes = new Uint8Array(Buffer.from(data, "base64"));
      return [name, new ort.Tensor(dtype, new ARRAYS[dtype](bytes.buffer), shape)];
    }),
  );
  const outputs = await session.run(feeds);
  results.push(
    Object.fromEntries(
      Object.entries(outputs).map(([name, { type, dims, data }]) => {
        const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
        return [name, { dtype: type, shape: [...dims], data: bytes.toString("base64") }];
      }),
    ),
  );
}
process.stdout.write(JSON.stringify(results));
