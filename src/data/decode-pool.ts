/**
 * Decoding in worker threads: chunks out, pixels back in order.
 *
 * Everything is decoded before training starts, into a pack that training only reads. The workers let the preparation
 * use every core, and end with it.
 */
import { Worker } from "node:worker_threads";
import { type Chunk, type Decoded, decodeChunk } from "./decode.ts";

/**
 * Starts the decoding worker. The compiled package runs its JavaScript; from the TypeScript sources (tests,
 * development) the worker registers the same loader that reads a user's TypeScript recipe, so that no stale build is
 * ever run.
 */
function startWorker(): Worker {
  const fromSources = import.meta.url.endsWith(".ts");
  const url = new URL(fromSources ? "./decode-worker.ts" : "./decode-worker.js", import.meta.url);
  const execArgv = fromSources ? ["--import", import.meta.resolve("jiti/register")] : [];
  return new Worker(url, { execArgv });
}

/** Sends a chunk to a worker and waits for its answer. */
function ask(worker: Worker, chunk: Chunk): Promise<Decoded> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      finish();
    };
    const onMessage = (decoded: Decoded): void => settle(() => resolve(decoded));
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (code: number): void =>
      settle(() => reject(new Error(`a decoding thread ended early (code ${code})`)));
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(chunk);
  });
}

/**
 * Decodes chunks on `workers` threads (0: in this thread) and gives `take` each result in the order of the chunks.
 * Chunks are drawn one at a time, and no thread runs more than a few chunks ahead of the slowest, so memory stays
 * bounded.
 */
export async function decodeAll(
  chunks: AsyncIterable<Chunk>,
  workers: number,
  take: (decoded: Decoded) => void,
): Promise<void> {
  if (workers === 0) {
    for await (const chunk of chunks) take(await decodeChunk(chunk));
    return;
  }
  const queue = chunks[Symbol.asyncIterator]();
  const waiting = new Map<number, Decoded>();
  let drawn = 0;
  let taken = 0;
  let wake: () => void = () => undefined;
  let turn = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const lane = async (worker: Worker): Promise<void> => {
    while (true) {
      while (drawn - taken > 4 * workers) await turn;
      const index = drawn++;
      const next = await queue.next();
      if (next.done) return;
      waiting.set(index, await ask(worker, next.value));
      for (let ready = waiting.get(taken); ready !== undefined; ready = waiting.get(taken)) {
        waiting.delete(taken++);
        take(ready);
      }
      wake();
      turn = new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const pool = Array.from({ length: workers }, startWorker);
  try {
    await Promise.all(pool.map(lane));
  } finally {
    await queue.return?.();
    await Promise.all(pool.map((worker) => worker.terminate()));
  }
}
