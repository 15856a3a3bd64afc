/**
 * The studio with long logs: how long a folder of many runs takes to open, and what a run that grows for hours costs the
 * server and the page in memory. Runs are made by hand; the page is open in a real Chromium.
 *
 *     npm run bench -- studio                           100 runs of 10,000 lines, then a run that grows to a million lines
 *     npm run bench -- studio --lines 200000 --json
 *
 * A log of a million lines is what 8 hours give at a line every 29 ms; the quickstart writes one every 1.8 s. Next to the lines
 * come a sample grid and a line of D's outputs every 2,000 lines, and a score every 5,000. The page's heap is that after a
 * collection of garbage.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { CDPSession, Page } from "playwright-core";
import sharp from "sharp";
import { type Browser, startBrowser } from "../test/studio/browser.ts";
import { recipe } from "../test/studio/recipe.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    lines: { type: "string", default: "1000000" },
    runs: { type: "string", default: "100" },
  },
});
const LINES_OF_RUN = 10_000;
/** Lines that are written at once, and the pause after them in milliseconds. */
const BATCH = 500;
const PAUSE = 50;
/** Measurements while the run grows. */
const LOOKS = 10;
const MB = 2 ** 20;

const say = (text: string, record: object): void => console.log(values.json ? JSON.stringify(record) : text);

const tick = (step: number): string =>
  JSON.stringify({
    ...{ step, epoch: step / 937, lossD: 1.2 + Math.sin(step / 500) / 5, lossG: 0.4 + Math.cos(step / 700) / 5 },
    ...{ dReal: 0.6, dFake: 0.4, gradNormD: 1.1 + Math.random(), gradNormG: 0.7 + Math.random(), k: 48 },
    ...{ imagesPerSecond: 700 + 20 * Math.random(), seconds: step / 11 },
  });

const outputs = (step: number): string => {
  const bins = Array.from({ length: 32 }, (_, i) => i);
  const scores = Array.from({ length: 64 }, (_, i) => 3 - i / 10);
  const batch = { size: 64, kept: 48, selectedBy: "topK", scores, isKept: scores.map((_, i) => (i < 48 ? 1 : 0)) };
  const histogram = { from: -4, to: 4, real: bins, fake: bins.toReversed() };
  return JSON.stringify({ event: "outputs", step, time: new Date().toISOString(), histogram, batch });
};

const score = (step: number): string => {
  const protocol = {
    ...{ features: "mnist-classifier", featuresHash: "abc", resizer: "none", quantiser: "bytes", real: null },
    ...{ fakeCount: 5_000, drawing: null, options: {}, seeds: [0] },
  };
  const scores = [{ name: "fid", value: 5 + 100 / Math.sqrt(step), better: "lower", protocol }];
  return JSON.stringify({ event: "scores", step, time: new Date().toISOString(), seconds: 9, chosenBy: "fid", scores });
};

function newRun(path: string, steps: number): void {
  for (const name of ["samples", "checkpoints"]) mkdirSync(join(path, name), { recursive: true });
  const description = { format: 1, source: "mnist", overrides: [], modules: [], hash: "0123456789abcdef", engine: {} };
  writeFileSync(join(path, "recipe.json"), JSON.stringify({ ...description, recipe: { ...recipe, steps } }));
  appendFileSync(
    join(path, "metrics.jsonl"),
    `${JSON.stringify({ event: "start", step: 0, time: new Date().toISOString() })}\n`,
  );
}

/** The studio of a folder, as a user starts it. */
async function started(folder: string): Promise<{ address: string; child: ChildProcess }> {
  const program = fileURLToPath(new URL("../bin/gantry.js", import.meta.url));
  const child = spawn(process.execPath, [program, "studio", folder, "--port", "0", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = await new Promise<string>((found) => {
    createInterface({ input: child.stdout! }).on("line", (line) => found(JSON.parse(line).address as string));
  });
  return { address, child };
}

/** Memory of a process in MB. */
const residentMB = ({ pid }: ChildProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;

/** Processor time of a process in seconds. */
function processorSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** A folder of many runs: from the start of the studio to its list, in the API and in the page. */
async function opening(folder: string, browser: Browser): Promise<void> {
  const count = Number(values.runs);
  const lines = Array.from({ length: LINES_OF_RUN }, (_, i) => `${tick(20 * (i + 1))}\n`).join("");
  for (let i = 0; i < count; i++) {
    const path = join(folder, `run-${i}`);
    newRun(path, 20 * LINES_OF_RUN);
    appendFileSync(join(path, "metrics.jsonl"), `${lines}${score(20 * LINES_OF_RUN)}\n`);
  }
  const begun = performance.now();
  const { address, child } = await started(folder);
  try {
    const listening = performance.now() - begun;
    await (await fetch(new URL("/api/runs", address))).json();
    const [listed, cpu, resident] = [performance.now() - begun, processorSeconds(child), residentMB(child)];
    const page = await browser.context.newPage();
    const opened = performance.now();
    await page.goto(address);
    await page
      .locator(".runs > li")
      .nth(count - 1)
      .waitFor();
    const shown = performance.now() - opened;
    await page.close();
    say(
      `${count} runs of ${LINES_OF_RUN} lines: listening after ${listening.toFixed(0)} ms, listed after ${listed.toFixed(0)} ms (${cpu} s of processor time), ${resident.toFixed(0)} MB; the page shows them ${shown.toFixed(0)} ms after it is opened`,
      { what: "opening", runs: count, lines: LINES_OF_RUN, listening, listed, cpu, resident, shown },
    );
  } finally {
    child.kill();
  }
}

/** The page's heap in MB and the number of its elements. */
async function pageMemory(session: CDPSession): Promise<{ heap: number; nodes: number; listeners: number }> {
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  const of = (name: string): number => metrics.find((metric) => metric.name === name)!.value;
  return { heap: of("JSHeapUsedSize") / MB, nodes: of("Nodes"), listeners: of("JSEventListeners") };
}

/** A run that grows while the studio follows it and a page shows it. */
async function growing(folder: string, browser: Browser): Promise<void> {
  const count = Number(values.lines);
  const run = join(folder, "run");
  newRun(run, count);
  const grid = await sharp({ create: { width: 274, height: 274, channels: 3, background: "gray" } })
    .png()
    .toBuffer();
  const { address, child } = await started(folder);
  try {
    const page: Page = await browser.context.newPage();
    const session = await browser.context.newCDPSession(page);
    await session.send("Performance.enable");
    await page.goto(`${address}&run=run`);
    const begun = performance.now();
    for (let step = 0; step < count; ) {
      const lines: string[] = [];
      for (let i = 0; i < BATCH; i++) {
        step += 1;
        lines.push(tick(step));
        if (step % 5_000 === 0) lines.push(score(step));
        if (step % 2_000 !== 0) continue;
        lines.push(outputs(step));
        writeFileSync(join(run, "samples", `${String(step).padStart(6, "0")}.png`), grid);
      }
      appendFileSync(join(run, "metrics.jsonl"), `${lines.join("\n")}\n`);
      await setTimeout(PAUSE);
      if (step % Math.floor(count / LOOKS) >= BATCH) continue;
      // Until the page shows the newest line.
      await setTimeout(2_000);
      const shown = await page.getByRole("slider", { name: "Losses over step" }).getAttribute("aria-valuemax");
      const [resident, cpu, memory] = [residentMB(child), processorSeconds(child), await pageMemory(session)];
      const seconds = (performance.now() - begun) / 1_000;
      say(
        `${step} lines after ${seconds.toFixed(0)} s: server ${resident.toFixed(0)} MB (${cpu} s of processor time), page ${memory.heap.toFixed(1)} MB, ${memory.nodes} nodes, ${memory.listeners} listeners, ${Number(shown) + 1} points`,
        { what: "growing", lines: step, seconds, resident, cpu, ...memory, points: Number(shown) + 1 },
      );
    }
    await page.close();
  } finally {
    child.kill();
  }
}

const folder = mkdtempSync(join(tmpdir(), "gantry-bench-studio-"));
const browser = await startBrowser();
try {
  if (Number(values.runs) > 0) await opening(join(folder, "many"), browser);
  if (Number(values.lines) > 0) await growing(join(folder, "one"), browser);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
