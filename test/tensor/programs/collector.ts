/** What the collector does with tensors outside every scope; needs --expose-gc. Prints its findings as JSON. */
import { liveTensors, Tensor } from "../../../src/tensor/index.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc!();
    await turn();
  }
}

/** Makes garbage in a frame of its own, so that nothing is left on the stack. */
function litter(count: number): void {
  for (let i = 0; i < count; i++) Tensor.ones([4]).add(1);
}

const report: Record<string, number> = {};

litter(1000);
await collect();
report.leftAfterCollection = liveTensors();

let most = 0;
for (let i = 0; i < 300; i++) {
  Tensor.empty([2 << 20]);
  most = Math.max(most, liveTensors());
  if (i % 10 === 9) await turn();
}
report.mostLiveUnderPressure = most;
await collect();

let buffer: SharedArrayBuffer | undefined = new SharedArrayBuffer(64);
let tensor: Tensor | undefined = Tensor.fromShared(new Float32Array(buffer));
const watched = new WeakRef(buffer);
buffer = undefined;
await collect();
// The tensor alone holds the memory, and reads it.
report.sharedWhileHeld = watched.deref() === undefined || tensor.sum().item() !== 0 ? 0 : 1;
tensor.dispose();
tensor = undefined;
await turn();
await collect();
report.sharedAfterwards = watched.deref() === undefined ? 0 : 1;

console.log(JSON.stringify(report));
