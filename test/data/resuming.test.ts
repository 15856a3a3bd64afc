/** Packing that was interrupted continues where it was, to the same bytes: after a real kill, and for every kind of dataset. */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { DataDescriptor } from "../../src/data/dataset.ts";
import { packOf } from "../../src/data/define.ts";
import type { Pack } from "../../src/data/pack-header.ts";
import { celeba } from "../../src/data/sets/celeba.ts";
import { celebaHq } from "../../src/data/sets/celeba-hq.ts";
import { cifar10 } from "../../src/data/sets/cifar10.ts";
import { cifar100 } from "../../src/data/sets/cifar100.ts";
import { imageFolder } from "../../src/data/sets/image-folder.ts";
import { imagenet } from "../../src/data/sets/imagenet.ts";
import { lsun } from "../../src/data/sets/lsun.ts";
import { stl10 } from "../../src/data/sets/stl10.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { cifarRecords, imageFile, published, stl10Images, zipOf } from "./files.ts";

const folder = temporaryFolder();

/** Large enough that a message holds seven images, so that 15 take three. */
const size = 600;
const COUNT = 15;
const STEPS = [7, 14, 15];

/** Packs into a cache; gives the pack and how far each step was. */
async function packed(descriptor: DataDescriptor, cache: string): Promise<{ pack: Pack; steps: number[] }> {
  const steps: number[] = [];
  const pack = await packOf(descriptor, { cache, workers: 0, onProgress: ({ done }) => steps.push(done) });
  return { pack, steps };
}

/** What a process leaves that is killed when the second message is done: a copy of its cache at that moment. */
async function killed(descriptor: DataDescriptor, cache: string): Promise<string> {
  const left = `${cache} after the kill`;
  let step = 0;
  await packOf(descriptor, {
    cache,
    workers: 0,
    onProgress: () => {
      if (++step === 2) cpSync(cache, left, { recursive: true });
    },
  });
  const [lock] = readdirSync(join(left, "packs")).filter((name) => name.endsWith(".lock"));
  // The lock of a process that is no more: no number is so large.
  writeFileSync(join(left, "packs", lock!), JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }));
  return left;
}

const unfinishedIn = (cache: string): string => {
  const [name] = readdirSync(join(cache, "packs")).filter((entry) => entry.endsWith(".unfinished"));
  return join(cache, "packs", name!);
};

function expectSame(a: Pack, b: Pack): void {
  for (const file of ["images.u8", "labels.i64", "pack.json"]) {
    expect(readFileSync(join(a.folder, file)).equals(readFileSync(join(b.folder, file))), file).toBe(true);
  }
  // Neither marks nor locks are left.
  expect(readdirSync(b.folder).sort()).toEqual(["images.u8", "labels.i64", "pack.json"]);
  expect(readdirSync(join(b.folder, ".."))).toHaveLength(1);
}

const kinds: Record<string, () => DataDescriptor> = {
  imageFolder: () => imageFolder({ path: join(folder, "photos.zip"), size }),
  celeba: () => celeba({ path: join(folder, "celeba"), split: "all", attribute: "Smiling", size }),
  celebaHq: () => celebaHq({ path: join(folder, "celeba/img_align_celeba"), size }),
  imagenet: () => imagenet({ path: join(folder, "imagenet"), size }),
  lsun: () => lsun({ path: join(published, "lsun"), categories: ["bridge", "church_outdoor"], size, first: COUNT }),
  cifar10: () => cifar10({ path: join(folder, "cifar"), split: "test", size }),
  cifar100: () => cifar100({ path: join(folder, "cifar"), split: "test", size }),
  stl10: () => stl10({ path: join(folder, "stl"), split: "unlabeled", size }),
};

beforeAll(async () => {
  for (const place of [
    "celeba/img_align_celeba",
    "imagenet/train/n01440764",
    "imagenet/train/n02085620",
    "cifar",
    "stl",
  ]) {
    mkdirSync(join(folder, place), { recursive: true });
  }
  const entries: { name: string; data: Buffer }[] = [];
  const rows: string[] = [];
  for (let i = 0; i < COUNT; i++) {
    const name = `${String(i + 1).padStart(6, "0")}.jpg`;
    // One file of the first message and one of the last are broken.
    const isBroken = i === 4 || i === COUNT - 1;
    const data = isBroken
      ? Buffer.from("x")
      : await imageFile("jpeg", 20 + i, 30, { r: 10 * i, g: 255 - 10 * i, b: 7 });
    entries.push({ name, data });
    rows.push(`${name} ${i % 2 === 0 ? "1" : "-1"}`);
    writeFileSync(join(folder, "celeba/img_align_celeba", name), data);
    writeFileSync(join(folder, "imagenet/train", i % 3 === 0 ? "n01440764" : "n02085620", name), data);
  }
  writeFileSync(join(folder, "photos.zip"), zipOf(entries));
  writeFileSync(
    join(folder, "celeba/list_attr_celeba.txt"),
    `${[COUNT, "Smiling Young", ...rows.map((row) => `${row} 1`)].join("\n")}\n`,
  );
  writeFileSync(join(folder, "cifar/test_batch.bin"), cifarRecords(COUNT));
  writeFileSync(join(folder, "cifar/test.bin"), cifarRecords(COUNT, 0, 2));
  writeFileSync(join(folder, "stl/unlabeled_X.bin"), stl10Images(COUNT));
});

describe("packing continues", () => {
  it.each(Object.keys(kinds))("with %s, to the same bytes", async (kind) => {
    const descriptor = kinds[kind]!();
    const cache = join(folder, kind);
    const left = await killed(descriptor, cache);
    const whole = await packed(descriptor, cache);
    expect(whole.steps).toEqual([]);
    const { pack, steps } = await packed(descriptor, left);
    // It begins with what was marked, which is one message at least.
    expect(STEPS.slice(0, 2)).toContain(steps[0]);
    expect(steps.slice(-2)).toEqual(STEPS.slice(-2));
    expectSame(whole.pack, pack);
  });

  it("after a real kill", async () => {
    const cache = join(folder, "killed");
    const { signal } = spawnSync(
      process.execPath,
      ["--import", import.meta.resolve("jiti/register"), join(import.meta.dirname, "until-killed.ts"), cache],
      { encoding: "utf8" },
    );
    expect(signal).toBe("SIGKILL");
    expect(existsSync(join(unfinishedIn(cache), "marks.jsonl"))).toBe(true);
    const descriptor = lsun({ path: join(published, "lsun"), categories: ["bridge"], size, first: 21 });
    const { pack, steps } = await packed(descriptor, cache);
    expect(steps[0]).toBeGreaterThanOrEqual(7);
    expectSame((await packed(descriptor, join(folder, "not killed"))).pack, pack);
  });

  it.each<[string, number[], (unfinished: string) => void]>([
    ["a mark that was cut short", STEPS.slice(1), (path) => appendFileSync(join(path, "marks.jsonl"), '{"done": 2')],
    ["pixels that are not all there", STEPS, (path) => truncateSync(join(path, "images.u8"), 1000)],
    ["marks that are no marks", STEPS, (path) => writeFileSync(join(path, "marks.jsonl"), "\0\0\0\n")],
    ["no marks", STEPS, (path) => truncateSync(join(path, "marks.jsonl"), 0)],
  ])("from what can be trusted: %s", async (name, steps, spoil) => {
    const cache = join(folder, name);
    const descriptor = kinds.celeba!();
    const left = await killed(descriptor, cache);
    spoil(unfinishedIn(left));
    const again = await packed(descriptor, left);
    expect(again.steps.slice(-steps.length)).toEqual(steps);
    expectSame((await packed(descriptor, cache)).pack, again.pack);
  });

  it("a second time, after an error, behind a mark that was cut short", async () => {
    const descriptor = kinds.celeba!();
    const cache = join(folder, "twice");
    const left = await killed(descriptor, cache);
    appendFileSync(join(unfinishedIn(left), "marks.jsonl"), '{"done": 2');
    const steps: number[] = [];
    const onProgress = ({ done }: { done: number }): void => {
      if (steps.push(done) === 2) throw new Error("the disk is full");
    };
    await expect(packOf(descriptor, { cache: left, workers: 0, onProgress })).rejects.toThrow("the disk is full");
    const again = await packed(descriptor, left);
    expect(again.steps[0]).toBe(steps[1]);
    expectSame((await packed(descriptor, cache)).pack, again.pack);
  });

  it("elsewhere, while another process is at it", async () => {
    const cache = join(folder, "busy");
    const descriptor = kinds.celeba!();
    const left = await killed(descriptor, cache);
    const lock = `${unfinishedIn(left)}.lock`;
    writeFileSync(lock, JSON.stringify({ pid: process.ppid, host: hostname() }));
    const { pack, steps } = await packed(descriptor, left);
    expect(steps).toEqual(STEPS);
    expect(readdirSync(join(left, "packs")).sort()).toHaveLength(3);
    expect(existsSync(lock)).toBe(true);
    expect(readFileSync(pack.imagesPath).equals(readFileSync((await packed(descriptor, cache)).pack.imagesPath))).toBe(
      true,
    );
  });

  it("removes unfinished packs after a week", async () => {
    const cache = join(folder, "forgotten");
    const left = await killed(kinds.celeba!(), cache);
    const unfinished = unfinishedIn(left);
    const days = (count: number): number => Date.now() / 1000 - count * 24 * 3600;
    const other = kinds.celebaHq!();
    for (const [age, stays] of [
      [6, true],
      [8, false],
    ] as const) {
      for (const path of [unfinished, join(unfinished, "images.u8")]) utimesSync(path, days(age), days(age));
      await packOf(age === 6 ? other : kinds.cifar10!(), { cache: left, workers: 0 });
      expect(existsSync(unfinished)).toBe(stays);
      expect(existsSync(`${unfinished}.lock`)).toBe(stays);
    }
  });
});
