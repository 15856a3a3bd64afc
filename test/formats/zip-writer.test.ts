/** Archives and .npz files that are written piece by piece, read by yauzl (another implementation) and by the readers here. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import yauzl from "yauzl";
import {
  NpzWriter,
  openNpz,
  requireSpace,
  requireWritable,
  UnfinishedFolder,
  ZipWriter,
} from "../../src/formats/index.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../training/tiny.ts";

/** The entries of an archive, by name, as yauzl reads them; checksums are compared. */
async function entriesOf(path: string): Promise<Map<string, Buffer>> {
  const zip = await yauzl.openPromise(path, { strictFileNames: true });
  const found = new Map<string, Buffer>();
  for await (const entry of zip.eachEntry()) {
    const stream = await zip.openReadStreamPromise(entry);
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(part as Buffer);
    found.set(entry.fileName, Buffer.concat(parts));
  }
  return found;
}

describe("an archive that is written", () => {
  it("holds its entries, also those that were filled in turns, and the same contents are the same bytes", async () => {
    const folder = temporaryFolder();
    const write = (name: string): Buffer => {
      const zip = new ZipWriter(join(folder, name));
      zip.add("é.png", Buffer.from("one"));
      const [a, b] = [zip.reserve("a", 4), zip.reserve("b", 2)];
      zip.append(a, Buffer.from("12"));
      zip.append(b, Buffer.from("xy"));
      zip.append(a, Buffer.from("34"));
      zip.finish();
      return readFileSync(join(folder, name));
    };
    expect(write("first.zip").equals(write("second.zip"))).toBe(true);
    const entries = await entriesOf(join(folder, "first.zip"));
    expect(Object.fromEntries([...entries].map(([name, bytes]) => [name, String(bytes)]))).toEqual({
      "é.png": "one",
      a: "1234",
      b: "xy",
    });
  });

  it("has more entries than the plain format counts", async () => {
    const path = join(temporaryFolder(), "many.zip");
    const zip = new ZipWriter(path);
    for (let i = 0; i < 65_537; i++) zip.add(String(i), new Uint8Array([i % 256]));
    zip.finish();
    const read = await yauzl.openPromise(path);
    expect(read.entryCount).toBe(65_537);
    read.close();
  });

  it("is not there before it is whole, and leaves nothing", () => {
    const folder = temporaryFolder();
    const path = join(folder, "a.zip");
    writeFileSync(path, "older");
    const zip = new ZipWriter(path);
    const entry = zip.reserve("a", 2);
    zip.append(entry, new Uint8Array(1));
    expect(() => zip.finish()).toThrow("a: 1 of 2 bytes");
    expect(() => zip.append(entry, new Uint8Array(2))).toThrow("a has 2 bytes, not more");
    expect(readFileSync(path, "utf8")).toBe("older");
    zip.abandon();
    expect(readdirSync(folder)).toEqual(["a.zip"]);
  });
});

describe("an .npz that is written by rows", () => {
  it("holds its arrays", async () => {
    const path = join(temporaryFolder(), "a.npz");
    const npz = new NpzWriter(path, {
      arr_0: { dtype: "uint8", shape: [3, 1, 2, 1] },
      z: { dtype: "float32", shape: [3, 2] },
      labels: { dtype: "int64", shape: [3] },
    });
    for (let row = 0; row < 3; row++) {
      npz.append("arr_0", Uint8Array.from([row, 10 + row]));
      npz.append("labels", BigInt64Array.from([BigInt(-row)]));
      npz.append("z", Float32Array.from([row / 2, -row]));
    }
    npz.finish();
    const read = await openNpz(path);
    const values = async (name: string): Promise<unknown> => {
      const tensor: Tensor = await read.array(name);
      return [tensor.dtype, tensor.shape, Array.from(tensor.toArray(), Number)];
    };
    expect(await values("arr_0")).toEqual(["uint8", [3, 1, 2, 1], [0, 10, 1, 11, 2, 12]]);
    expect(await values("z")).toEqual(["float32", [3, 2], [0, -0, 0.5, -1, 1, -2]]);
    expect(await values("labels")).toEqual(["int64", [3], [0, -1, -2]]);
    await read.close();
  });
});

describe("a folder that is filled under another name", () => {
  it("takes the place of an empty one, and of no other", () => {
    const parent = temporaryFolder();
    const path = join(parent, "samples");
    mkdirSync(path);
    const folder = new UnfinishedFolder(path);
    writeFileSync(join(folder.temporary, "0.png"), "");
    expect(readdirSync(path)).toEqual([]);
    folder.finish();
    expect([readdirSync(parent), readdirSync(path)]).toEqual([["samples"], ["0.png"]]);
    expect(() => new UnfinishedFolder(path)).toThrow(`${path} exists and is not an empty folder`);
    expect(() => new UnfinishedFolder(join(path, "0.png"))).toThrow("exists and is not an empty folder");
    const abandoned = new UnfinishedFolder(join(parent, "other"));
    abandoned.abandon();
    expect(readdirSync(parent)).toEqual(["samples"]);
  });
});

describe("checks before work", () => {
  it("say what cannot be written", () => {
    const folder = temporaryFolder();
    const file = join(folder, "file");
    writeFileSync(file, "");
    requireWritable(join(folder, "new/a.png"));
    expect(readdirSync(join(folder, "new"))).toEqual([]);
    expect(() => requireWritable(join(file, "a.png"))).toThrow(
      /cannot write .*a\.png: a (part of the path is a )?file/,
    );
    expect(() => requireWritable(folder)).toThrow("it is a folder, not a file");
    expect(() => requireWritable("/proc/a.png")).toThrow("cannot write /proc/a.png");
    expect(existsSync(file)).toBe(true);
  });

  it("say what does not fit on the disk", () => {
    const folder = temporaryFolder();
    requireSpace(join(folder, "a/b"), 1, "one");
    expect(() => requireSpace(join(folder, "a/b"), 1e18, "a lot")).toThrow(
      new RegExp(`^a lot would take 1000000000 GB, and the disk of ${folder} has [\\d.]+ GB left$`),
    );
  });
});
