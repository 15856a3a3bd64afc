/**
 * Processes that are killed at random moments. Promised: nothing is lost beyond the last checkpoint, the run ends with the same
 * bits, pictures, scores and log as one that was not killed, packs get the same bytes, and no process is left.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { listCheckpoints, RunDirectory, verifyRun } from "../../src/training/index.ts";
import { endOf } from "./run-end.ts";
import {
  type Dice,
  dice,
  type Ended,
  gantry,
  type Outcome,
  type Running,
  sleep,
  Tally,
  tinyTraining,
} from "./trial.ts";

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
function lives(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]![0] !== "Z";
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Trains under kills until the run has ended; at most `most` kills. Gives how many there were. */
async function tortured(run: string, most: number, workers: boolean, roll: Dice, tally: Tally): Promise<number> {
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

/** Packs images under kills; gives how many there were. */
async function packed(
  source: string,
  folder: string,
  expected: string,
  most: number,
  roll: Dice,
  tally: Tally,
): Promise<number> {
  const env = { GANTRY_CACHE: folder };
  const args = ["data", source, "--set", "size=64", "--json"];
  let kills = 0;
  for (; ; kills++) {
    const running = gantry(args, { env });
    if (kills >= most) {
      const { code, stderr } = await running.ended;
      const got = code === 0 ? packIn(folder) : `${code}: ${stderr.trim()}`;
      if (got !== expected) tally.problems.push(`packing into ${folder} after ${kills} kills gives other bytes`);
      return kills;
    }
    await sleep(150 + roll(900));
    running.kill("SIGKILL");
    const { signal, code } = await running.ended;
    if (signal !== "SIGKILL") {
      if (code !== 0 || packIn(folder) !== expected)
        tally.problems.push(`packing into ${folder}: other bytes, code ${code}`);
      return kills;
    }
    tally.count("packing");
  }
}

function packIn(cache: string): string {
  const [name] = readdirSync(join(cache, "packs")).filter((one) => !one.startsWith("."));
  const files = ["images.u8", "labels.i64", "pack.json"];
  return name === undefined
    ? ""
    : files.map((file) => readFileSync(join(cache, "packs", name, file), "base64")).join(" ");
}

async function photographs(folder: string): Promise<void> {
  for (let i = 0; i < 120; i++) {
    const pixels = Buffer.alloc(256 * 256 * 3, i);
    for (let at = 0; at < pixels.length; at += 7) pixels[at] = (at * (i + 3)) & 255;
    const place = join(folder, i % 2 === 0 ? "even" : "odd");
    mkdirSync(place, { recursive: true });
    const file = join(place, `${i}.png`);
    if (i % 40 === 7) writeFileSync(file, "no picture");
    else
      await sharp(pixels, { raw: { width: 256, height: 256, channels: 3 } })
        .png()
        .toFile(file);
  }
}

/** Makes about `count` kills: half of trainings, a quarter of packings, a quarter of two workers. */
export async function kills(count: number, seed: number): Promise<Outcome> {
  const tally = new Tally();
  const roll = dice(seed);
  const folder = mkdtempSync(join(tmpdir(), "gantry-kills-"));
  try {
    const reference = join(folder, "reference");
    const { code, stderr } = await gantry(tinyTraining(reference, STEPS)).ended;
    if (code !== 0) throw new Error(stderr);
    const wholes = { alone: endOf(reference, 10), together: "" };
    let made = 0;
    for (let i = 0; made < count; i++) {
      const left = count - made;
      const kind = i % 4;
      if (kind === 2 && left > 1) {
        const photos = join(folder, "photos");
        if (!existsSync(photos)) {
          await photographs(photos);
          await gantry(["data", photos, "--set", "size=64", "--json"], { env: { GANTRY_CACHE: join(folder, "whole") } })
            .ended;
        }
        const cache = join(folder, `cache-${i}`);
        made += Math.max(1, await packed(photos, cache, packIn(join(folder, "whole")), Math.min(left, 4), roll, tally));
        rmSync(cache, { recursive: true, force: true });
        continue;
      }
      const workers = kind === 3;
      if (workers && wholes.together === "") {
        const shared = join(folder, "shared");
        await gantry([...tinyTraining(shared, STEPS), "--workers", "2"]).ended;
        wholes.together = endOf(shared, 10);
      }
      const run = join(folder, `run-${i}`);
      made += Math.max(1, await tortured(run, Math.min(left, 8), workers, roll, tally));
      if (endOf(run, 10) !== (workers ? wholes.together : wholes.alone)) tally.problems.push(`${run} ends otherwise`);
      rmSync(run, { recursive: true, force: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return tally.outcome("kills");
}
