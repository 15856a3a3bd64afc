import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openReal, openSubject, type Subject } from "../../src/cli/evaluate/subject.ts";
import { mnist } from "../../src/data/index.ts";
import { startRun } from "../../src/training/index.ts";
import { zipOf } from "../data/files.ts";
import { tinyConvolutions, tinyRecipe } from "../training/tiny.ts";
import { inProcess } from "./in-process.ts";
import { type Outcome, start } from "./spawn.ts";

const work = mkdtempSync(join(tmpdir(), "gantry-test-"));
const run = join(work, "run");
const folder = join(work, "digits");
const SIZE = 16;
const COUNT = 80;

/** An .npy file of uint8, written by its definition. */
function npy(shape: readonly number[], bytes: Uint8Array): Buffer {
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11, " ");
  const prefix = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 0, 0]);
  prefix.writeUInt16LE(header.length + 1, 8);
  return Buffer.concat([prefix, Buffer.from(`${header}\n`), bytes]);
}

/** Digits of the test split, row-major. */
let digits: Uint8Array;

const home = process.cwd();

beforeAll(async () => {
  process.chdir(work);
  const data = mnist({ size: SIZE, first: 200 });
  await startRun(tinyRecipe({ ...tinyConvolutions, data, steps: 2 }), { directory: run }).train();
  const { images } = await mnist({ split: "test", size: SIZE, first: COUNT }).build({});
  digits = new Uint8Array(images.toArray() as Uint8Array);
  mkdirSync(folder);
  for (let i = 0; i < COUNT; i++) {
    const pixels = digits.subarray(i * SIZE * SIZE, (i + 1) * SIZE * SIZE);
    const raw = { raw: { width: SIZE, height: SIZE, channels: 1 as const } };
    await sharp(pixels, raw)
      .png()
      .toFile(join(folder, `${String(i).padStart(3, "0")}.png`));
  }
  const real = await mnist({ size: SIZE, first: 200 }).build({});
  const bytes = new Uint8Array(real.images.toArray() as Uint8Array);
  writeFileSync(join(work, "real.npz"), zipOf([{ name: "arr_0.npy", data: npy([200, SIZE, SIZE], bytes) }]));
  writeFileSync(join(work, "digits.npz"), zipOf([{ name: "arr_0.npy", data: npy([COUNT, SIZE, SIZE, 1], digits) }]));
});

afterAll(() => {
  process.chdir(home);
  rmSync(work, { recursive: true, force: true });
});

const options = ["--features", "mnist-classifier", "--threads", "1"];

const evaluate = (...args: string[]): Promise<Outcome> => inProcess(...["evaluate", ...args, ...options]);

interface Result {
  subject: string;
  scores: { name: string; value: number; std?: number; over?: string; protocol: Record<string, unknown> }[];
}

async function scoresOf(...args: string[]): Promise<Result> {
  const { code, stdout, stderr } = await evaluate(...args, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Result;
}

describe("gantry evaluate", () => {
  it("prepares a folder at --size as training does, and so compares it with the images that training saw", async () => {
    for (const name of ["held", "photos"]) mkdirSync(name);
    for (let i = 0; i < 24; i++) {
      const large = sharp(join(folder, `${String(i).padStart(3, "0")}.png`)).resize(i % 2 === 0 ? 40 : 48, 40, {
        fit: "fill",
      });
      await large.png().toFile(join(i < 12 ? "held" : "photos", `${i}.png`));
    }
    const common = ["--real", "photos", "--metrics", "fid"];
    const held = await scoresOf("held", "--size", "16", ...common);
    const samples = await scoresOf("digits", ...common);
    expect(held.scores[0]!.protocol).toMatchObject({
      fakeCount: 12,
      quantiser: "bytes as given, prepared at 16 x 16",
      real: { name: "photos", count: 12, hash: (samples.scores[0]!.protocol.real as { hash: string }).hash },
    });
    expect((await scoresOf("photos", "--size", "16", ...common)).scores[0]!.value).toBeCloseTo(0, 6);
    const wrong = await evaluate("held", "--size", "no", ...common);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("`imageFolder.size` (=no) must be a whole number of pixels");
  });

  it("scores a run against its own data, the same again, and several seeds with their spread", async () => {
    const common = ["run", "--count", "100", "--metrics", "fid,modes"];
    const once = await scoresOf(...common);
    expect(once.subject).toBe("run, step 2");
    expect(once.scores.map(({ name }) => name)[0]).toBe("fid@mnist-classifier");
    expect(once.scores[0]!.protocol).toMatchObject({
      fakeCount: 100,
      real: { name: "mnist (train)", count: 200 },
      seeds: [0],
    });
    const three = await scoresOf(...common, "--seeds", "3");
    expect(three.scores[0]).toMatchObject({ over: "3 seeds", protocol: { seeds: [0, 1, 2] } });
    const each = [once, await scoresOf(...common, "--seed", "1"), await scoresOf(...common, "--seed", "2")];
    const mean = each.reduce((sum, { scores }) => sum + scores[0]!.value, 0) / 3;
    expect(three.scores[0]!.value).toBeCloseTo(mean, 10);
    expect(three.scores[0]!.std).toBeGreaterThan(0);
  });

  it("refuses flags that have no meaning for the subject", async () => {
    const refused: [string[], string][] = [
      [
        ["run", "--split", "test"],
        "--split goes with a dataset's name or a folder or zip of images, and run is a run; the split of the real images is --real-split",
      ],
      [["run", "--size", "16"], "--size goes with a dataset's name or a folder or zip of images, and run is a run"],
      [["digits", "--truncation", "1"], "--truncation goes with a run, and digits is a folder or zip of images"],
      [["digits.npz", "--mode", "train"], "--mode goes with a run, and digits.npz is an .npz file"],
      [["mnist", "--no-averaged"], "--no-averaged goes with a run, and mnist is a dataset's name"],
      [["mnist", "--checkpoint", "last"], "--checkpoint goes with a run, and mnist is a dataset's name"],
    ];
    for (const [args, says] of refused) {
      const { code, stderr } = await evaluate(...args);
      expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
    }
  });

  it("writes over another evaluation, and over nothing else", async () => {
    const recipe = readFileSync(join(work, "run/recipe.json"), "utf8");
    const ran = (out: string) => evaluate("digits", "--real", "real.npz", "--metrics", "fid", "--out", out);
    expect((await ran("run/recipe.json")).stderr).toContain(
      "exists and holds no scores of gantry evaluate; give another",
    );
    expect(readFileSync(join(work, "run/recipe.json"), "utf8")).toBe(recipe);
    expect((await ran("scores.txt")).stderr).toContain("--out (=scores.txt) must end in .json");
    for (let i = 0; i < 2; i++) expect((await ran("again.json")).code).toBe(0);
  });

  it("takes gray files and gray arrays of equal pixels for the same data", async () => {
    // Real files become as many channels as the subject has: three of files, one of this array.
    for (const real of ["real.npz", "digits"]) {
      const files = ["digits", "digits.npz"].map((what) => `${what} ${real}.json`);
      for (const [i, what] of ["digits", "digits.npz"].entries()) {
        const { code, stderr } = await evaluate(what, "--real", real, "--metrics", "fid", "--out", files[i]!);
        expect(code, stderr).toBe(0);
      }
      const compared = await inProcess(...["compare", ...files]);
      expect(compared.code, compared.stderr).toBe(0);
    }
  });

  it("says how many images of how many files are scored, and what became of transparency", async () => {
    const cells = join(work, "cells");
    mkdirSync(join(cells, "more"), { recursive: true });
    const image = (alpha: number) =>
      sharp({ create: { width: 16, height: 16, channels: 4, background: { r: 9, g: 9, b: 9, alpha } } }).png();
    for (let i = 0; i < 20; i++) await image(i % 4 === 0 ? 0 : 1).toFile(join(cells, `${i}.png`));
    for (let i = 0; i < 5; i++) await image(1).toFile(join(cells, `more/${i}.png`));
    writeFileSync(join(cells, "notes.txt"), "x");
    const { code, stdout, stderr } = await evaluate("cells", "--real", "real.npz", "--metrics", "fid");
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("note: cells: 25 images of 26 files; no images: 1 .txt\n");
    expect(stderr).toContain("note: cells: bytes as given, 5 of 25 with transparency laid over white\n");
    expect(stdout).toContain("bytes as given, 5 of 25 with transparency laid over white");
    expect(stdout).toMatch(/images +25 images/);
  });

  it("stops at Ctrl-C while it prepares images", async () => {
    const cache = join(work, "interrupted cache");
    vi.stubEnv("GANTRY_CACHE", cache);
    // Once pixels are written.
    const watch = setInterval(() => {
      const begun = existsSync(join(cache, "packs")) && readdirSync(join(cache, "packs")).length > 0;
      if (begun) process.emit("SIGINT");
      if (begun) clearInterval(watch);
    }, 20);
    try {
      const { code, stderr } = await inProcess(
        ...["evaluate", "stacked-mnist", "--size", "64", "--metrics", "modes", ...options],
      );
      expect(code).toBe(130);
      expect(stderr).toContain("Stopping.");
    } finally {
      clearInterval(watch);
      vi.unstubAllEnvs();
    }
  });

  it("runs as a process of its own", async () => {
    const { code, stdout, stderr } = await start(["evaluate", "run", ...options, "--count", "70", "--json"], {
      cwd: work,
    });
    expect(code, stderr).toBe(0);
    expect((JSON.parse(stdout) as Result).scores[0]!.protocol.fakeCount).toBe(70);
  });

  it("scores a folder, a zip and an .npz of the same images alike", async () => {
    const zip = zipOf(
      Array.from({ length: COUNT }, (_, i) => {
        const name = `${String(i).padStart(3, "0")}.png`;
        return { name: `all/${name}`, data: readFileSync(join(folder, name)) };
      }),
    );
    writeFileSync(join(work, "digits.zip"), zip);
    const values = [];
    for (const what of ["digits", "digits.npz", "digits.zip"]) {
      const { scores } = await scoresOf(
        what,
        "--real",
        "real.npz",
        "--metrics",
        "fid,kid",
        "--set",
        "kid.subsetSize=40",
      );
      expect(scores[0]!.protocol).toMatchObject({ drawing: null, fakeCount: COUNT, quantiser: "bytes as given" });
      values.push(scores[0]!.value);
    }
    expect(values[1]).toBeCloseTo(values[0]!, 10);
    expect(values[2]).toBeCloseTo(values[0]!, 10);
  });

  it("takes floats in [0, 1] or [-1, 1] as the bytes that they stand for, and says so", async () => {
    const flags = ["--real", "real.npz", "--metrics", "fid"];
    const wanted = (await scoresOf("digits.npz", ...flags)).scores[0]!;
    const written = (name: string, floats: Float32Array): void => {
      const file = npy([COUNT, SIZE, SIZE, 1], new Uint8Array(floats.buffer)).toString("latin1").replace("|u1", "<f4");
      const labels = npy([COUNT], new Uint8Array(COUNT));
      writeFileSync(
        name,
        zipOf([
          { name: "arr_0.npy", data: Buffer.from(file, "latin1") },
          { name: "arr_1.npy", data: labels },
        ]),
      );
    };
    written(
      "unit.npz",
      Float32Array.from(digits, (level) => level / 255),
    );
    written(
      "signed.npz",
      Float32Array.from(digits, (level) => level / 127.5 - 1),
    );
    for (const [what, quantiser] of [
      ["unit.npz", "floats in [0, 1], as round(255 x)"],
      ["signed.npz", "floats in [-1, 1], as round(127.5 (x + 1))"],
    ] as const) {
      const { stderr, stdout } = await evaluate(what, ...flags, "--json");
      expect(stderr).toContain(`${what}: ${quantiser}`);
      const [score] = (JSON.parse(stdout) as Result).scores;
      expect(score!.value).toBe(wanted.value);
      expect(score!.protocol).toMatchObject({ quantiser, fakeCount: COUNT });
    }
    const { scores } = await scoresOf("digits.npz", ...flags.with(1, "unit.npz"));
    expect(scores[0]!.value).toBeCloseTo(0, 6);
  });

  it("prints a table with the protocol below it, and writes a file that compare reads", async () => {
    const common = ["--metrics", "fid,inceptionScore", "--count", "90", "--set", "inceptionScore.splits=3"];
    const text = await evaluate("run", ...common, "--out", "a.json");
    expect(text.code, text.stderr).toBe(0);
    expect(text.stdout).toMatch(/fid@mnist-classifier +[\d.]+ +lower is better/);
    expect(text.stdout).toMatch(
      /inceptionScore@mnist-classifier +[\d.]+ ± [\d.e-]+ +higher is better; ± over 3 splits/,
    );
    expect(text.stdout).toContain(
      "Protocol quick, changed (images 90; features mnist-classifier; metrics fid,inceptionScore; inceptionScore.splits=3):",
    );
    expect(text.stdout).toMatch(/images +90 images; weights of the step, eval mode/);
    await evaluate("run", ...common, "--seed", "1", "--out", "b.json");
    const same = await inProcess(...["compare", "a.json", "b.json"]);
    expect(same.code, same.stderr).toBe(0);
    expect(same.stdout).toMatch(
      /fid@mnist-classifier +[\d.]+ +[\d.]+ +[+-][\d.]+ +(equal to the rounding of the score|the (first|second) of these two runs is better, by an unknown spread)/,
    );
    expect((await inProcess(...["compare", "a.json", "run/recipe.json"])).stderr).toBe(
      "gantry: run/recipe.json is neither a file that gantry evaluate --out wrote nor a run\n",
    );
    await evaluate("run", ...common, "--mode", "train", "--out", "c.json");
    const other = await inProcess(...["compare", "a.json", "c.json"]);
    expect(other.code).toBe(1);
    expect(other.stderr).toBe(
      "gantry: fid@mnist-classifier of a.json and fid@mnist-classifier of c.json were measured under different protocols and " +
        "cannot be compared: `drawing.mode` is eval in a.json and train in c.json\n",
    );
  });

  it("stops while images are prepared, generated or real ones", async () => {
    const before = process.env.GANTRY_CACHE;
    process.env.GANTRY_CACHE = join(work, "empty-cache");
    try {
      const stop = AbortSignal.abort(new Error("stopped"));
      const how = { checkpoint: "last", averaged: true, mode: "eval", preparing: { stop } } as const;
      await expect(openSubject({ what: folder, ...how })).rejects.toBe(stop.reason);
      const subject = await openSubject({ what: "digits.npz", ...how });
      await expect(openReal(subject.value as Subject, { real: folder, preparing: { stop } })).rejects.toBe(stop.reason);
      await subject.close();
    } finally {
      if (before === undefined) delete process.env.GANTRY_CACHE;
      else process.env.GANTRY_CACHE = before;
    }
  });

  it("says of a score that it is undefined, and compare reads it", async () => {
    const doubled = npy([2 * COUNT, SIZE, SIZE, 1], Buffer.concat([digits, digits]));
    writeFileSync("doubled.npz", zipOf([{ name: "arr_0.npy", data: doubled }]));
    const flags = ["--real", "doubled.npz", "--metrics", "memorisation", "--out", "undefined.json"];
    const text = await evaluate("digits.npz", ...flags);
    expect(text.code, text.stderr).toBe(0);
    expect(text.stdout).toMatch(/memorised@mnist-classifier +undefined +lower is better/);
    expect(text.stdout).toMatch(/copies@mnist-classifier +1 +/);
    const compared = await inProcess(...["compare", "undefined.json", "undefined.json"]);
    expect(compared.code, compared.stderr).toBe(0);
    expect(compared.stdout).toMatch(
      /memorised@mnist-classifier +undefined +undefined +undefined +undefined: they do not compare/,
    );
  });

  it.each<[string, string[], RegExp]>([
    [
      "nothing",
      ["nowhere"],
      /^gantry: `nowhere` is neither a run, a folder or zip of images, an .npz file, nor a dataset's name/,
    ],
    ["a metric that does not exist", ["run", "--metrics", "fdi"], /there is no metric `fdi`; did you mean `fid`\?/],
    [
      "an option of a metric that is not asked for",
      ["run", "--set", "kid.subsets=3"],
      /`kid` is not among the metrics: fid, inceptionScore/,
    ],
    [
      "an option out of range",
      ["run", "--metrics", "kid", "--set", "kid.subsets=0"],
      /kid\.subsets` \(=0\) must be at least 1/,
    ],
    ["a protocol that does not exist", ["run", "--protocol", "mimcry"], /did you mean `mimicry`\?/],
    [
      "no real images",
      ["digits.npz"],
      /does not say which real images to compare with: give --real, such as --real mnist/,
    ],
    [
      "images of another size",
      ["digits.npz", "--real", "wide.npz"],
      /are 16 x 16 and those of wide.npz 16 x 8 \(height x width\)/,
    ],
    ["an empty folder", ["empty"], /no image files/],
    [
      "images of several sizes",
      ["mixed"],
      /different sizes, a.png is 16 x 16 and b.png is 20 x 20; a score needs one size: `--size` prepares all at one/,
    ],
    ["a broken image", ["broken"], /1 of 2 images cannot be read, the first b.png: /],
    ["fewer images than a subset", ["run", "--metrics", "kid", "--count", "30"], /30/],
    [
      "a count of fixed images",
      ["digits", "--real", "mnist", "--count", "5"],
      /^gantry: --count 5: digits is a fixed set of images, and all of them are scored$/,
    ],
    [
      "16-bit arrays",
      ["deep.npz"],
      /no array of images \(.*array `arr_0`: element type `uint16` is not supported; accepted: .*uint8/,
    ],
    [
      "a run as real images",
      ["digits", "--real", "run"],
      /--real run is a run, whose folder holds sheets of samples; give/,
    ],
    [
      "real images that would be blur",
      ["large.npz", "--real", "mnist"],
      /--real mnist: its images are 28 x 28 and the samples 256 x 256; enlarged 9 times they would be blur/,
    ],
    [
      "images larger than can be scored",
      ["huge"],
      /huge: the images are 1040 x 1040; at most 1024 x 1024 can be scored/,
    ],
    [
      "floats",
      ["floats.npz"],
      /array `arr_0` has floats from 3 to 3; accepted are floats in \[0, 1\] or \[-1, 1\], and levels/,
    ],
    ["a mask", ["mask.npz"], /array `arr_0` is uint8 with no value above 1, so it would be black; multiply it by 255/],
    [
      "integers",
      ["integers.npz"],
      /holds no array of images \(arr_0 is int32 .*\); expected one of uint8, float32 or float64/,
    ],
  ])("refuses %s", async (_, args, message) => {
    const image = (size: number) =>
      sharp(Buffer.alloc(size * size), { raw: { width: size, height: size, channels: 1 } }).png();
    for (const name of ["empty", "mixed", "broken"]) mkdirSync(join(work, name), { recursive: true });
    await image(16).toFile(join(work, "mixed/a.png"));
    await image(20).toFile(join(work, "mixed/b.png"));
    await image(16).toFile(join(work, "broken/a.png"));
    writeFileSync(join(work, "broken/b.png"), "no image");
    writeFileSync(
      join(work, "wide.npz"),
      zipOf([{ name: "arr_0.npy", data: npy([2, 16, 8, 1], new Uint8Array(256)) }]),
    );
    const floats = npy([2, 4, 4, 3], new Uint8Array(new Float32Array(96).fill(3).buffer));
    for (const [name, type] of [
      ["floats", "<f4"],
      ["integers", "<i4"],
    ] as const) {
      const data = Buffer.from(floats.toString("latin1").replace("|u1", type), "latin1");
      writeFileSync(join(work, `${name}.npz`), zipOf([{ name: "arr_0.npy", data }]));
    }
    const mask = npy([2, 8, 8], new Uint8Array(128).fill(1));
    writeFileSync(join(work, "mask.npz"), zipOf([{ name: "arr_0.npy", data: mask }]));
    const deep = npy([2, 2, 2, 3], new Uint8Array(48));
    writeFileSync(
      join(work, "deep.npz"),
      zipOf([{ name: "arr_0.npy", data: Buffer.from(deep.toString("latin1").replace("|u1", "<u2"), "latin1") }]),
    );
    const large = npy([2, 256, 256, 1], new Uint8Array(2 * 256 * 256));
    writeFileSync(join(work, "large.npz"), zipOf([{ name: "arr_0.npy", data: large }]));
    mkdirSync(join(work, "huge"), { recursive: true });
    await image(1040).toFile(join(work, "huge/a.png"));
    const { code, stderr, stdout } = await evaluate(...args);
    expect(code).toBeGreaterThan(0);
    expect(stdout).toBe("");
    const lines = stderr
      .trimEnd()
      .split("\n")
      .filter((line) => line.startsWith("gantry: "));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(message);
  });
});
