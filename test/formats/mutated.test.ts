/**
 * Files that were cut or changed at random (by a seed): every reader either succeeds or throws a UserError of one line that
 * names the file. No other error, no crash, no hang.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { listImages } from "../../src/data/listing.ts";
import { readIdx, readNpy, readNumpyPickle, readPth, readSafetensors } from "../../src/formats/index.ts";
import { scope } from "../../src/tensor/index.ts";
import { fixture, temporaryFolder } from "./folder.ts";
import { u32, zip } from "./pickles.ts";
import { readHdf5, readNpz, readParquet } from "./read-whole.ts";

const folder = temporaryFolder();
mkdirSync(join(folder, "made"));

/** Marsaglia's xorshift32: the same changes on every machine. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function made(name: string, bytes: Uint8Array): string {
  const path = join(folder, "made", name);
  writeFileSync(path, bytes);
  return path;
}

const idx = Buffer.concat([
  Buffer.from([0, 0, 8, 3]),
  u32(0x02000000),
  u32(0x03000000),
  u32(0x04000000),
  Buffer.alloc(24, 7),
]);
const image = readFileSync(fixture("picture.png"));

const readArrays = (path: string): unknown => readNumpyPickle(readFileSync(path), path);

const container = (name: string): string => join(import.meta.dirname, "../fixtures/containers", name);

type Reader = (path: string) => unknown;

const readers: readonly (readonly [what: string, path: string, read: Reader])[] = [
  ["a .pth archive of torch 1.13", fixture("everything_zip_1.13.pth"), readPth],
  ["a .pth archive of torch 2.13", fixture("everything_zip_2.13.pth"), readPth],
  ["a .pth stream of torch 1.13", fixture("everything_stream_1.13.pth"), readPth],
  ["a .pth stream of torch 2.13", fixture("everything_stream_2.13.pth"), readPth],
  ["a small .pth stream", fixture("protocol4_stream_2.13.pth"), readPth],
  ["a small .pth archive", fixture("protocol4_zip_1.13.pth"), readPth],
  ["a safetensors file", fixture("reference.safetensors"), readSafetensors],
  ["an .npy file", fixture("f4.npy"), readNpy],
  ["a column-major .npy file", fixture("f4_fortran.npy"), readNpy],
  ["a stored .npz file", fixture("samples_stored.npz"), readNpz],
  ["a deflated .npz file", fixture("samples_deflated.npz"), readNpz],
  ["statistics in an .npz file", fixture("statistics.npz"), readNpz],
  [
    "a zip archive of images",
    made(
      "images.zip",
      zip([
        ["a.png", image],
        ["b/c.png", image.subarray(0, 99)],
      ]),
    ),
    listImages,
  ],
  ["a parquet file", container("hub/data/train-00000-of-00002.parquet"), readParquet],
  ["an HDF5 file", made("images.hdf5", readFileSync(container("biggan-gzip.hdf5"))), readHdf5],
  ["a pickle of arrays by Python 2", container("cifar-10-batches-py/data_batch_1"), readArrays],
  ["a pickle of arrays by Python 3", container("cifar-10-batches-py/test_batch"), readArrays],
  ["an IDX file", made("images-idx3-ubyte", idx), readIdx],
  ["a gzip IDX file", made("images-idx3-ubyte.gz", gzipSync(idx)), readIdx],
];

const asynchronous: ReadonlySet<Reader> = new Set([readNpz, listImages, readParquet, readHdf5]);

/** Reads a file; true when it was refused, as it should be. Fails the test on any other error. */
async function isRefused(read: Reader, path: string, how: string): Promise<boolean> {
  let caught: unknown;
  const started = process.cpuUsage();
  try {
    // A scope frees what a synchronous reader made; one that is not frees its own.
    await (asynchronous.has(read) ? read(path) : scope(() => void read(path)));
  } catch (error) {
    caught = error;
  }
  // Work, not time: other processes may have the cores.
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1e6, how).toBeLessThan(20);
  if (caught === undefined) return false;
  expect(caught, how).toBeInstanceOf(UserError);
  const { message } = caught as UserError;
  expect(message, how).toContain(path);
  expect(message, how).not.toMatch(/[\r\n]/);
  return true;
}

describe.each(readers)("%s", (what, original, read) => {
  const whole = readFileSync(original);
  const path = join(folder, `mutated-${what.replaceAll(/\W/g, "-")}`);
  // Where the structure is: the archive of images is mostly pixels, which are not read here.
  const roll = dice(0x9e3779b9);
  const place = (): number => {
    if (roll(3) > 0) return roll(Math.min(whole.length, 700));
    return roll(2) === 0 ? whole.length - 1 - roll(Math.min(whole.length, 500)) : roll(whole.length);
  };

  it("is read when it is whole", async () => {
    expect(await isRefused(read, original, "whole")).toBe(false);
  });

  it("is refused when it is cut", async () => {
    const lengths = new Set([0, 1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 14, 22, 30, whole.length - 1, whole.length - 2]);
    while (lengths.size < 60 && lengths.size < whole.length / 2) lengths.add(roll(whole.length));
    for (const length of lengths) {
      writeFileSync(path, whole.subarray(0, length));
      expect(await isRefused(read, path, `cut to ${length}`), `cut to ${length}`).toBe(true);
    }
  });

  it("is refused or read when bytes are changed, moved, doubled or lost", async () => {
    let refused = 0;
    const rounds = 150;
    for (let round = 0; round < rounds; round++) {
      let bytes = Buffer.from(whole);
      const changes = 1 + roll(3);
      const kind = roll(8);
      const at = place();
      if (kind === 0) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + roll(9))]);
      else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, at + 1 + roll(9)), bytes.subarray(at)]);
      else if (kind === 2) bytes.fill(0xff, at, Math.min(bytes.length, at + 1 + roll(8)));
      else if (kind === 3) bytes.copy(bytes, place(), at, at + 1 + roll(16));
      else for (let i = 0; i < changes; i++) bytes[place()]! ^= 1 << roll(8);
      writeFileSync(path, bytes);
      if (await isRefused(read, path, `round ${round} (kind ${kind} at ${at})`)) refused++;
    }
    expect(refused).toBeGreaterThan(rounds / 10);
  });
});
