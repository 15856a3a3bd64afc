/**
 * FID from features: two covariances of 50,000 x 2,048 features and the distance, next to numpy, scipy and pytorch-fid.
 *
 *     npx jiti bench/fid.ts                   a table
 *     npx jiti bench/fid.ts --json            one JSON object
 *     npx jiti bench/fid.ts --count 10000     fewer samples
 *
 * Both sides read the same made-up features from memory, take turns, and have two threads each. The peer needs a Python
 * with numpy, scipy and pytorch-fid (`GANTRY_BENCH_PYTHON`, or python3); without one only our time is printed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { frechetDistance, type Gaussian, Moments } from "../src/metrics/formulas/index.ts";
import { engineSummary, Generator, noGrad, scope, Tensor } from "../src/tensor/index.ts";
import { Side } from "./side.ts";

const DIMENSIONS = 2048;
const BATCH = 500;
const THREADS = "2";
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    count: { type: "string", default: "50000" },
    turns: { type: "string", default: "3" },
    worker: { type: "string", multiple: true },
  },
});
const count = Number(values.count);

/** Like Inception's: not negative, correlated, of very different variances. */
function writeFeatures(file: string, seed: number): void {
  const generator = new Generator(seed);
  const shared = new Generator(7);
  const mix = Tensor.randn([512, DIMENSIONS], { generator: shared }).mul(
    Tensor.linspace(0, -3, DIMENSIONS).exp().div(Math.sqrt(512)),
  );
  writeFileSync(file, "");
  for (let done = 0; done < count; done += BATCH) {
    scope(() => {
      const length = Math.min(BATCH, count - done);
      const features = Tensor.randn([length, 512], { generator })
        .mm(mix)
        .add(0.05 * seed)
        .relu();
      writeFileSync(file, features.toArray() as Float32Array, { flag: "a" });
    });
  }
}

/** Our side: features come in batches, as from a network. */
function worker(files: readonly string[]): void {
  const sets = files.map((file) =>
    Tensor.fromFile(file, { dtype: "float32", size: count * DIMENSIONS })
      .view([-1, DIMENSIONS])
      .clone(),
  );
  const parts = { moments: 0, distance: 0 };
  let value = 0;
  const fit = (features: Tensor): Gaussian => {
    const moments = new Moments(DIMENSIONS);
    for (let at = 0; at < count; at += BATCH) {
      scope(() => moments.add(features.narrow(0, at, Math.min(BATCH, count - at))));
    }
    const result = moments.result();
    moments.dispose();
    return result;
  };
  const fid = (): void =>
    scope(() => {
      const start = performance.now();
      const [real, fake] = sets.map(fit);
      parts.moments = performance.now() - start;
      value = frechetDistance(real!, fake!);
      parts.distance = performance.now() - start - parts.moments;
    });
  console.log(JSON.stringify(engineSummary()));
  createInterface({ input: process.stdin }).on("line", (line) => {
    const [order, times] = line.split(" ");
    if (order === "value") return console.log(JSON.stringify({ value, ...parts }));
    const taken = Array.from({ length: Number(times) }, () => {
      const start = performance.now();
      noGrad(fid);
      return performance.now() - start;
    });
    console.log(JSON.stringify(taken));
  });
}

function findPeer(): string | undefined {
  const candidates = process.env.GANTRY_BENCH_PYTHON ? [process.env.GANTRY_BENCH_PYTHON] : ["python3"];
  return candidates.find(
    (command) => spawnSync(command, ["-c", "import numpy, scipy, pytorch_fid"], { stdio: "ignore" }).status === 0,
  );
}

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "gantry-fid-"));
  const files = [join(folder, "real"), join(folder, "fake")];
  const environment = { OMP_NUM_THREADS: THREADS, OPENBLAS_NUM_THREADS: THREADS, MKL_NUM_THREADS: THREADS };
  const sides: Side[] = [];
  try {
    for (const [i, file] of files.entries()) scope(() => writeFeatures(file, i));
    const python = findPeer();
    const flags = files.flatMap((file) => ["--worker", file]);
    const jiti = path("../node_modules/jiti/lib/jiti-cli.mjs");
    const ours = new Side(process.execPath, [jiti, path("fid.ts"), "--count", String(count), ...flags], environment);
    sides.push(ours);
    const { libtorch } = await ours.answer<{ libtorch: string }>();
    const peer =
      python === undefined
        ? undefined
        : new Side(python, [path("peer/fid.py"), ...files, String(DIMENSIONS)], environment);
    if (peer) sides.push(peer);
    const peerName = await peer?.answer<string>();
    const times = new Map<Side, number[]>(sides.map((side) => [side, []]));
    for (let turn = 0; turn < Number(values.turns); turn++) {
      for (const side of turn % 2 === 0 ? sides : sides.toReversed()) times.get(side)!.push(...(await side.run(1, 1)));
    }
    const result = {
      name: "fid",
      count,
      engine: libtorch,
      peer: peerName ?? null,
      ours_ms: Math.round(median(times.get(ours)!)),
      peer_ms: peer ? Math.round(median(times.get(peer)!)) : null,
      ratio: peer ? Number((median(times.get(ours)!) / median(times.get(peer)!)).toPrecision(3)) : null,
      ...(await ours.ask<{ value: number; moments: number; distance: number }>("value")),
      peer_value: peer ? await peer.ask<number>("value") : null,
    };
    if (values.json) return console.log(JSON.stringify(result));
    for (const [name, value] of Object.entries(result)) console.log(`${name.padEnd(12)} ${value ?? "-"}`);
  } finally {
    for (const side of sides) side.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (values.worker) worker(values.worker);
else await main();
