/**
 * Our side of the benchmarks, in a process of its own: `worker.ts NAME CLOCK` prints the engine and the networks' sizes and
 * answers each line "run COUNT EACH" on standard input as `peer/run.py` does; `worker.ts NAME CLOCK limit` prints the
 * highest rate that the engine reaches and ends.
 */
import { createInterface } from "node:readline";
import type { ConvolutionMode } from "../src/tensor/index.ts";
import { CLOCKS, type Clock } from "./clock.ts";
import { compiled } from "./compiled.ts";
import { DEVICE } from "./device.ts";
import { engineOf } from "./engine.ts";
import { peakRate } from "./limit.ts";
import { STEPS } from "./steps.ts";

const gantry = await compiled();
// As a run does: the fastest algorithms for convolutions, unless the environment says otherwise. The first turn is not counted.
gantry.setConvolutionMode((process.env.GANTRY_CONVOLUTION ?? "measure") as ConvolutionMode);
gantry.setCudnnBenchmark(true);
const say = (answer: unknown): void => console.log(JSON.stringify(answer));
const [name = "", clock = "wall", what] = process.argv.slice(2);
const now = CLOCKS[clock as Clock];

if (what === "limit") {
  say(peakRate(gantry, name, now, DEVICE));
} else {
  const step = await STEPS[name]!(gantry);
  say({ ...(await engineOf(gantry)), parameters: step.parameters ?? null });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "memory") {
      const memory = gantry.deviceMemory(DEVICE);
      say(memory === undefined ? null : memory.peak / 2 ** 20);
      continue;
    }
    const [, count, each] = line.split(" ").map(Number) as [number, number, number];
    const times: number[] = [];
    for (let i = 0; i < count; i++) {
      const start = now();
      step.run(each);
      times.push((now() - start) / each);
    }
    say(times);
  }
}
