/** Every reader of files from outside, each with a whole file of its own and a way to read all of a changed one. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { UserError } from "../../src/base/errors.ts";
import { listImages } from "../../src/data/listing.ts";
import { readImageAs } from "../../src/data/one-image.ts";
import {
  LmdbFile,
  readIdx,
  readNpy,
  readNumpyPickle,
  readPth,
  readSafetensors,
  readTar,
  tarMembers,
} from "../../src/formats/index.ts";
import { scope } from "../../src/tensor/index.ts";
import { readCheckpointState } from "../../src/training/run/checkpoint.ts";
import { readConvolutions } from "../../src/training/run/convolutions.ts";
import { RunDirectory } from "../../src/training/run/run-directory.ts";
import { zip } from "../formats/pickles.ts";
import { readHdf5, readNpz, readParquet } from "../formats/read-whole.ts";

/** A reader, and the whole file whose changed copies it reads. */
export interface Reader {
  readonly what: string;
  /** The name that a copy has to have. */
  readonly name: string;
  readonly bytes: Buffer;
  read(path: string): unknown;
}

const fixtures = join(import.meta.dirname, "../fixtures");

function lmdb(path: string): void {
  const file = new LmdbFile(path);
  try {
    for (const { keyOffset, keySize } of file.places()) file.keyAt(keyOffset, keySize);
  } finally {
    file.close();
  }
}

const image = (path: string): Promise<unknown> =>
  readImageAs(path, { kind: "imageFolder", options: {} }, { channels: 3, size: 16 });

/** A folder in which a stored file has the place that its reader knows. */
const inFolder = (read: (folder: string) => unknown) => (path: string) => read(join(path, ".."));

async function pictures(): Promise<Reader[]> {
  const pixels = Buffer.from(Array.from({ length: 24 * 20 * 4 }, (_, i) => (i * 31) & 255));
  const picture = sharp(pixels, { raw: { width: 24, height: 20, channels: 4 } });
  const frames = sharp(pixels, { raw: { width: 24, height: 20, channels: 4, pageHeight: 10 } });
  const made: [string, Promise<Buffer>][] = [
    ["png", picture.clone().png().toBuffer()],
    ["jpg", picture.clone().flatten().jpeg().toBuffer()],
    ["webp", picture.clone().webp().toBuffer()],
    ["animated.webp", frames.clone().webp().toBuffer()],
    ["animated.gif", frames.clone().gif().toBuffer()],
    ["tiff", picture.clone().tiff().toBuffer()],
    ["avif", picture.clone().avif({ effort: 0 }).toBuffer()],
  ];
  return Promise.all(
    made.map(async ([ending, bytes]) => ({
      what: `an image (${ending})`,
      name: `x.${ending}`,
      bytes: await bytes,
      read: image,
    })),
  );
}

/** Those of `folder` are made there. */
export async function readersIn(folder: string, run: string): Promise<Reader[]> {
  mkdirSync(folder, { recursive: true });
  const file = (what: string, path: string, read: Reader["read"], name = "x"): Reader => ({
    ...{ what, name, read },
    bytes: readFileSync(path),
  });
  const format = (name: string): string => join(fixtures, "formats", name);
  const container = (name: string): string => join(fixtures, "containers", name);
  const idx = Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4]), Buffer.alloc(24, 7)]);
  const png = readFileSync(format("picture.png"));
  const archive = join(folder, "images.zip");
  writeFileSync(
    archive,
    zip([
      ["a.png", png],
      ["b/c.png", png.subarray(0, 99)],
    ]),
  );
  const newest = join(run, "checkpoints", "step-000080");
  return [
    file("a .pth archive", format("everything_zip_2.13.pth"), readPth),
    file("a .pth stream", format("everything_stream_1.13.pth"), readPth),
    file("safetensors", format("reference.safetensors"), readSafetensors),
    file(".npy", format("f4.npy"), readNpy),
    file("a stored .npz", format("samples_stored.npz"), readNpz),
    file("a deflated .npz", format("samples_deflated.npz"), readNpz),
    file("a zip of images", archive, listImages, "x.zip"),
    file("a tar of images", container("folder-pax.tar"), (path) => void readTar(path)),
    file("a .tar.gz", container("cifar-10-python.tar.gz"), (path) => tarMembers(path, new Map([["x", 100]]))),
    file("parquet", container("hub/data/train-00000-of-00002.parquet"), readParquet),
    file("HDF5", container("biggan-gzip.hdf5"), readHdf5),
    file("LMDB", join(fixtures, "datasets/lsun/bridge_train_lmdb/data.mdb"), lmdb),
    file("a pickle of arrays", container("cifar-10-batches-py/data_batch_1"), (path) =>
      readNumpyPickle(readFileSync(path), path),
    ),
    { what: "IDX", name: "x", bytes: idx, read: readIdx },
    { what: "IDX.gz", name: "x", bytes: gzipSync(idx), read: readIdx },
    file(
      "recipe.json",
      join(run, "recipe.json"),
      inFolder((at) => new RunDirectory(at).description()),
      "recipe.json",
    ),
    file("state.json", join(newest, "state.json"), inFolder(readCheckpointState), "state.json"),
    file(
      "metrics.jsonl",
      join(run, "metrics.jsonl"),
      inFolder((at) => new RunDirectory(at).ticks()),
      "metrics.jsonl",
    ),
    {
      what: "convolutions.json",
      name: "x",
      bytes: Buffer.from('{"format":1,"machine":{"node":"x"},"choices":{"3x3":"direct"}}'),
      read: readConvolutions,
    },
    ...(await pictures()),
  ];
}

/** How a reader took a file: "read", "refused" in one sentence, or what it should not have done. */
export async function outcomeOf(reader: Reader, path: string): Promise<"read" | "refused" | string> {
  try {
    // A scope frees what a synchronous reader made; one that is not frees its own.
    let result: unknown;
    scope(() => {
      result = reader.read(path);
    });
    await result;
    return "read";
  } catch (error) {
    if (!(error instanceof UserError)) return `a raw error: ${(error as Error)?.stack ?? String(error)}`;
    return /[\r\n]/.test(error.message) ? `more than one line: ${error.message}` : "refused";
  }
}
