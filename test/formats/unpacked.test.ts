/** Small files that claim to hold much: refused before memory is taken for it. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, expect, it, vi } from "vitest";
import { openHdf5, openNpz, readIdx } from "../../src/formats/index.ts";
import { npyHeader } from "../../src/formats/npy-header.ts";
import { zipOf } from "../data/files.ts";
import { temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();
afterEach(() => void vi.unstubAllEnvs());

/** Deflated bytes that a directory says to be 300 MB: 750 times as much, which deflate could hold. */
const present = randomBytes(400_000);
const asked = 300_000_000;

it("an array in an .npz file", async () => {
  const path = join(folder, "x.npz");
  const head = npyHeader("uint8", [asked], path);
  const data = Buffer.concat([head, present]);
  writeFileSync(path, zipOf([{ name: "x.npy", data, deflate: true, claims: { size: head.length + asked } }]));
  const npz = await openNpz(path);
  await expect(npz.array("x")).rejects.toThrow(
    /x.npz: zip entry `x.npy` would unpack to 300 MB from 0.4 MB, more than 100 times as much; .* GANTRY_UNPACK_RATIO=750/,
  );
  vi.stubEnv("GANTRY_UNPACK_RATIO", "750");
  await expect(npz.array("x")).rejects.toThrow("holds fewer bytes than the archive states");
  await npz.close();
});

it("an IDX file", () => {
  const path = join(folder, "x.gz");
  const head = Buffer.from([0, 0, 8, 1, 0, 0, 0, 0]);
  head.writeUInt32BE(asked, 4);
  writeFileSync(path, gzipSync(Buffer.concat([head, present])));
  expect(() => readIdx(path)).toThrow(/x.gz: its gzip stream would unpack to 300 MB from 0.4 MB/);
});

it("an array in an HDF5 file of which no chunk is there", async () => {
  const { File, ready } = await import("h5wasm/node");
  await ready;
  const path = join(folder, "x.hdf5");
  const made = new File(path, "w");
  const dataset = made.create_dataset({
    name: "x",
    data: new Uint8Array(64),
    shape: [1, 64],
    maxshape: [null, 64],
    chunks: [1, 64],
  });
  dataset.resize([8_000_000, 64]);
  made.close();
  const file = await openHdf5(path);
  expect(file.arrays.get("x")!.shape).toEqual([8_000_000, 64]);
  await expect(file.numbers("x", 0, 8_000_000)).rejects.toThrow(/rows 0 to 7999999 of `x` would unpack to 512 MB/);
  expect(Array.from(await file.numbers("x", 5, 6), Number)).toEqual(Array(64).fill(0));
  file.close();
});
