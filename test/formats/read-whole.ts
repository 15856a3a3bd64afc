/** Reads all of a file: what a test of changed files calls for formats that are opened first. */
import { copyFileSync } from "node:fs";
import { openHdf5, openNpz, openParquet } from "../../src/formats/index.ts";

/** A reason for which a part is refused names the file. */
function requireNamed(path: string, reasons: Iterable<string>): void {
  for (const reason of reasons)
    if (!reason.includes(path)) throw new Error(`the reason does not name ${path}: ${reason}`);
}

/** Opens an archive of arrays and reads all of each. */
export async function readNpz(path: string): Promise<void> {
  const npz = await openNpz(path);
  try {
    requireNamed(path, npz.refused.values());
    for (const [name, { shape }] of npz.arrays) {
      (await npz.array(name)).dispose();
      if (shape.length > 0) (await npz.rows(name, 0, Math.min(2, shape[0]!))).dispose();
    }
  } finally {
    await npz.close();
  }
}

/** Opens a parquet file and reads all of its columns. */
export async function readParquet(path: string): Promise<void> {
  const file = await openParquet(path);
  try {
    for (const { name } of file.columns) for (const group of file.groups.keys()) await file.values(name, group);
  } finally {
    file.close();
  }
}

let copies = 0;

/** Opens a copy of an HDF5 file and reads all of its arrays: a file that was refused is not opened again. */
export async function readHdf5(original: string): Promise<void> {
  const path = `${original}-${copies++}`;
  copyFileSync(original, path);
  const file = await openHdf5(path);
  try {
    requireNamed(path, file.refused.values());
    for (const [name, { shape }] of file.arrays) await file.numbers(name, 0, shape[0] ?? 1);
  } finally {
    file.close();
  }
}
