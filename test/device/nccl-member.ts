/**
 * One of two processes whose devices are joined, for test/device/nccl.test.ts: `rank place values|steps|late|failing [device]`. The
 * place is a port, or a file. Prints what carries its tensors, and what it computed, as lines of JSON.
 */
import {
  allGather,
  allReduce,
  broadcast,
  grad,
  joinDevices,
  joinGroup,
  leaveGroup,
  requireGroup,
  Tensor,
} from "../../src/tensor/index.ts";
import { sharedGan } from "../training/shared-gans.ts";
import { OTHER_DEVICE, otherDevice } from "./other-device.ts";

const [, , first, place = "", mode, device = OTHER_DEVICE] = process.argv;
const rank = Number(first);
const print = (value: unknown): void => console.log(JSON.stringify(value));
const values = (x: Tensor): number[] => Array.from(x.toArray(), Number);

function results(): Record<string, number[]> {
  const there = (numbers: ArrayLike<number> | BigInt64Array, shape?: number[]): Tensor =>
    Tensor.fromArray(numbers as number[], shape).to({ device });
  const wave = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i + 100 * rank) / (i + 1));
  const maps = there(wave.slice(0, 32), [2, 2, 2, 4]).to({ memoryFormat: "channelsLast" });
  const scores = there(wave.slice(0, 6), [3, 2]);
  return {
    sum: values(allReduce(there(wave))),
    number: values(allReduce(there(wave.slice(0, 1), []))),
    whole: values(allReduce(there(BigInt64Array.from([BigInt(rank), 2n ** 40n])))),
    double: values(allReduce(there(wave).to({ dtype: "float64" }))),
    maps: values(allReduce(maps)),
    gathered: values(allGather(scores.narrow(1, 0, 1))),
    copied: values(broadcast(there(wave), 1)),
    halves: values(broadcast(there(wave).to({ dtype: "float16" }))),
    // By gloo in either case.
    onCpu: values(allReduce(Tensor.fromArray(wave))),
  };
}

/** Gradients of both orders through a sum; from libtorch 2 on, gradients want more of a device than this one has. */
function gradients(): number[][] {
  const x = Tensor.fromArray([rank + 1, 10 * (rank + 1)])
    .to({ device })
    .requiresGrad_(true);
  const loss = allReduce(x)
    .square()
    .sum()
    .mul(rank + 1);
  const [first] = grad(loss, [x], { createGraph: true });
  const [second] = grad(first.sum(), [x]);
  return [first, second!].map(values);
}

try {
  otherDevice();
  const where = /^\d+$/.test(place) ? { port: Number(place) } : { port: 0, file: place };
  joinGroup({ rank, size: 2, host: "127.0.0.1", ...where, address: "127.0.0.1", timeout: 120 });
  print(joinDevices(device));
  if (mode === "values") print(results());
  if (mode === "steps") {
    print(gradients());
    print(sharedGan("techniques", { rank, size: 2 }, device));
  }
  if (mode === "late") {
    values(allReduce(Tensor.ones([3]).to({ device })));
    requireGroup();
    if (rank === 1) process.exit(3);
    try {
      allReduce(Tensor.ones([3]).to({ device }));
    } finally {
      // What was read meanwhile would be of no use.
      for (const check of [requireGroup, () => allReduce(Tensor.ones([3]).to({ device }))]) {
        try {
          check();
        } catch (error) {
          print(`${error}`);
        }
      }
    }
  }
  if (mode === "failing") allReduce(Tensor.ones([3]).to({ device }));
  leaveGroup();
} catch (error) {
  print(`${error}`);
  process.exitCode = 1;
}
