/** Packing that is killed: it continues where it was, to the same bytes. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { gantry, type Killed, sleep } from "../trial.ts";

/** The files of the only pack of a cache, as text. */
function packIn(cache: string): string {
  const [name] = readdirSync(join(cache, "packs")).filter((one) => !one.startsWith("."));
  const files = ["images.u8", "labels.i64", "pack.json"];
  return name === undefined
    ? ""
    : files.map((file) => readFileSync(join(cache, "packs", name, file), "base64")).join(" ");
}

/** 120 photographs in two classes, three of which are no pictures. */
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

/** Packs photographs under kills, and compares the bytes. */
export const packing: Killed = async (folder, most, roll, tally) => {
  const photos = join(folder, "photos");
  const whole = join(folder, "cache-of-the-whole");
  const args = ["data", photos, "--set", "size=64", "--json"];
  if (!existsSync(photos)) {
    await photographs(photos);
    const { code, stderr } = await gantry(args, { env: { GANTRY_CACHE: whole } }).ended;
    if (code !== 0) throw new Error(stderr);
  }
  const cache = join(folder, "cache");
  const pack = (): ReturnType<typeof gantry> => gantry(args, { env: { GANTRY_CACHE: cache } });
  let made = 0;
  let end = "";
  for (; made < most; made++) {
    const running = pack();
    await sleep(150 + roll(900));
    running.kill("SIGKILL");
    const { signal, code, stderr } = await running.ended;
    if (signal === "SIGKILL") tally.count("packing");
    else {
      end = code === 0 ? packIn(cache) : `${code}: ${stderr.trim()}`;
      break;
    }
  }
  if (end === "") {
    const { code, stderr } = await pack().ended;
    end = code === 0 ? packIn(cache) : `${code}: ${stderr.trim()}`;
  }
  if (end !== packIn(whole)) tally.problems.push(`packing after ${made} kills gives other bytes: ${end.slice(0, 500)}`);
  rmSync(cache, { recursive: true, force: true });
  return made;
};
