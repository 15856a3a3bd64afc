/** Tensors in two threads: each has its own scopes and modes, and neither sees the other's. */
import { parentPort, Worker, workerData } from "node:worker_threads";
import { configureEngine, isGradEnabled, liveTensors, noGrad, scope, Tensor } from "../../../src/tensor/index.ts";
import { binding } from "../../../src/tensor/native.ts";
import { typescript } from "../child.ts";

if (parentPort === null) {
  configureEngine({ threads: 1 });
  const own = Tensor.ones([3]);
  let cloned: unknown;
  try {
    cloned = structuredClone(own);
  } catch (error) {
    cloned = (error as Error).name;
  }
  // The worker starts while this thread records nothing and has a scope open.
  await noGrad(() => {
    scope(() => Tensor.ones([4]).add(1));
    return null;
  });
  const worker = new Worker(new URL(import.meta.url), { workerData: { cloned }, execArgv: typescript });
  const before = liveTensors();
  const answer = await new Promise((resolve) => worker.once("message", resolve));
  await worker.terminate();
  console.log(
    JSON.stringify({ answer, live: liveTensors() - before, sum: own.sum().item(), threads: binding().threads() }),
  );
} else {
  let message = "accepted";
  try {
    Tensor.ones([3]).add((workerData as { cloned: Tensor }).cloned);
  } catch (error) {
    message = (error as Error).message;
  }
  scope(() => Tensor.ones([2]).add(1).sum().item());
  parentPort.postMessage({ message, gradients: isGradEnabled(), live: liveTensors(), threads: binding().threads() });
}
