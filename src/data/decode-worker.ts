/**
 * The worker thread of {@link ./decode-pool.ts}: decodes one chunk per message and hands the bytes back without a copy.
 */
import { parentPort } from "node:worker_threads";
import { type Chunk, decodeChunk } from "./decode.ts";

parentPort?.on("message", async (chunk: Chunk) => {
  const decoded = await decodeChunk(chunk);
  const { pixels, good, sizes } = decoded;
  parentPort?.postMessage(decoded, [pixels.buffer, good.buffer, sizes.buffer] as ArrayBuffer[]);
});
