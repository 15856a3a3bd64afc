/**
 * The process that runs the compiler: all files at once as far as there are cores, with a line of progress. It is a
 * process of its own because set-up is synchronous.
 *
 * Called as `node compile-process.js job.json`, where the job is `{ compiler, stages, progress }`: stages one after the
 * other, the command lines of a stage side by side. Compiler messages go to stdout.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { runFollowing, stop } from "./follow-parent.js";

/** @typedef {{ compiler: [string, ...string[]], stages: string[][][], progress: boolean }} Job */

/** @type {Job} */
const job = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
const showsProgress = job.progress && process.stderr.isTTY;
const total = job.stages.flat().length;
const start = Date.now();
let done = 0;

const clear = () => showsProgress && process.stderr.write("\r\x1b[K");
process.on("exit", clear);
setInterval(() => {
  const seconds = Math.round((Date.now() - start) / 1000);
  if (showsProgress) process.stderr.write(`\rgantry: compiled ${done} of ${total}, ${seconds} s `);
}, 250).unref();

const [program, ...before] = job.compiler;
for (const stage of job.stages) {
  const waiting = [...stage];
  const workers = Array.from({ length: Math.min(stage.length, availableParallelism()) }, async () => {
    for (let args = waiting.shift(); args; args = waiting.shift()) {
      if ((await runFollowing(program, [...before, ...args], process.stdout, "SIGTERM")) !== 0) stop();
      done++;
    }
  });
  await Promise.all(workers);
}
