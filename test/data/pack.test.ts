import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { inspectionText } from "../../src/cli/data.ts";
import { inspect } from "../../src/data/inspect.ts";
import type { Target } from "../../src/data/options.ts";
import { type PackProgress, preparePack } from "../../src/data/pack.ts";
import { openPack } from "../../src/data/pack-header.ts";
import { byClass } from "../../src/data/sets/folder-classes.ts";
import type { ImageSource } from "../../src/data/source.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { labelsOf } from "./files.ts";

const folder = temporaryFolder();
const target: Target = { size: 4, channels: 1, fit: "crop", background: 0 };
const all = { classes: undefined, first: undefined };

/** A source of 4 x 4 images, image i all of the value i; it counts how often it is opened. */
function source(count: number, fingerprint = "f"): ImageSource & { opened: number } {
  const self = {
    name: "counted",
    fingerprint,
    opened: 0,
    open: async () => {
      self.opened++;
      const pixels = new Uint8Array(count * 16).map((_, i) => Math.floor(i / 16) % 256);
      return {
        images: { form: "raw" as const, pixels, start: 0, stride: 16, channels: 1 as const, height: 4, width: 4 },
        names: (i: number) => `image ${i}`,
        labels: Uint8Array.from({ length: count }, (_, i) => i % 2),
        classes: ["even", "odd"],
        broken: [],
        ignored: {},
        note: "made up",
      };
    },
  };
  return self;
}

describe("preparePack", () => {
  it("writes pixels, labels and header once, and finds them again", async () => {
    const cache = join(folder, "once");
    const images = source(600);
    const progress: PackProgress[] = [];
    const pack = await preparePack(images, target, all, { cache, onProgress: (p) => progress.push({ ...p }) });
    expect(pack.header).toMatchObject({
      name: "counted",
      note: "made up",
      count: 600,
      channels: 1,
      size: 4,
      broken: [],
    });
    const pixels = readFileSync(pack.imagesPath);
    expect(pixels.length).toBe(600 * 16);
    for (const i of [0, 255, 256, 599]) expect(pixels[i * 16 + 15]).toBe(i % 256);
    expect(progress.map(({ done }) => done)).toEqual([256, 512, 600]);
    expect(progress.at(-1)).toEqual({ name: "counted", done: 600, total: 600, failed: 0 });
    await preparePack(images, target, all, { cache });
    expect(images.opened).toBe(1);
    expect(readdirSync(join(cache, "packs"))).toEqual([pack.folder.split("/").at(-1)]);
  });

  it("makes another pack whenever anything that matters differs", async () => {
    const cache = join(folder, "keys");
    const folders = new Set<string>();
    const variants: [ImageSource, Target, { classes?: string[]; first?: number }][] = [
      [source(4), target, {}],
      [source(4, "g"), target, {}],
      [source(4), { ...target, size: 8 }, {}],
      [source(4), { ...target, channels: 3 }, {}],
      [source(4), { ...target, fit: "pad" }, {}],
      [source(4), { ...target, background: 1 }, {}],
      [source(4), target, { classes: ["odd"] }],
      [source(4), target, { first: 2 }],
    ];
    for (const [images, form, choice] of variants) {
      folders.add(
        (await preparePack(images, form, { classes: undefined, first: undefined, ...choice }, { cache })).folder,
      );
    }
    expect(folders.size).toBe(variants.length);
  });

  it("gives the same bytes in this thread and in worker threads, in order", async () => {
    const bigger: Target = { ...target, size: 6 };
    const inline = await preparePack(source(1000), bigger, all, { cache: join(folder, "inline"), workers: 0 });
    const threads = await preparePack(source(1000), bigger, all, { cache: join(folder, "threads"), workers: 2 });
    expect(readFileSync(threads.imagesPath)).toEqual(readFileSync(inline.imagesPath));
    expect(readFileSync(threads.labelsPath)).toEqual(readFileSync(inline.labelsPath));
    // Each image is of one value, so scaling it gives that value: the order is right.
    expect(readFileSync(threads.imagesPath)[999 * 36]).toBe(999 % 256);
  });

  it("can be built by two processes at once", async () => {
    const cache = join(folder, "race");
    const packs = await Promise.all([1, 2, 3].map(() => preparePack(source(300), target, all, { cache })));
    expect(new Set(packs.map((pack) => pack.folder)).size).toBe(1);
    expect(readdirSync(join(cache, "packs"))).toHaveLength(1);
    expect(openPack(packs[0]!.folder)).toBeDefined();
  });

  it.each<[string, (path: string) => void]>([
    ["images cut short", (path) => truncateSync(join(path, "images.u8"), 10)],
    ["labels cut short", (path) => truncateSync(join(path, "labels.i64"), 8)],
    ["a header that is not JSON", (path) => writeFileSync(join(path, "pack.json"), "{")],
    ["a header of another version", (path) => writeFileSync(join(path, "pack.json"), '{"version": 0}')],
  ])("makes a damaged pack again: %s", async (_, damage) => {
    const cache = join(folder, `damaged ${Math.random()}`);
    const images = source(20);
    const { folder: path } = await preparePack(images, target, all, { cache });
    damage(path);
    expect(openPack(path)).toBeUndefined();
    const again = await preparePack(images, target, all, { cache, warn: () => {} });
    expect(again.folder).toBe(path);
    expect(images.opened).toBe(2);
    expect(readFileSync(again.imagesPath).length).toBe(20 * 16);
    expect(readdirSync(join(cache, "packs"))).toHaveLength(1);
  });

  it("notices a flipped bit in each of its files, says so, and makes it again", async () => {
    const cache = join(folder, "flipped");
    const images = source(20);
    const { folder: path } = await preparePack(images, target, all, { cache });
    for (const [i, name] of ["images.u8", "labels.i64", "pack.json"].entries()) {
      const bytes = readFileSync(join(path, name));
      const damaged = Buffer.from(bytes);
      damaged[damaged.length >> 1]! ^= 4;
      writeFileSync(join(path, name), damaged);
      const said: string[] = [];
      await preparePack(images, target, all, { cache, warn: (message) => void said.push(message) });
      expect(said).toEqual([`${images.name}: the prepared images in ${path} are damaged and are prepared again`]);
      expect(images.opened).toBe(2 + i);
      expect(readFileSync(join(path, name))).toEqual(bytes);
    }
    await preparePack(images, target, all, { cache });
    expect(images.opened).toBe(4);
  });

  it("removes what dead builders left long ago, and nothing younger", async () => {
    const packs = join(folder, "stale/packs");
    mkdirSync(join(packs, ".old.1-aa.tmp"), { recursive: true });
    mkdirSync(join(packs, ".young.2-bb.tmp"));
    utimesSync(join(packs, ".old.1-aa.tmp"), 1, 1);
    await preparePack(source(4), target, all, { cache: join(folder, "stale") });
    expect(existsSync(join(packs, ".old.1-aa.tmp"))).toBe(false);
    expect(existsSync(join(packs, ".young.2-bb.tmp"))).toBe(true);
  });

  it("leaves nothing behind when the source fails or the selection is empty", async () => {
    const cache = join(folder, "failing");
    const failing: ImageSource = { ...source(4), open: () => Promise.reject(new UserError("no such luck")) };
    await expect(preparePack(failing, target, all, { cache })).rejects.toThrow("no such luck");
    const none = preparePack(source(0), target, all, { cache });
    await expect(none).rejects.toThrow(/counted holds no image/);
    expect(existsSync(join(cache, "packs")) ? readdirSync(join(cache, "packs")) : []).toEqual([]);
  });

  it("keeps labels beyond 65,535, and inspects 130,000 classes", async () => {
    const count = 130_000;
    const classes = Array.from({ length: count }, (_, i) => `class ${i}`);
    const many: ImageSource = {
      ...source(1),
      open: async () => ({
        ...(await source(1).open()),
        images: {
          ...{
            form: "raw",
            pixels: new Uint8Array(count * 16),
            start: 0,
            stride: 16,
            channels: 1,
            height: 4,
            width: 4,
          },
        },
        labels: Uint32Array.from(classes.keys()),
        classes,
      }),
    };
    const pack = await preparePack(many, target, all, { cache: join(folder, "many") });
    const found = await inspect(pack);
    expect(found.classes).toHaveLength(count);
    for (const i of [0, 65_535, 65_536, count - 1]) expect(found.classes[i]).toEqual({ name: `class ${i}`, count: 1 });
    expect(inspectionText(found)).toMatch(/ {2}classes {3}130000\n(.*\n)+ {4}and 129900 more/);
    const two = await preparePack(
      many,
      target,
      { classes: ["class 65536", "class 0"] },
      { cache: join(folder, "many") },
    );
    expect(labelsOf(two)).toEqual([1, 0]);
    const none = preparePack(many, target, { classes: ["class x"] }, { cache: join(folder, "many") });
    await expect(none).rejects.toThrow(/its classes: class 0, .*class 199 and 129800 more$/);
    const paths = classes.map((name) => ({ path: `${name}/1.png`, item: { kind: "file" as const, path: "" } }));
    const sorted = byClass(paths, 0);
    expect([sorted.classes.length, sorted.files.at(-1)!.label]).toEqual([count, count - 1]);
  });

  it("refuses a pack that does not fit on the disk before it begins one", async () => {
    const cache = join(folder, "full");
    const huge: ImageSource = {
      ...source(4),
      open: async () => ({ ...(await source(4).open()), labels: new Uint8Array(2_000_000) }),
    };
    await expect(preparePack(huge, { ...target, size: 1024, channels: 3 }, all, { cache })).rejects.toThrow(
      /counted: its prepared images would take 6290 GB, and .*packs has .* GB left; take a smaller `size`/,
    );
    expect(readdirSync(join(cache, "packs"))).toEqual([]);
  });

  it("says where it cannot write", async () => {
    const cache = join(folder, "a file");
    writeFileSync(cache, "");
    await expect(preparePack(source(4), target, all, { cache })).rejects.toThrow(/cannot write .*a file\/packs/);
    expect(statSync(cache).size).toBe(0);
  });
});
