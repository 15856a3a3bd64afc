import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { contentsOf, type FileState, readContents } from "../../src/data/contents.ts";
import { packOf } from "../../src/data/define.ts";
import { fashionMnist, imageFolder, mnist, stl10 } from "../../src/data/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { idxOf, imageFile, stl10Images } from "./files.ts";

const folder = temporaryFolder();

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Overwrites a file in place and puts its time back, as `touch -r` and unpacking an archive do. */
function replaceUnseen(path: string, bytes: Uint8Array): void {
  const { size, atimeMs, mtimeMs } = statSync(path);
  expect(bytes.length).toBe(size);
  writeFileSync(path, bytes);
  utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
  expect(statSync(path).mtimeMs).toBe(mtimeMs);
}

/** A file whose time has no fractions, so that it can be put back exactly. */
function put(path: string, bytes: Uint8Array): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, bytes);
  utimesSync(path, 1_700_000_000, 1_700_000_000);
}

describe("the contents of files", () => {
  const cache = join(folder, "cache");
  const one = join(folder, "files/one.bin");
  const two = join(folder, "files/two.bin");

  it("differ after one was overwritten and its time put back", async () => {
    put(one, Buffer.from("abc"));
    put(two, Buffer.from("xyz"));
    const before = await readContents([one, two], { cache });
    expect(before.hashed).toBe("every byte of 2 files");
    expect(await readContents([one, two], { cache })).toEqual(before);
    replaceUnseen(two, Buffer.from("xyy"));
    expect((await readContents([one, two], { cache })).hash).not.toBe(before.hash);
    replaceUnseen(two, Buffer.from("xyz"));
    expect((await readContents([one, two], { cache })).hash).toBe(before.hash);
  });

  it("are remembered where the file system keeps its own time, but not of files that have just changed", async () => {
    const own = join(folder, "own cache");
    const states = (seen: number): FileState[] =>
      [one, two].map((path) => {
        const { size, mtimeMs, ctimeMs, ino, dev } = statSync(path);
        return { path, size, modified: mtimeMs, changed: ctimeMs, inode: ino, device: dev, seen };
      });
    put(one, Buffer.from("abc"));
    await contentsOf(states(Date.now()), { cache: own });
    expect(() => readdirSync(join(own, "contents"))).toThrow(/ENOENT/);
    const later = Date.now() + 60_000;
    const { hash } = await contentsOf(states(later), { cache: own });
    // ext4, xfs, btrfs, tmpfs and overlayfs are what tests run on; elsewhere nothing is remembered.
    const keeps = [0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630].includes(statfsSync(folder).type);
    if (!keeps) return;
    const [name] = readdirSync(join(own, "contents"));
    writeFileSync(join(own, "contents", name!), `${"0".repeat(64)}\n`);
    expect((await contentsOf(states(later), { cache: own })).hash).toBe("0".repeat(64));
    // The time of modification is the same, that of the inode is not.
    replaceUnseen(one, Buffer.from("abd"));
    expect((await contentsOf(states(later), { cache: own })).hash).not.toBe("0".repeat(64));
    replaceUnseen(one, Buffer.from("abc"));
    expect((await contentsOf(states(later), { cache: own })).hash).toBe(hash);
  });

  it("are hashed whole up to 4 GiB: a byte anywhere counts, with equal size and time", async () => {
    const large = join(folder, "large.bin");
    const bytes = Buffer.alloc(8 * 2 ** 20, 7);
    put(large, bytes);
    const before = await readContents([large, one], { cache });
    expect(before.hashed).toBe("every byte of 2 files");
    for (const at of [0, 100_000, bytes.length / 2 + 1, bytes.length - 1]) {
      const other = Buffer.from(bytes);
      other[at] = 8;
      replaceUnseen(large, other);
      expect((await readContents([large, one], { cache })).hash, `byte ${at}`).not.toBe(before.hash);
    }
    replaceUnseen(large, bytes);
    expect((await readContents([large, one], { cache })).hash).toBe(before.hash);
  });

  it("are hashed by blocks and times where the set is larger, so that a change between blocks is seen, too", async () => {
    // Holes take no room on the disk.
    const huge = join(folder, "huge.bin");
    put(huge, Buffer.from("huge"));
    truncateSync(huge, 2 ** 32 + 1);
    utimesSync(huge, 1_700_000_000, 1_700_000_000);
    const hashes = [await readContents([huge, one], { cache })];
    expect(hashes[0]!.hashed).toBe("every byte of 1 file, 16 blocks, size and times of 1 file above 1 MiB");
    // The end of the file, and a byte between two blocks.
    for (const at of [2 ** 32, 100_000_000]) {
      const file = openSync(huge, "r+");
      writeSync(file, Buffer.of(8), 0, 1, at);
      closeSync(file);
      utimesSync(huge, 1_700_000_000, 1_700_000_000);
      hashes.push(await readContents([huge, one], { cache }));
    }
    expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(3);
    rmSync(huge);
  });

  it("end with the reason of the signal", async () => {
    await expect(readContents([one], { stop: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});

describe("a pack belongs to what it was made of", () => {
  const cache = join(folder, "packs");

  it("one kind of dataset does not get the pack of another that reads the same files", async () => {
    const path = join(folder, "idx");
    for (const split of ["train", "t10k"]) {
      put(join(path, `${split}-images-idx3-ubyte`), idxOf([4, 28, 28], new Uint8Array(4 * 784).fill(9)));
      put(join(path, `${split}-labels-idx1-ubyte`), idxOf([4], Uint8Array.of(0, 1, 2, 3)));
    }
    const fashion = await packOf(fashionMnist({ path }), { cache });
    const digits = await packOf(mnist({ path }), { cache });
    expect(fashion.header).toMatchObject({ name: "fashion-mnist (train)", hashed: "every byte" });
    expect(fashion.header.classes[0]).toBe("T-shirt/top");
    expect(digits.header.name).toBe("mnist (train)");
    expect(digits.header.classes[0]).toBe("0");
    // The same files elsewhere are the same data.
    const moved = join(folder, "moved/idx");
    mkdirSync(moved, { recursive: true });
    for (const name of readdirSync(path)) writeFileSync(join(moved, name), readFileSync(join(path, name)));
    expect((await packOf(mnist({ path: moved }), { cache })).folder).toBe(digits.folder);
  });

  it("STL-10 of equal sizes and times in two folders are two packs", async () => {
    const made = [0, 1].map((first) => {
      const path = join(folder, `stl ${first}`);
      put(join(path, "train_X.bin"), stl10Images(first + 40).subarray(first * 27648));
      put(
        join(path, "train_y.bin"),
        Uint8Array.from({ length: 40 }, (_, i) => (i % 10) + 1),
      );
      return packOf(stl10({ path, size: 96 }), { cache, workers: 0 });
    });
    const [a, b] = await Promise.all(made);
    expect(a!.folder).not.toBe(b!.folder);
    expect(a!.header.hashed).toBe("every byte of 2 files");
    expect(readFileSync(b!.imagesPath)[0]).toBe(1);
  });

  it("images that were overwritten in place, with equal size and time, are packed again", async () => {
    const path = join(folder, "pictures");
    const gray = (value: number) => imageFile("png", 16, 16, { r: value, g: value, b: value });
    put(join(path, "a.png"), await gray(10));
    const before = await packOf(imageFolder({ path, size: 16 }), { cache, workers: 0 });
    expect(readFileSync(before.imagesPath)[0]).toBe(10);
    const other = await gray(20);
    replaceUnseen(join(path, "a.png"), other);
    const after = await packOf(imageFolder({ path, size: 16 }), { cache, workers: 0 });
    expect(readFileSync(after.imagesPath)[0]).toBe(20);
    // Two folders of one last name.
    const twin = join(folder, "elsewhere/pictures");
    put(join(twin, "a.png"), await gray(30));
    const third = await packOf(imageFolder({ path: twin, size: 16 }), { cache, workers: 0 });
    expect(readFileSync(third.imagesPath)[0]).toBe(30);
  });
});
