/**
 * The cost of layers that look at batches: whole training steps of DCGAN-32 in one process, in turns, next to the step with
 * batch norm in the generator.
 *
 *     npm run bench -- batch-layers                   a table
 *     npx jiti bench/batch-layers.ts --turns 20 --json
 *     npx jiti bench/batch-layers.ts --threads 1 --cpu       processor time: for a machine that others use as well
 *
 * A ratio is the median over turns of a step's time over that of the step with batch norm in the same turn.
 */

import { availableParallelism, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { BuiltGan } from "../src/training/index.ts";
import { compiled, type Gantry } from "./compiled.ts";
import { Side } from "./side.ts";
import { smallDcgan } from "./steps.ts";
import { clockOf, median } from "./timing.ts";

const JITI = fileURLToPath(new URL("../node_modules/jiti/lib/jiti-cli.mjs", import.meta.url));
const SIZE = 32;

/** The steps by name; the first is what the others are compared with. */
const VARIANTS: Readonly<Record<string, (gantry: Gantry) => BuiltGan>> = {
  "batch norm": (gantry) => smallDcgan(gantry, SIZE, []),
  "no norm": (gantry) => smallDcgan(gantry, SIZE, [], { batchNorm: false }),
  "virtual batch norm": (gantry) => smallDcgan(gantry, SIZE, [gantry.virtualBatchNorm()]),
  "virtual, R = 16": (gantry) => smallDcgan(gantry, SIZE, [gantry.virtualBatchNorm({ size: 16 })]),
  "minibatch discrimination": (gantry) => smallDcgan(gantry, SIZE, [gantry.minibatchDiscrimination()]),
  "minibatch standard deviation": (gantry) => smallDcgan(gantry, SIZE, [gantry.minibatchStandardDeviation()]),
};

interface Times {
  readonly engine: string;
  /** Milliseconds of each turn by variant. */
  readonly turns: Readonly<Record<string, readonly number[]>>;
}

const { values } = parseArgs({
  options: {
    cpu: { type: "boolean", default: false },
    json: { type: "boolean" },
    threads: { type: "string", default: String(availableParallelism()) },
    turns: { type: "string", default: "12" },
    worker: { type: "boolean" },
  },
});

const now = clockOf(values.cpu);

async function worker(turns: number): Promise<Times> {
  const gantry = await compiled();
  const gans = Object.entries(VARIANTS).map(([name, make]) => [name, make(gantry), [] as number[]] as const);
  for (let turn = -2; turn < turns; turn++) {
    // Every variant comes at every place of a turn.
    const first = (turn + 2) % gans.length;
    for (const [, gan, times] of [...gans.slice(first), ...gans.slice(0, first)]) {
      const start = now();
      gantry.trainingStep(gan).dispose();
      if (turn >= 0) times.push(now() - start);
    }
  }
  return {
    engine: gantry.engineSummary().libtorch,
    turns: Object.fromEntries(gans.map(([name, , times]) => [name, times])),
  };
}

async function main(): Promise<void> {
  const load = loadavg()[0]!;
  const args = [JITI, fileURLToPath(import.meta.url), "--worker", "--turns", values.turns];
  if (values.cpu) args.push("--cpu");
  const side = new Side(process.execPath, args, { OMP_NUM_THREADS: values.threads });
  const { engine, turns } = await side.answer<Times>();
  side.close();
  const base = Object.values(turns)[0]!;
  if (!values.json) console.log(`libtorch ${engine}, ${values.threads} threads, load ${load.toFixed(1)}\n`);
  for (const [name, times] of Object.entries(turns)) {
    const ms = median(times);
    const ratio = median(times.map((time, i) => time / base[i]!));
    if (values.json) console.log(JSON.stringify({ name, engine, load, ms, ratio }));
    else console.log(`${name.padEnd(30)}${ms.toFixed(1).padStart(8)} ms  ${ratio.toFixed(3)}`);
  }
}

if (values.worker) console.log(JSON.stringify(await worker(Number(values.turns))));
else await main();
