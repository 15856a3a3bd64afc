/**
 * Sweeps that are killed: the sweep alone, whose run goes on without it, or its run as well. The same command again gives the same
 * table and the same runs.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { endOf } from "../run-end.ts";
import { type Ended, gantry, type Killed, type Running, sleep, tinySettings } from "../trial.ts";
import { childrenOf, lives } from "./training.ts";

const RUNS = ["loss=hinge-seed0", "loss=minimax-seed0"];

function sweep(out: string): Running {
  const flags = ["--over", "loss=hinge,minimax", "--seeds", "1", "--threads", "1", "--set", "steps=200", "--quiet"];
  return gantry(["sweep", "mixture", "--out", out, ...tinySettings, ...flags]);
}

/** The table, and the ends of the runs. */
function endOfSweep(out: string, { code, stderr }: Ended): string {
  if (code !== 0) return `${code}: ${stderr.trim()}`;
  return [
    readFileSync(join(out, "table.md"), "utf8"),
    ...RUNS.map((run) => endOf(join(out, "runs", run), 10)),
    ...readdirSync(join(out, "claims")),
  ].join("\n");
}

let whole: string | undefined;

/** Sweeps under kills, and compares the end. */
export const sweeps: Killed = async (folder, most, roll, tally) => {
  if (whole === undefined) {
    const out = join(folder, "whole-sweep");
    whole = endOfSweep(out, await sweep(out).ended);
  }
  const out = join(folder, "sweep");
  let made = 0;
  let end: Ended | undefined;
  while (made < most && end === undefined) {
    const running = sweep(out);
    for (let waited = 0; !existsSync(join(out, "sweep.json")) && waited < 20_000; waited += 20) await sleep(20);
    await sleep(roll(4_000));
    const children = roll(2) === 0 ? [] : childrenOf(running.pid);
    running.kill("SIGKILL");
    for (const pid of children) if (lives(pid)) process.kill(pid, "SIGKILL");
    const ended = await running.ended;
    if (ended.signal !== "SIGKILL") end = ended;
    else {
      made++;
      tally.count(children.length === 0 ? "sweep" : "sweep and its run");
    }
  }
  const found = endOfSweep(out, end ?? (await sweep(out).ended));
  if (found !== whole) tally.problems.push(`a sweep after ${made} kills ends otherwise: ${found.slice(0, 500)}`);
  rmSync(out, { recursive: true, force: true });
  return made;
};
