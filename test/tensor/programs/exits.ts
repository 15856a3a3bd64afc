/** Holds tensors, a recorded graph, a generator and an unfinished scope in every way in which a process can end. */
import { parentPort, Worker, workerData } from "node:worker_threads";
import { Generator, grad, inferenceMode, keep, noGrad, scope, Tensor } from "../../../src/tensor/index.ts";
import { typescript } from "../child.ts";

const x = keep(Tensor.randn([64, 64], { generator: new Generator(1) }).requiresGrad_());
const y = x.matmul(x).tanh().sum();
grad(y, [x], { createGraph: true });

function forever(): void {
  parentPort?.postMessage("computing");
  for (;;) scope(() => x.matmul(x).sum().item());
}

const endings: Record<string, () => void> = {
  normal: () => {},
  "exit 0": () => process.exit(0),
  "exit 3": () => process.exit(3),
  "exit in a scope": () => scope(() => x.add(1) && process.exit(4)),
  "exit in inference mode": () => inferenceMode(() => process.exit(5)),
  "exit without gradients": () => noGrad(() => process.exit(6)),
  "exit from a timer": () => setTimeout(() => process.exit(7), 5),
  "compute in the exit event": () => process.on("exit", () => console.log(x.add(1).shape.join(","))),
  exception: () => {
    throw new Error("on purpose");
  },
  rejection: () => {
    Promise.reject(new Error("on purpose"));
  },
  terminated: () => process.kill(process.pid, "SIGTERM"),
  "worker ends": () => work("normal"),
  "worker exits": () => work("exit 3"),
  "worker throws": () => work("exception"),
  "worker is terminated": () => work("forever", (worker) => worker.terminate()),
  "worker is terminated in inference mode": () => work("forever in inference mode", (worker) => worker.terminate()),
  "exit while a worker computes": () => work("forever", () => process.exit(8)),
  "three workers": () => {
    for (let i = 0; i < 3; i++) work("normal");
  },
  forever,
  "forever in inference mode": () => inferenceMode(forever),
};

function work(ending: string, onMessage: (worker: Worker) => void = () => {}): void {
  const worker = new Worker(new URL(import.meta.url), { workerData: ending, execArgv: typescript });
  worker.on("message", () => onMessage(worker));
  worker.on("error", (error) => console.log(`worker failed: ${error.message}`));
  // The main thread's tensors are still there.
  worker.on("exit", (code) => console.log(`worker left ${code}, ${Number.isFinite(y.item())}`));
}

endings[(workerData as string | null) ?? process.argv[2] ?? ""]!();
