/** `gantry evaluate` and `--real` take the containers that `gantry data` takes. */
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { openReal, openSubject, type Subject } from "../../src/cli/evaluate/subject.ts";
import { imageFolder } from "../../src/data/index.ts";
import { sha256 } from "../../src/data/source.ts";
import { writeNpz } from "../../src/formats/index.ts";
import { bytesOf, Generator, scope, Tensor } from "../../src/tensor/index.ts";
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

  it("is refused where a flag would be passed over, or another array could hold the images", async () => {
    const file = (name: string, arrays: Record<string, Tensor>): string => {
      const path = join(temporaryFolder(), name);
      writeNpz(path, arrays);
      return path;
    };
    const bytes = (...shape: number[]) =>
      Tensor.randint(0, 256, shape, { generator: new Generator(1) }).to({ dtype: "uint8" });
    const images = file("a.npz", { images: bytes(6, 8, 8, 3) });
    const { value } = await openSubject({ ...options, what: images });
    const against = (more: object) => openReal(value as Subject, { ...options, real: images, ...more });
    await expect(against({ split: "test" })).rejects.toThrow(
      "a.npz has no splits; its arrays would be called train_images",
    );
    await expect(against({ most: 4 })).rejects.toThrow(
      "a.npz holds 6 images, and the scores compare with 4 (--real-count",
    );
    await (await against({ most: 6 }))!.close();
    const floats = Tensor.rand([6, 8, 8, 3]);
    const masked = file("masks.npz", { images: floats, masks: bytes(6, 8, 8) });
    await expect(openSubject({ ...options, what: masked })).rejects.toThrow(
      "it holds 2 arrays that could be the images",
    );
    const unread = file("int.npz", { images: bytes(6, 8, 8, 3).to({ dtype: "int32" }), masks: bytes(6, 8, 8) });
    await expect(openSubject({ ...options, what: unread })).rejects.toThrow(
      "more than the array that could be the images",
    );
    // Arrays of other forms come with the images in files of other tools.
    const named = file("labels.npz", { arr_0: bytes(6, 8, 8, 3), labels: bytes(6), mu: Tensor.rand([4]) });
    await (await openSubject({ ...options, what: named })).close();
  });

  it("says when colour becomes gray, because the subject is", async () => {
    const gray = join(temporaryFolder(), "gray.npz");
    writeNpz(gray, {
      images: Tensor.randint(0, 256, [5, 8, 8], { generator: new Generator(1) }).to({ dtype: "uint8" }),
    });
    const { value } = await openSubject({ ...options, what: gray });
    notes.length = 0;
    await (await openReal(value as Subject, { ...options, real: join(containers, "shards") }))!.close();
    expect(notes.join()).toContain("its images are taken as gray, because those of");
  });

  it("says when a run's own images are no longer those that it was trained on", async () => {
    const data = imageFolder({ path: join(containers, "shards"), size: 8 });
    const { contents } = await data.build({});
    const told = async (before: string | undefined): Promise<string> => {
      notes.length = 0;
      const subject = {
        title: "runs/a",
        drawn: true,
        data,
        contents: before,
        shape: { channels: 3, height: 8, width: 8 },
      };
      await (await openReal(subject as unknown as Subject, options))!.close();
      return notes.join();
    };
    expect(await told("another key")).toContain("are not as they were when runs/a was trained");
    expect(await told(contents)).not.toContain("trained");
    expect(await told(undefined)).not.toContain("trained");
  });
});
