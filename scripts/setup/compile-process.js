/**
 * The process that runs the compiler: all files at once as far as there are cores, with a line of progress. It is a
 * process of its own because set-up is synchronous, and it ends its compilers when whoever started it is gone.
 *
 * Called as `node compile-process.js job.json`, where the job is `{ compiler, steps: [{ name, args }][][], progress }`:
 * stages one after the other, the steps of a stage side by side. Compiler messages go to stdout.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/**
 * @typedef {{ name: string, args: string[] }} Step
 * @typedef {{ compiler: [string, ...string[]], stages: Step[][], progress: boolean }} Job
 */

/** @type {Job} */
const job = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
/** @type {Set<number>} */
const running = new Set();
const parent = process.ppid;
const total = job.stages.flat().length;
const start = Date.now();
let done = 0;

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => stop());
setInterval(() => {
  if (process.ppid !== parent) stop();
  show();
}, 250).unref();

for (const stage of job.stages) {
  const waiting = [...stage];
  const workers = Array.from({ length: Math.min(stage.length, availableParallelism()) }, async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      if ((await run(step)) !== 0) stop();
      done++;
    }
  });
  await Promise.all(workers);
}
clear();

/**
 * @param {Step} step
 * @returns {Promise<number>}
 */
function run(step) {
  return new Promise((resolve) => {
    const [program, ...before] = job.compiler;
    // A group of its own, because the compiler is a driver with children, and all of them must end together.
    const child = spawn(program, [...before, ...step.args], {
      stdio: ["ignore", "inherit", process.stdout],
      detached: true,
    });
    if (child.pid) running.add(child.pid);
    child.on("error", (error) => {
      process.stdout.write(`${program}: ${error.message}\n`);
      resolve(1);
    });
    child.on("close", (code) => {
      if (child.pid) running.delete(child.pid);
      resolve(code ?? 1);
    });
  });
}

/** Ends every compiler and this process. */
function stop() {
  for (const pid of running) {
    try {
      process.kill(-pid, "SIGTERM");
    } catch {
      // It ended by itself in this moment.
    }
  }
  clear();
  process.exit(1);
}

function show() {
  if (!job.progress || !process.stderr.isTTY) return;
  process.stderr.write(`\rgantry: compiled ${done} of ${total}, ${Math.round((Date.now() - start) / 1000)} s `);
}

function clear() {
  if (job.progress && process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}
