/** Runs the network by onnxruntime-web, in a thread of its own: the page answers while it draws. */
import { env, InferenceSession, Tensor } from "onnxruntime-web/webgpu";
import type { Answer, Request } from "./messages.ts";

// Several threads need headers that a plain static server does not send.
env.wasm.numThreads = 1;
env.logLevel = "error";

let session: InferenceSession | undefined;

async function open(model: string, engine: "webgpu" | "wasm"): Promise<void> {
  const response = await fetch(model);
  if (!response.ok) throw new Error(`${model} could not be loaded: the server answered ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  await session?.release();
  session = await InferenceSession.create(bytes, { executionProviders: [engine] });
}

async function draw({ count, latents, labels }: Extract<Request, { ask: "draw" }>): Promise<Float32Array> {
  const inputs: Record<string, Tensor> = { z: new Tensor("float32", latents, [count, latents.length / count]) };
  if (labels instanceof BigInt64Array) inputs.y = new Tensor("int64", labels, [count]);
  else if (labels !== undefined) inputs.y = new Tensor("float32", labels, [count, labels.length / count]);
  const [output] = Object.values(await session!.run(inputs));
  return (await output!.getData()) as Float32Array;
}

self.addEventListener("message", async ({ data }: MessageEvent<Request>) => {
  const { id } = data;
  let answer: Answer;
  try {
    if (data.ask === "open") {
      await open(data.model, data.engine);
      answer = { id };
    } else {
      answer = { id, values: await draw(data) };
    }
  } catch (error) {
    answer = { id, error: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(answer);
});
