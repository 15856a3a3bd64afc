/**
 * All that is to be checked and measured on a machine with a GPU, in one go:
 *
 *     npm run gpu                              into gpu-report/, with CIFAR-10 for the training runs
 *     npm run gpu -- --minutes 30              each training run as long as that (15)
 *     npm run gpu -- --device cpu --quick      a trial of the script itself: few tests, one benchmark, a dozen steps
 *
 * 1. the engine: `gantry doctor`; its libtorch has to be that of the python3 with a CUDA build of torch;
 * 2. the tests of tensors, layers, losses, techniques, precision, and of training steps, on the device;
 * 3. the benchmarks next to expert PyTorch and torch.compile: time, memory, share of the device's highest rate;
 * 4. a run that is killed and resumed, next to one that was not;
 * 5. training runs with samples and scores.
 *
 * A part that fails does not end the others. report.md has a table of all; each part's own output lies next to it.
 */
import { type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const GANTRY = join(ROOT, "bin/gantry.js");
const JITI = join(ROOT, "node_modules/jiti/lib/jiti-cli.mjs");
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");

const TESTS = [
  "test/tensor",
  "test/nn",
  "test/losses",
  "test/techniques",
  "test/training/precision.test.ts",
  "test/training/step.test.ts",
  "test/training/host-reads.test.ts",
  "test/training/matrix.test.ts",
];
const QUICK_TESTS = ["test/nn/norms.test.ts", "test/training/device-switches.test.ts"];
const BENCHMARKS = [
  "mlp",
  "dcgan-32",
  "dcgan-64",
  "dcgan-128",
  "sngan-32",
  "biggan-32-96",
  "biggan-128-96",
  "mlp-graph",
  "dcgan-32-graph",
  "sngan-32-graph",
  "biggan-32-96-graph",
];
const RECIPES = ["cifar10-sngan", "cifar10-biggan"];

/** A row of the report. */
interface Row {
  readonly part: string;
  readonly result: string;
  readonly holds: boolean;
}

const { values } = parseArgs({
  options: {
    device: { type: "string", default: "cuda" },
    quick: { type: "boolean", default: false },
    minutes: { type: "string", default: "15" },
    out: { type: "string", default: "gpu-report" },
  },
});
const { device, quick } = values;
const out = resolve(values.out);
const minutes = Number(values.minutes);
const rows: Row[] = [];

interface Ended {
  readonly status: number | null;
  readonly text: string;
}

/** Runs a program, its output in `<out>/<name>.log`; `during` may end it. */
async function run(
  name: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  during?: (kill: (signal: NodeJS.Signals) => void, ended: () => boolean) => Promise<void>,
): Promise<Ended> {
  const options: SpawnOptions = {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  };
  const child = spawn(process.execPath, args, options);
  const log = createWriteStream(join(out, `${name}.log`));
  let text = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      log.write(part);
    });
  }
  const exit = once(child, "exit");
  await during?.(
    (signal) => void child.kill(signal),
    () => child.exitCode !== null || child.signalCode !== null,
  );
  const [status] = (await exit) as [number | null];
  log.end();
  return { status, text };
}

/** A part of the check; what it throws is its result. */
async function part(name: string, check: () => Promise<{ result: string; holds: boolean }>): Promise<void> {
  console.log(`${name} ...`);
  let row: Row;
  try {
    row = { part: name, ...(await check()) };
  } catch (error) {
    row = { part: name, result: error instanceof Error ? error.message.split("\n")[0]! : String(error), holds: false };
  }
  rows.push(row);
  console.log(`  ${row.holds ? "holds" : "DOES NOT HOLD"}: ${row.result}`);
  writeReport();
}

function writeReport(): void {
  const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  const lines = rows.map(({ part, result, holds }) => `| ${part} | ${holds ? "yes" : "no"} | ${cell(result)} |`);
  const title = `# Gantry on ${device}${quick ? " (a quick trial)" : ""}`;
  writeFileSync(
    join(out, "report.md"),
    `${[title, "", "| part | holds | result |", "| --- | --- | --- |", ...lines].join("\n")}\n`,
  );
}

const lastLines = (text: string, count: number): string => text.trim().split("\n").slice(-count).join(" / ");

async function engine(): Promise<{ result: string; holds: boolean }> {
  const { status, text } = await run("doctor", [GANTRY, "doctor", "--json"]);
  if (status !== 0) return { result: lastLines(text, 3), holds: false };
  const { engine } = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as {
    engine: {
      version: string;
      source: string;
      devices: { name: string; available: boolean }[];
      memory?: { total: number };
    };
  };
  const [kind] = device.split(":");
  const there = engine.devices.some(({ name, available }) => name === kind && available);
  const memory = engine.memory === undefined ? "" : `, ${(engine.memory.total / 2 ** 30).toFixed(0)} GiB of GPU memory`;
  const devices = engine.devices.filter(({ available }) => available).map(({ name }) => name);
  return {
    result: `libtorch ${engine.version} (${engine.source}), devices ${devices.join(", ")}${memory}`,
    holds: there,
  };
}

async function tests(): Promise<{ result: string; holds: boolean }> {
  const file = join(out, "tests.json");
  const args = [
    VITEST,
    "run",
    ...(quick ? QUICK_TESTS : TESTS),
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ];
  await run("tests", args, { GANTRY_TEST_DEVICE: device });
  const found = JSON.parse(readFileSync(file, "utf8")) as { numPassedTests: number; numFailedTests: number };
  return {
    result: `${found.numPassedTests} tests pass, ${found.numFailedTests} fail (tests.log)`,
    holds: found.numFailedTests === 0 && found.numPassedTests > 0,
  };
}

/** One line of `bench/run.ts --json`. */
interface Benchmark {
  readonly ours_ms: number;
  readonly peer_ms: number | null;
  readonly best: string | null;
  readonly ratio: number | null;
  readonly limit_fraction: number | null;
  readonly ours_rss_mb: number | null;
  readonly peer_rss_mb: number | null;
}

async function benchmark(name: string): Promise<{ result: string; holds: boolean }> {
  const args = [
    JITI,
    join(ROOT, "bench/run.ts"),
    "--device",
    device,
    "--only",
    name,
    "--json",
    ...(quick ? ["--turns", "1"] : []),
  ];
  const { status, text } = await run(`bench-${name}`, args);
  const line = text.split("\n").find((one) => one.startsWith("{"));
  if (status !== 0 || line === undefined) return { result: lastLines(text, 2), holds: false };
  const found = JSON.parse(line) as Benchmark;
  const memory =
    found.ours_rss_mb !== null && found.peer_rss_mb !== null ? found.ours_rss_mb / found.peer_rss_mb : undefined;
  const text_ = [
    `${found.ours_ms} ms`,
    found.ratio === null ? "no peer" : `${found.ratio} of ${found.best} (${found.peer_ms} ms)`,
    ...(memory === undefined ? [] : [`memory ${found.ours_rss_mb} MiB, ${memory.toFixed(2)} of the peer's`]),
    ...(found.limit_fraction === null ? [] : [`${(100 * found.limit_fraction).toFixed(0)} % of the highest rate`]),
  ];
  const most = name.endsWith("-graph") ? 0.7 : 1;
  return { result: text_.join(", "), holds: found.ratio !== null && found.ratio <= most && (memory ?? 0) <= 1 };
}

const checkpointsIn = (folder: string): string[] =>
  existsSync(join(folder, "checkpoints"))
    ? readdirSync(join(folder, "checkpoints"))
        .filter((name) => /^step-\d+$/.test(name))
        .sort()
    : [];

async function killed(): Promise<{ result: string; holds: boolean }> {
  const [steps, every] = quick ? [12, 4] : [300, 100];
  const [whole, broken] = [join(out, "whole"), join(out, "broken")];
  const train = (folder: string): string[] => [
    GANTRY,
    "train",
    "mnist",
    "--device",
    device,
    "--steps",
    String(steps),
    "--out",
    folder,
    "--set",
    `checkpoint.every=${every}`,
    "--set",
    "convolution=rules",
    "--set",
    `samples.every=${steps}`,
    ...(quick ? ["--set", "batchSize=8", "--threads", "1"] : []),
  ];
  for (const folder of [whole, broken]) rmSync(folder, { recursive: true, force: true });
  const first = await run("whole", train(whole));
  if (first.status !== 0) return { result: lastLines(first.text, 2), holds: false };
  await run("broken", train(broken), {}, async (kill, ended) => {
    while (checkpointsIn(broken).length === 0 && !ended()) await setTimeout(20);
    kill("SIGKILL");
  });
  const from = checkpointsIn(broken).at(-1);
  const resumed = await run("resumed", [GANTRY, "resume", broken]);
  if (resumed.status !== 0) return { result: lastLines(resumed.text, 2), holds: false };
  const weights = (folder: string): Buffer =>
    readFileSync(join(folder, "checkpoints", checkpointsIn(folder).at(-1)!, "generator.safetensors"));
  const equal = weights(whole).equals(weights(broken));
  // A GPU adds in an order of its own choice, unless its algorithms are fixed.
  return {
    result: `killed after ${from}, resumed to ${checkpointsIn(broken).at(-1)}: ${equal ? "the same bits" : "other bits"}`,
    holds: equal || device !== "cpu",
  };
}

async function training(recipe: string): Promise<{ result: string; holds: boolean }> {
  const folder = join(out, recipe);
  rmSync(folder, { recursive: true, force: true });
  const args = [
    GANTRY,
    "train",
    recipe,
    "--device",
    device,
    "--out",
    folder,
    ...(quick ? ["--steps", "6", "--set", "batchSize=8", "--threads", "1"] : []),
  ];
  const trained = await run(recipe, args, {}, async (kill, ended) => {
    const end = performance.now() + 60_000 * minutes;
    while (performance.now() < end && !ended()) await setTimeout(200);
    if (!ended()) kill("SIGINT");
  });
  const last = checkpointsIn(folder).at(-1);
  if (last === undefined) return { result: lastLines(trained.text, 2), holds: false };
  const ticks = readFileSync(join(folder, "metrics.jsonl"), "utf8")
    .split("\n")
    .filter((one) => one.includes("imagesPerSecond"));
  const rate = (JSON.parse(ticks.at(-1)!) as { imagesPerSecond: number }).imagesPerSecond;
  const sampled = await run(`${recipe}-sample`, [
    GANTRY,
    "sample",
    folder,
    "--count",
    "64",
    "--out",
    join(out, `${recipe}.png`),
  ]);
  // Inception's weights would be a download; the classifier comes with Gantry.
  const counts = quick
    ? ["--count", "64", "--real-count", "256", "--metrics", "modes"]
    : ["--features", "cifar10-classifier"];
  const scored = await run(`${recipe}-evaluate`, [GANTRY, "evaluate", folder, "--device", device, ...counts]);
  return {
    result: `${last}, ${rate.toFixed(0)} images a second; ${recipe}.png; ${lastLines(scored.text, 4)}`,
    holds: sampled.status === 0 && scored.status === 0,
  };
}

mkdirSync(out, { recursive: true });
await part("engine", engine);
if (!rows[0]!.holds) {
  console.log(`there is no ${device} for this libtorch; docs/how-to/gpu.md says what is needed`);
  process.exit(1);
}
await part("tests on the device", tests);
for (const name of quick ? BENCHMARKS.slice(0, 1) : BENCHMARKS) await part(`benchmark ${name}`, () => benchmark(name));
await part("killed and resumed", killed);
for (const recipe of quick ? ["mnist"] : RECIPES) await part(`training ${recipe}`, () => training(recipe));
const failed = rows.filter(({ holds }) => !holds);
console.log(`\n${join(out, "report.md")}: ${rows.length - failed.length} of ${rows.length} parts hold`);
process.exitCode = failed.length === 0 ? 0 : 1;
