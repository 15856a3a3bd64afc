/**
 * Stands in for the command line in tests of the scheduler: makes a run folder as `gantry train` does, without training.
 *
 *     node fake-gantry.mjs <plan.json> train <source> --out <directory> ... | resume <directory> ...
 *
 * The plan names for each run its recipe.json and what it shall do. Every start is added as a line to <plan.json>.log.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { setTimeout } from "node:timers/promises";

const [planFile, command, ...rest] = process.argv.slice(2);
const path = command === "train" ? rest[rest.indexOf("--out") + 1] : rest[0];
const name = basename(path);
const plan = JSON.parse(readFileSync(planFile, "utf8"))[name];
const note = (what) =>
  appendFileSync(`${planFile}.log`, `${JSON.stringify({ what, name, at: Date.now(), args: rest })}\n`);
const say = (event, content = {}) => process.stdout.write(`${JSON.stringify({ event, ...content })}\n`);
const log = (line) => appendFileSync(join(path, "metrics.jsonl"), `${JSON.stringify(line)}\n`);
const time = new Date().toISOString();

note(command);
if (command === "train") {
  // A run is never overwritten.
  if (existsSync(path)) throw new Error(`${path} exists`);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "recipe.json"), JSON.stringify(plan.description));
}
writeFileSync(join(path, "running.json"), JSON.stringify({ pid: process.pid, host: hostname() }), { flag: "wx" });
const leave = (code) => {
  rmSync(join(path, "running.json"), { force: true });
  note("end");
  process.exit(code);
};
let stopping = false;
process.on("SIGINT", () => {
  stopping = true;
});

const done = existsSync(join(path, "metrics.jsonl"))
  ? readFileSync(join(path, "metrics.jsonl"), "utf8").split('"lossD"').length - 1
  : 0;
log({ event: done > 0 ? "resume" : "start", step: done, time });
say("begin", { from: done, to: plan.steps });
for (let step = done + 1; step <= plan.steps && !stopping; step++) {
  await setTimeout(plan.wait ?? 1);
  const tick = {
    step,
    epoch: 0,
    lossD: plan.value,
    lossG: 1,
    dReal: 0.5,
    dFake: 0.5,
    imagesPerSecond: 1,
    seconds: step,
  };
  log(tick);
  say("tick", tick);
  if (plan.killAt === step && command === "train") process.kill(process.pid, "SIGKILL");
  if (plan.failAt === step && !existsSync(`${planFile}.fixed`)) {
    say("error", { message: plan.message });
    leave(1);
  }
}
if (stopping) {
  log({ event: "stop", step: done, time });
  leave(130);
}
const scores = plan.score === undefined ? undefined : [plan.score];
// Stopped in its last evaluation: the steps are all there, the scores are not.
if (scores && !(plan.unscored && command === "train"))
  log({ event: "scores", step: plan.steps, time, seconds: 1, scores, chosenBy: scores[0].name });
log({ event: "finish", step: plan.steps, time });
leave(0);
