/**
 * Changed files through every reader, in processes that are watched. Promised: each is read or refused in one sentence; no
 * process ends, none takes more than 20 seconds or 2 GB, and nothing that a file names is run.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { gantry, type Outcome, Tally, tinyTraining } from "./trial.ts";

const jiti = join(import.meta.dirname, "../../node_modules/jiti/lib/jiti-cli.mjs");
/** Seconds of processor time for a file, and of any time for a few hundred: a busy machine is slow at everything. */
const SLOWEST = 20;
const SILENT = 900;

/** Seconds that a process has computed, from the kernel's ticks of a hundredth. */
function processorSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

/** One batch in a process: its messages, until it ends or is too slow. */
function batch(folder: string, run: string, count: number, seed: number, tally: Tally): Promise<void> {
  const args = [jiti, join(import.meta.dirname, "mutate.ts"), folder, run, String(count), String(seed)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let at = "nothing yet";
  let ended = false;
  let errors = "";
  let timer = setTimeout(() => child.kill("SIGKILL"), SILENT * 1000);
  let spent = 0;
  const watch = setInterval(() => {
    if (processorSeconds(child.pid!) - spent > 3 * SLOWEST) child.kill("SIGKILL");
  }, 2_000);
  child.stderr.on("data", (text) => {
    errors = (errors + text).slice(-2_000);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as Record<string, string & number>;
    clearTimeout(timer);
    timer = setTimeout(() => child.kill("SIGKILL"), SILENT * 1000);
    spent = processorSeconds(child.pid!);
    if (message.at !== undefined) at = message.at;
    if (message.problem !== undefined) tally.problems.push(`seed ${seed}: ${message.problem}`);
    if (message.what !== undefined) tally.count(message.what, message.count);
    if (message.megabytes !== undefined) {
      ended = true;
      tally.notes.push(`${message.megabytes} MB`);
      if (message.megabytes > 2_000) tally.problems.push(`seed ${seed}: ${message.megabytes} MB`);
    }
  });
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      clearInterval(watch);
      if (!ended || code !== 0)
        tally.problems.push(`seed ${seed}: a process ended with ${code ?? signal} at ${at}: ${errors.trim()}`);
      resolve();
    });
  });
}

const BATCH = 10_000;

/** Reads `count` changed files. */
export async function files(count: number, seed: number): Promise<Outcome> {
  const tally = new Tally();
  const folder = mkdtempSync(join(tmpdir(), "gantry-files-"));
  try {
    const run = join(folder, "run");
    await gantry(tinyTraining(run, 80)).ended;
    for (let done = 0, i = 0; done < count; done += BATCH, i++) {
      await batch(join(folder, String(i)), run, Math.min(BATCH, count - done), seed + i, tally);
      rmSync(join(folder, String(i)), { recursive: true, force: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const most = Math.max(0, ...tally.notes.map(Number.parseFloat));
  return { ...tally.outcome("files"), notes: [`at most ${most} MB in a process`] };
}
