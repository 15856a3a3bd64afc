/** `gantry evaluate` and `--real` take the containers that `gantry data` takes. */
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { openReal, openSubject, type Subject } from "../../src/cli/evaluate/subject.ts";
import { sha256 } from "../../src/data/source.ts";
import { bytesOf, scope, Tensor } from "../../src/tensor/index.ts";
import { containers, held } from "../data/container-files.ts";
import { temporaryFolder } from "../formats/folder.ts";

beforeAll(() => {
  // The binding is in the usual cache, and is loaded from there.
  scope(() => void Tensor.zeros([1]));
  vi.stubEnv("GANTRY_CACHE", join(temporaryFolder(), "cache"));
});

const notes: string[] = [];
const options = {
  checkpoint: "latest",
  averaged: true,
  mode: "eval",
  preparing: { note: (message: string) => notes.push(message) },
} as const;

/** The SHA-256 of the planes of each image of a subject. */
async function sums(what: string, split?: string): Promise<string[]> {
  const { value, close } = await openSubject({ ...options, what: join(containers, what), split });
  const found: string[] = [];
  for await (const batch of (value as Subject).images(0, 0).images.batches(2)) {
    for (let i = 0; i < batch.shape[0]!; i++) found.push(sha256(bytesOf(batch.select(0, i).contiguous())));
  }
  await close();
  return found;
}

describe("a subject", () => {
  it("may be an .npz archive with splits, parquet files, HDF5 or tar shards", async () => {
    expect(await sums("medmnist.npz")).toEqual(held("medmnist train").planes);
    expect(await sums("medmnist.npz", "val")).toEqual(held("medmnist val").planes);
    expect(await sums("hub")).toEqual(held("hub train").planes);
    expect(await sums("biggan.hdf5")).toEqual(held("biggan").planes);
    expect(await sums("shards")).toEqual(held("shards").planes);
    expect(notes[0]).toContain(
      "array `train_images` of an .npz archive (uint8 [5, 8, 8, 3], taken as N x H x W x C, bytes)",
    );
  });

  it("is compared with real images of a container", async () => {
    const { value } = await openSubject({ ...options, what: join(containers, "biggan.hdf5") });
    const real = await openReal(value as Subject, {
      ...options,
      real: join(containers, "medmnist.npz"),
      split: "test",
    });
    expect(real!.value).toMatchObject({ name: "medmnist.npz (test)", count: 5, channels: 3, height: 8, width: 8 });
    await real!.close();
  });
});
