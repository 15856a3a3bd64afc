/** `gantry data` from the outside: text, JSON, contact sheet, errors. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { shell } from "../../src/cli/shell.ts";
import { packOf } from "../../src/data/define.ts";
import { inspect } from "../../src/data/inspect.ts";
import { imageFolder } from "../../src/data/sets/image-folder.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { imageFile, published } from "./files.ts";

const folder = temporaryFolder();
const root = join(folder, "photos");

/** Runs `gantry` with arguments; gives its exit code and what it printed. */
async function gantry(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const err = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    const code = await shell(args);
    const text = (spy: typeof out): string => spy.mock.calls.map(([chunk]) => String(chunk)).join("");
    return { code, out: text(out), err: text(err) };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

beforeAll(async () => {
  process.env.GANTRY_CACHE = join(folder, "cache");
  const colours = { red: { r: 250, g: 0, b: 0 }, blue: { r: 0, g: 0, b: 250 } };
  for (const [name, colour] of Object.entries(colours)) {
    mkdirSync(join(root, name), { recursive: true });
    const count = name === "red" ? 12 : 3;
    for (let i = 0; i < count; i++) {
      writeFileSync(join(root, name, `${String(i).padStart(2, "0")}.png`), await imageFile("png", 16 + i, 16, colour));
    }
  }
  writeFileSync(join(root, "blue/broken.jpg"), "not an image");
});

afterEach(() => {
  delete process.env.GANTRY_DATA;
});

describe("gantry data <path>", () => {
  it("shows counts, sizes, classes and broken files, and where the contact sheet is", async () => {
    const { code, out } = await gantry("data", root, "--size", "16");
    expect(code).toBe(0);
    expect(out).toMatch(/^photos: 15 images\n/);
    expect(out).toMatch(/original {2}16 x 16-27 pixels \(height x width\)/);
    expect(out).toMatch(/prepared {2}16 x 16, colour, fit: crop/);
    expect(out).toMatch(/0 {2}blue {2}3\n +1 {2}red {3}12\n/);
    expect(out).toMatch(/files {5}16, 15 of them used\n/);
    expect(out).toMatch(/broken {4}1, skipped:\n +blue\/broken.jpg: no image of a format that is read/);
    expect(existsSync(/sheet {5}(.*)\n/.exec(out)![1]!)).toBe(true);
  });

  it("says how many images are of other splits, or not chosen", async () => {
    const splits = join(folder, "splits");
    for (const [split, count] of Object.entries({ train: 3, test: 2 })) {
      mkdirSync(join(splits, split), { recursive: true });
      for (let i = 0; i < count; i++)
        writeFileSync(join(splits, split, `${i}.png`), await imageFile("png", 16, 16, { r: 90 * i, g: 0, b: 0 }));
    }
    writeFileSync(join(splits, "readme.txt"), "none");
    const { out } = await gantry("data", splits);
    expect(out).toMatch(
      /files {5}6, 3 of them used, 2 of other splits or not chosen \(--split, --classes, --first\)\n/,
    );
  });

  it("shows the table of a label file: columns, classes or conditions, and what has no partner", async () => {
    const table = join(folder, "table.csv");
    const rows = [
      "file,kind,shiny,weight",
      "red/00.png,x,1,2",
      "red/01.png,x,0,4",
      "blue/00.png,y,0,6",
      "gone.png,y,1,8",
    ];
    writeFileSync(table, rows.join("\n"));
    const args = ["data", root, "--size", "16", "--labels", table];
    const classes = await gantry(...args, "--set", "classColumn=kind");
    expect(classes.out).toMatch(
      /labels {4}table.csv, names from column file, classes from column kind\n +4 rows of file, kind, shiny, weight\n/,
    );
    expect(classes.out).toMatch(/13 images without a row, 1 row without an image\n/);
    expect(classes.out).toMatch(/0 {2}x {2}2\n +1 {2}y {2}1\n/);
    const conditions = await gantry(...args, "--set", "conditions=[shiny,weight]");
    expect(conditions.out).toMatch(/conditions 2\n +shiny {3}flag {4}1 for 33.3 %\n/);
    expect(conditions.out).toMatch(/weight {2}number {2}mean 4, deviation 1.633, from 2 to 6\n/);
    const wrong = await gantry(...args, "--set", "conditions=[kind]");
    expect(wrong).toMatchObject({ code: 1, out: "" });
    expect(wrong.err).toContain("table.csv: line 2: its `kind` is `x`, and conditions are numbers, or true and false");
  });

  it("prints one JSON object with --json, and takes options", async () => {
    const sheet = join(folder, "sheets/own.png");
    const { code, out } = await gantry(
      "data",
      root,
      "--json",
      "--size=8",
      "--channels=1",
      "--classes",
      "red",
      "--first",
      "5",
      "--fit=fit",
      "--sheet",
      sheet,
    );
    expect(code).toBe(0);
    expect(out.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({
      name: "photos",
      count: 5,
      channels: 1,
      size: 8,
      fit: "fit",
      classes: [{ name: "red", count: 5 }],
      broken: [],
      contactSheet: sheet,
    });
    expect(existsSync(sheet)).toBe(true);
  });

  it("refuses what it does not know, in one line", async () => {
    expect(await gantry("data", "mnits")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/neither a file or folder nor a dataset's name; did you mean `mnist`/),
    });
    expect(await gantry("data", root, "--size", "wide")).toMatchObject({
      err: expect.stringMatching(
        /size` \(=wide\) must be a whole number of pixels, or a height and a width such as 64x48/,
      ),
    });
    expect(await gantry("data", root, "--fit", "squeeze")).toMatchObject({
      err: expect.stringMatching(/imageFolder.fit` \(=squeeze\) must be one of: crop, fit, stretch, pad/),
    });
    expect(await gantry("data", root, "--siez", "8")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/unknown flag --siez; did you mean --size/),
    });
    expect(await gantry("data")).toMatchObject({ code: 2 });
    expect(await gantry("data", "get", "cifar")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/nothing to get under the name `cifar`/),
    });
  });

  it("says that a name means the dataset where a folder here has it, too", async () => {
    const home = process.cwd();
    process.chdir(folder);
    try {
      mkdirSync("mnist/a", { recursive: true });
      writeFileSync("mnist/a/1.png", await imageFile("png", 8, 8, { r: 1, g: 2, b: 3 }));
      const named = await gantry("data", "mnist", "--first", "10");
      expect(named.out).toContain("mnist (train): 10 images");
      expect(named.err).toContain("note: mnist is the dataset of that name; the folder here is ./mnist\n");
      const own = await gantry("data", "./mnist");
      expect(own.out).toContain("mnist: 1 image\n");
      expect(own.err).not.toContain("note:");
    } finally {
      process.chdir(home);
    }
  });

  it("takes a named dataset from where it is, with the options that it alone has", async () => {
    const place = ["--path", join(published, "celeba"), "--size", "16"];
    const { code, out } = await gantry("data", "celeba", ...place, "--set", "attribute=Male", "--set", "split=all");
    expect(code).toBe(0);
    expect(out).toMatch(/^celeba \(all, Male\): 6 images\n/);
    expect(out).toMatch(/0 {2}not Male {2}4\n +1 {2}Male {6}2\n/);
    const lsun = await gantry(
      "data",
      "lsun",
      "--path",
      join(published, "lsun"),
      "--set",
      "categories=[bridge]",
      "--json",
    );
    expect(JSON.parse(lsun.out)).toMatchObject({ name: "lsun (bridge, train)", count: 46 });
    expect(await gantry("data", "celeba", ...place, "--set", "atribute=Male")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/unknown key `celeba.atribute`; did you mean `attribute`/),
    });
    expect(await gantry("data", "celeba", "--set", "Male")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--set `Male` must be written key=value/),
    });
    expect(await gantry("data", "get", "imagenet")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/imagenet cannot be downloaded from here: get ILSVRC2012_img_train.tar/),
    });
  });

  it("says how to get a named dataset that is not here", async () => {
    process.env.GANTRY_DATA = join(folder, "nothing");
    expect(await gantry("data", "cifar10")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/run `gantry data get cifar10`/),
    });
  });
});

describe("contact sheets", () => {
  it("have a row per class, first images first, gray where a class has fewer", async () => {
    const pack = await packOf(imageFolder({ path: root, size: 16 }), {});
    const sheet = join(folder, "rows.png");
    await inspect(pack, sheet);
    const { data, info } = await sharp(sheet).raw().toBuffer({ resolveWithObject: true });
    // Ten columns and two rows of 16 pixels with margins of 2, enlarged sixfold.
    expect(info).toMatchObject({ width: (2 + 10 * 18) * 6, height: (2 + 2 * 18) * 6, channels: 3 });
    const at = (column: number, row: number): number[] => {
      const [x, y] = [(2 + column * 18 + 8) * 6, (2 + row * 18 + 8) * 6];
      return Array.from(data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3));
    };
    expect(at(0, 0)).toEqual([0, 0, 250]);
    expect(at(2, 0)).toEqual([0, 0, 250]);
    expect(at(3, 0)).toEqual([64, 64, 64]);
    expect(at(9, 1)).toEqual([250, 0, 0]);
  });

  it("show images without classes in a square", async () => {
    const pack = await packOf(imageFolder({ path: join(root, "red"), size: 16 }), {});
    expect(pack.header.classes).toEqual([]);
    const sheet = join(folder, "square.png");
    expect((await inspect(pack, sheet)).classes).toEqual([]);
    expect((await sharp(sheet).metadata()).height).toBe((2 + 2 * 18) * 6);
  });
});
