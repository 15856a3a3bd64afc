/**
 * Single bits flipped in checkpoints, settings, pictures, logs and packs. Promised: each is noticed, by `gantry verify` and before
 * a damaged checkpoint or pack is used.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preparePack } from "../../src/data/pack.ts";
import { isIntact } from "../../src/data/pack-check.ts";
import { openPack } from "../../src/data/pack-header.ts";
import { readCheckedTensors, writeCheckedTensors } from "../../src/formats/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { openRun, verifyRun } from "../../src/training/index.ts";
import { dice, gantry, type Outcome, Tally, tinyTraining } from "./trial.ts";

/** A pack of 40 labelled images that need no file. */
async function packOfNoise(cache: string): Promise<string> {
  const pixels = Buffer.from(Array.from({ length: 40 * 64 }, (_, i) => (i * 37) & 255));
  const images = { form: "raw", pixels, start: 0, stride: 64, channels: 1, height: 8, width: 8 } as const;
  const labels = Uint32Array.from({ length: 40 }, (_, i) => i % 2);
  const source = {
    name: "noise",
    fingerprint: "noise",
    open: async () => ({ note: "noise", classes: ["even", "odd"], labels, images }),
  };
  const target = { size: 8, channels: 1, fit: "crop", background: 0 } as const;
  return (await preparePack(source as never, target, {}, { cache })).folder;
}

/** Whether damage in a file is noticed by what reads it. */
type Notices = () => Promise<boolean> | boolean;

/** Flips `count` bits, one after the other. */
export async function bits(count: number, seed: number): Promise<Outcome> {
  const tally = new Tally();
  const roll = dice(seed);
  const folder = mkdtempSync(join(tmpdir(), "gantry-bits-"));
  try {
    const run = join(folder, "run");
    const { code, stderr } = await gantry(tinyTraining(run, 80)).ended;
    if (code !== 0) throw new Error(stderr);
    const pack = await packOfNoise(folder);
    const tensors = join(folder, "statistics.safetensors");
    writeCheckedTensors(tensors, new Map([["mean", Tensor.arange(0, 9, 1)]]), { images: "noise" });
    const verified: Notices = () => verifyRun(run).some(({ problem }) => problem !== undefined);
    const packChecked: Notices = async () => {
      const opened = openPack(pack);
      return opened === undefined || !(await isIntact(opened));
    };
    const tensorsChecked: Notices = () => {
      try {
        readCheckedTensors(tensors);
        return false;
      } catch {
        return true;
      }
    };
    const inRun = (readdirSync(run, { recursive: true }) as string[])
      .filter((name) => /\.(safetensors|json|jsonl|crc|png)$/.test(name))
      .map((name) => [name, join(run, name), verified] as const);
    const inPack = ["images.u8", "labels.i64", "pack.json"].map(
      (name) => [`pack: ${name}`, join(pack, name), packChecked] as const,
    );
    const targets = [...inRun, ...inPack, ["statistics", tensors, tensorsChecked] as const];
    // A check that always finds something would notice every bit.
    for (const [name, , notices] of targets)
      if (await notices()) throw new Error(`${name} counts as damaged when it is whole`);
    for (let i = 0; i < count; i++) {
      const [name, file, notices] = targets[i % targets.length]!;
      const whole = readFileSync(file);
      const bit = roll(whole.length * 8);
      const damaged = Buffer.from(whole);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(file, damaged);
      tally.count(name.replace(/\d{6}/g, "N"));
      if (!(await notices()) && !isHarmless(name, whole, damaged))
        tally.problems.push(`${name}, bit ${bit}: not noticed`);
      // A damaged checkpoint is not trained on either, nor other settings.
      if (/^(checkpoints\/step-000080|recipe)/.test(name) && i % 8 === 0 && !isHarmless(name, whole, damaged)) {
        const trained = await openRun(run, ["steps=81"])
          .then((opened) => opened.train())
          .catch(() => undefined);
        if (trained !== undefined) {
          tally.problems.push(`${name}, bit ${bit}: trained on`);
          return tally.outcome("bits");
        }
        // The log has a line more, which says that it failed.
      }
      writeFileSync(file, whole);
    }
    if (await verified()) tally.problems.push("the run is damaged at the end, when every bit is as it was");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return tally.outcome("bits");
}

/** A flip in the name of the key of the checksum: the file counts as one of an older version, and all else is as it was. */
function isHarmless(name: string, whole: Buffer, damaged: Buffer): boolean {
  const key = '"crc32":';
  return !name.endsWith("crc") && whole.includes(key) && !damaged.includes(key);
}
