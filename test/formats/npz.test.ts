import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { openNpz, readNpy } from "../../src/formats/index.ts";
import { fixture, temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();
const samples = readNpy(fixture("samples.npy"));
const counting = Array.from({ length: 24 }, (_, i) => i - 6);

describe.each(["stored", "deflated"])("samples of NumPy, %s", (kind) => {
  it("are listed without being read", async () => {
    const npz = await openNpz(fixture(`samples_${kind}.npz`));
    expect([...npz.arrays]).toEqual([
      ["arr_0", { dtype: "uint8", shape: [7, 4, 5, 3] }],
      ["arr_1", { dtype: "int64", shape: [7] }],
    ]);
    expect(npz.refused.size).toBe(0);
    await npz.close();
  });

  it("are read whole, by rows in order, backwards, and at once", async () => {
    const npz = await openNpz(fixture(`samples_${kind}.npz`));
    expect((await npz.array("arr_0")).toArray()).toEqual(samples.toArray());
    expect((await npz.array("arr_1")).tolist()).toEqual([0, 3, 6, 9, 12, 15, 18]);
    for (const [begin, end] of [
      [0, 3],
      [3, 5],
      [5, 7],
      [6, 7],
      [1, 2],
      [4, 4],
      [0, 7],
      [7, 7],
    ] as const) {
      const rows = await npz.rows("arr_0", begin, end);
      expect(rows.shape).toEqual([end - begin, 4, 5, 3]);
      expect(rows.toArray()).toEqual(samples.narrow(0, begin, end - begin).toArray());
    }
    const together = await Promise.all([npz.rows("arr_0", 5, 6), npz.rows("arr_1", 1, 3), npz.rows("arr_0", 0, 2)]);
    expect(together[0]!.toArray()).toEqual(samples.narrow(0, 5, 1).toArray());
    expect(together[1]!.tolist()).toEqual([3, 6]);
    expect(together[2]!.toArray()).toEqual(samples.narrow(0, 0, 2).toArray());
    await npz.close();
  });

  it("tell which rows there are", async () => {
    const npz = await openNpz(fixture(`samples_${kind}.npz`));
    for (const [begin, end] of [
      [0, 8],
      [-1, 2],
      [3, 2],
      [0, 0.5],
      [Number.NaN, 1],
    ] as const) {
      await expect(npz.rows("arr_0", begin, end)).rejects.toThrow(/array `arr_0` has rows 0 to 7; .* were asked for/);
    }
    await expect(npz.rows("arr_2", 0, 1)).rejects.toThrow(/it has no array `arr_2`; did you mean `arr_0`\?/);
    await npz.close();
  });

  it("with a changed byte, are refused by the checksum: whole, and by rows when the last is read", async () => {
    const bytes = readFileSync(fixture(`samples_${kind}.npz`));
    // In the middle of the first entry, whose data starts after its header of 30 bytes, its name, and NumPy's 20 of zip64.
    const at = kind === "stored" ? 30 + 9 + 20 + 128 + 200 : 30 + 9 + 20 + 200;
    bytes[at] = bytes[at]! ^ 1;
    const path = join(folder, `changed-${kind}.npz`);
    writeFileSync(path, bytes);
    const npz = await openNpz(path);
    await expect(npz.array("arr_0")).rejects.toThrow(/zip entry `arr_0.npy` is damaged/);
    const byRows = (async () => {
      for (let row = 0; row < 7; row++) await npz.rows("arr_0", row, row + 1);
    })();
    await expect(byRows).rejects.toThrow(/zip entry `arr_0.npy` is damaged/);
    expect((await npz.array("arr_1")).shape).toEqual([7]);
    await npz.close();
  });
});

it("statistics come as float64", async () => {
  const npz = await openNpz(fixture("statistics.npz"));
  const mu = await npz.array("mu");
  expect(mu.dtype).toBe("float64");
  expect(mu.tolist()).toEqual([0, 0.25, 0.5]);
  expect((await npz.array("sigma")).tolist()).toEqual([
    [1, 0, 0],
    [0, 2, 0],
    [0, 0, 3],
  ]);
  await npz.close();
});

it("arrays that cannot be read do not affect the others, and give the reason when they are read", async () => {
  const npz = await openNpz(fixture("mixed.npz"));
  expect([...npz.arrays.keys()]).toEqual(["good", "column_major", "big", "empty"]);
  expect([...npz.refused.keys()]).toEqual(["python_objects", "complex_numbers", "text"]);
  expect((await npz.array("good")).item()).toBe(2.5);
  await expect(npz.rows("good", 0, 1)).rejects.toThrow(/`good` is a single number and has no rows/);
  const columns = await npz.array("column_major");
  expect(columns.isContiguous()).toBe(true);
  expect(Array.from(columns.toArray() as Float32Array)).toEqual(counting.map((i) => i / 8));
  await expect(npz.rows("column_major", 0, 1)).rejects.toThrow(/is column-major and cannot be read by rows/);
  expect(Array.from((await npz.rows("big", 1, 2)).toArray() as Int16Array)).toEqual(
    counting.slice(12).map((i) => i * 100),
  );
  expect((await npz.array("empty")).shape).toEqual([0, 3]);
  await expect(npz.array("python_objects")).rejects.toThrow(
    /array `python_objects`: it holds Python objects, which are never loaded/,
  );
  await expect(npz.array("complex_numbers")).rejects.toThrow(/element type `complex64` is not supported/);
  await npz.close();
});

it("other files are refused with the reason", async () => {
  await expect(openNpz(fixture("absent.npz"))).rejects.toThrow(UserError);
  await expect(openNpz(fixture("f4.npy"))).rejects.toThrow(/not a zip archive, or cut short/);
  await expect(openNpz(fixture("state_zip_2.13.pth"))).rejects.toThrow(/the archive holds no array \(<name>.npy\)/);
});
