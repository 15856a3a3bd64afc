/**
 * `gantry evaluate` that is killed, with an empty cache at its beginning: while images are prepared, while features are computed, or
 * while the statistics of the real images are stored. The next one gives the same scores.
 */
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { cacheFolder, thisHost } from "../../../scripts/setup/index.js";
import { type Ended, gantry, type Killed, sleep } from "../trial.ts";

const COUNT = 600;

async function digits(folder: string, factor: number): Promise<void> {
  mkdirSync(folder);
  for (let i = 0; i < COUNT; i++) {
    const pixels = Buffer.alloc(28 * 28, i);
    for (let at = 0; at < pixels.length; at += 3) pixels[at] = (at * (i + 3) * factor) & 255;
    await sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } })
      .png()
      .toFile(join(folder, `${i}.png`));
  }
}

/** What an evaluation that was not killed printed, and how long it took in milliseconds. */
let whole: { readonly said: string; readonly length: number } | undefined;

const saidBy = ({ code, stdout, stderr }: Ended): string => (code === 0 ? stdout : `${code}: ${stderr.trim()}`);

/** Begins with an empty cache, except for what no evaluation changes: the binding, and where libtorch was found. */
function emptyCache(folder: string): string {
  const cache = join(folder, "evaluation-cache");
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache);
  for (const name of ["native", "lookups"]) symlinkSync(join(cacheFolder(thisHost()), name), join(cache, name));
  return cache;
}

/** Evaluates under kills, and compares the scores. */
export const evaluations: Killed = async (folder, most, roll, tally) => {
  const [samples, real] = [join(folder, "samples"), join(folder, "real")];
  const args = ["evaluate", samples, "--real", real, "--features", "mnist-classifier", "--metrics", "fid,kid"];
  const evaluate = (cache: string) =>
    gantry([...args, "--set", "kid.subsetSize=100", "--threads", "1", "--json"], { env: { GANTRY_CACHE: cache } });
  if (whole === undefined) {
    await digits(samples, 1);
    await digits(real, 7);
    const cache = emptyCache(folder);
    const begun = Date.now();
    const said = saidBy(await evaluate(cache).ended);
    if (!said.startsWith("{")) throw new Error(said);
    whole = { said, length: Date.now() - begun };
  }
  const cache = emptyCache(folder);
  let made = 0;
  let end: Ended | undefined;
  while (made < most && end === undefined) {
    const running = evaluate(cache);
    // Later ones find a part of their work done.
    await sleep(200 + roll(Math.ceil(0.7 * whole.length)));
    running.kill("SIGKILL");
    const ended = await running.ended;
    if (ended.signal !== "SIGKILL") end = ended;
    else {
      made++;
      tally.count("evaluation");
    }
  }
  const said = saidBy(end ?? (await evaluate(cache).ended));
  if (said !== whole.said) tally.problems.push(`evaluating after ${made} kills says ${said.slice(0, 500)}`);
  return made;
};
