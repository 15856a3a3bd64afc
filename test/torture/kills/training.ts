/** Trainings that are killed, by one process and by two workers. */
import { existsSync, mkdirSync, readFileSync, rmSync, watch } from "node:fs";
import { join } from "node:path";
import { listCheckpoints, RunDirectory, verifyRun } from "../../../src/training/index.ts";
import { endOf } from "../run-end.ts";
import { type Dice, type Ended, gantry, type Killed, type Running, sleep, type Tally, tinyTraining } from "../trial.ts";

const STEPS = 400;

/** When a process is killed. */
type Moment = "at random" | "while a checkpoint is written" | "while it starts";

async function kill(running: Running, run: string, moment: Moment, roll: Dice): Promise<Ended> {
  if (moment === "while it starts") await sleep(roll(500));
  else if (moment === "at random") {
    const begun = Date.now();
    while (!existsSync(join(run, "running.json")) && Date.now() - begun < 20_000) await sleep(10);
    await sleep(roll(1200));
  } else {
    // The temporary folder of a checkpoint appears some milliseconds before it gets its name.
    mkdirSync(join(run, "checkpoints"), { recursive: true });
    let seen = 0;
    const wanted = 1 + roll(4);
    await new Promise<void>((resolve) => {
      const watcher = watch(join(run, "checkpoints"), (_, name) => {
        if (name?.endsWith(".tmp") && ++seen >= wanted) resolve();
      });
      void running.ended.then(() => resolve());
      setTimeout(resolve, 20_000).unref();
      void running.ended.then(() => watcher.close());
    });
    await sleep(roll(3));
  }
  running.kill("SIGKILL");
  return running.ended;
}

/** Whether a process lives. */
export function lives(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]![0] !== "Z";
  } catch {
    return false;
  }
}

/** The processes that a process has started and that have not been waited for. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Trains under kills until the run has ended; at most `most` kills. Gives how many there were. */
async function trainUnderKills(run: string, most: number, workers: boolean, roll: Dice, tally: Tally): Promise<number> {
  let kills = 0;
  while (true) {
    const flags = workers ? ["--workers", "2"] : [];
    const before = listCheckpoints(join(run, "checkpoints")).at(-1)?.step ?? 0;
    const running = gantry([...tinyTraining(run, STEPS), ...flags, "--resume-or-start"]);
    const how = `kill ${kills + 1} of ${run}`;
    if (kills >= most) {
      const { code, stderr } = await running.ended;
      if (code !== 0) tally.problems.push(`${how}: the run cannot be continued: ${stderr.trim()}`);
      return kills;
    }
    const moments: readonly Moment[] = ["at random", "at random", "while a checkpoint is written", "while it starts"];
    const moment = moments[roll(moments.length)]!;
    const chosen = moment === "while a checkpoint is written" && before === 0 ? "at random" : moment;
    const others = workers ? sleep(900).then(() => childrenOf(running.pid)) : Promise.resolve([]);
    const { signal, code, stderr } = await kill(running, run, chosen, roll);
    if (signal !== "SIGKILL") {
      if (code === 0) return kills;
      tally.problems.push(`${how}: it ended with ${code}: ${stderr.trim()}`);
      return kills;
    }
    kills++;
    tally.count(`${workers ? "two workers" : "training"}, ${chosen}`);
    for (const pid of await others) {
      for (let waited = 0; lives(pid) && waited < 5_000; waited += 100) await sleep(100);
      if (lives(pid)) tally.problems.push(`${how}: worker ${pid} is left`);
    }
    if (!existsSync(join(run, "recipe.json"))) continue;
    const damaged = verifyRun(run).flatMap(({ problem = [] }) => problem);
    if (damaged.length > 0) tally.problems.push(`${how}, ${chosen}: ${damaged.join("; ")}`);
    const after = listCheckpoints(join(run, "checkpoints")).at(-1)?.step ?? 0;
    const done = new RunDirectory(run).ticks().at(-1)?.step ?? 0;
    if (after < before) tally.problems.push(`${how}: the checkpoint of step ${before} is lost`);
    if (done - after > 20) tally.problems.push(`${how}: step ${done} was logged, and the checkpoint is of ${after}`);
  }
}

/** The end of a run that was not killed. */
const wholes = new Map<boolean, string>();

/** Trains under kills, with one process or two workers, and compares the end. */
export const trainings =
  (workers: boolean): Killed =>
  async (folder, most, roll, tally) => {
    if (!wholes.has(workers)) {
      const whole = join(folder, workers ? "whole-of-workers" : "whole");
      const flags = workers ? ["--workers", "2"] : [];
      const { code, stderr } = await gantry([...tinyTraining(whole, STEPS), ...flags]).ended;
      if (code !== 0) throw new Error(stderr);
      wholes.set(workers, endOf(whole, 10));
    }
    const run = join(folder, "run");
    const made = await trainUnderKills(run, most, workers, roll, tally);
    if (endOf(run, 10) !== wholes.get(workers)) tally.problems.push(`${run} ends otherwise after ${made} kills`);
    rmSync(run, { recursive: true, force: true });
    return made;
  };
