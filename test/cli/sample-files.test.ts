/** `gantry sample`: single files, animations, checks before work, and Ctrl-C; of conditional and imported generators. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { toPlain } from "../../src/base/descriptor.ts";
import { cacheFolder, mixtureOfGaussians, mnist, stackedMnist } from "../../src/data/index.ts";
import { openNpz } from "../../src/formats/index.ts";
import { mlp } from "../../src/models/index.ts";
import { weightAveraging } from "../../src/techniques/index.ts";
import { startRun } from "../../src/training/index.ts";
import { temporaryFolder, tinyRecipe } from "../training/tiny.ts";
import { inProcess } from "./in-process.ts";
import { entry, start } from "./spawn.ts";

/** Runs that the tests draw from; a test adds no file to them. */
const runs: Record<string, string> = {};

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "gantry-sample-"));
  const conditional = {
    generator: mlp.generator({ latent: 4, hidden: [16], conditional: true }),
    discriminator: mlp.discriminator({ hidden: [8], conditional: true }),
    techniques: [weightAveraging({ decay: 0.5 })],
  };
  const make = async (name: string, parts: object): Promise<void> => {
    runs[name] = join(folder, name);
    await startRun(tinyRecipe({ steps: 2, ...parts }), { directory: runs[name] }).train();
  };
  await make("digits", { data: mnist({ size: 16, first: 64 }), ...conditional });
  await make("points", {
    data: mixtureOfGaussians({ modes: 4 }),
    generator: mlp.generator({ latent: 2, hidden: [8] }),
    samples: { count: 8 },
  });
  runs.imported = join(folder, "imported");
  const file = (name: string): string => fileURLToPath(new URL(`../fixtures/imported/${name}.pth`, import.meta.url));
  await inProcess("import", file("cgan-pd-32"), "--out", runs.imported);
  runs.biggan = join(folder, "biggan");
  await inProcess("import", file("biggan-32"), "--out", runs.biggan);
  runs.sngan = join(folder, "sngan");
  await inProcess("import", file("sngan-32"), "--out", runs.sngan);
  return () => rmSync(folder, { recursive: true });
});

describe("single files", () => {
  it("are what the answer says", async () => {
    const folder = temporaryFolder();
    const out = join(folder, "digits");
    const flags = [
      "--to",
      "folder",
      "--count",
      "3",
      "--seed",
      "12",
      "--class",
      "3",
      "--scale",
      "2",
      "--truncation",
      "1",
    ];
    const { code, stdout, stderr } = await inProcess("sample", runs.digits!, ...flags, "--out", out);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(`3 images of class 3, seeds 12 to 14: ${out}\n`);
    expect(readdirSync(out).sort()).toEqual(["seed00012-class3.png", "seed00013-class3.png", "seed00014-class3.png"]);
    expect(await sharp(join(out, "seed00013-class3.png")).metadata()).toMatchObject({ width: 32, height: 32 });
    // The seed alone draws the same image.
    const alone = join(folder, "alone");
    const again = ["--to", "folder", "--count", "1", "--seed", "13", ...flags.slice(6)];
    expect((await inProcess("sample", runs.digits!, ...again, "--out", alone)).code).toBe(0);
    const pixels = async (path: string): Promise<Buffer> => sharp(path).raw().toBuffer();
    const [one, other] = [
      await pixels(join(alone, "seed00013-class3.png")),
      await pixels(join(out, "seed00013-class3.png")),
    ];
    expect(Math.max(...one.map((value, i) => Math.abs(value - other[i]!)))).toBeLessThanOrEqual(1);
    expect((await inProcess("sample", runs.digits!, ...again, "--out", alone)).stderr).toContain(
      "is not an empty folder",
    );
  });

  it("are found in the run folder by default, and vectors go into an npz", async () => {
    const { stdout } = await inProcess("sample", runs.points!, "--to", "npz", "--count", "5", "--json");
    const { file, count, to } = JSON.parse(stdout) as { file: string; count: number; to: string };
    expect([file, count, to]).toEqual([join(runs.points!, "sample-seed0.npz"), 5, "npz"]);
    const npz = await openNpz(file);
    expect(npz.arrays.get("arr_0")).toEqual({ dtype: "float32", shape: [5, 2] });
    await npz.close();
    const refused = await inProcess("sample", runs.points!, "--to", "zip");
    expect(refused.stderr).toContain("this run makes vectors of 2 numbers, which are no images");
  });

  it("are scored as they are", async () => {
    const out = join(temporaryFolder(), "samples.npz");
    await inProcess("sample", runs.digits!, "--to", "npz", "--count", "70", "--out", out);
    const flags = ["--metrics", "inceptionScore", "--features", "mnist-classifier", "--json"];
    const { code, stdout, stderr } = await inProcess("evaluate", out, ...flags);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).scores[0].protocol.fakeCount).toBe(70);
  });

  it("are refused with flags of pictures", async () => {
    const refused = async (...flags: string[]): Promise<string> =>
      (await inProcess("sample", runs.digits!, ...flags)).stderr;
    expect(await refused("--to", "png")).toContain("--to (=png) must be one of folder, npz, zip, gif, webp");
    expect(await refused("--to", "zip", "--neighbours", "2")).toContain(
      "--to zip writes single samples, and --neighbours one",
    );
    expect(await refused("--to", "npz", "--scale", "2")).toContain("--scale enlarges pictures, and --to npz keeps");
    expect(await refused("--to", "folder", "--columns", "2")).toContain("--columns goes with a plain grid");
    expect(await refused("--to", "zip", "--out", "a.png")).toContain("--out (=a.png) must end in .zip");
    expect(await refused("--scale", "65")).toContain("--scale (=65) must be at most 64");
    expect(await refused("--to", "gif")).toContain("--to gif shows a path between samples: give --interpolate");
  });
});

describe("animations", () => {
  it("state frames, duration, seeds and class", async () => {
    const out = join(temporaryFolder(), "path.gif");
    const flags = [
      "--interpolate",
      "spherical",
      "--to",
      "gif",
      "--seeds",
      "4,9,2",
      "--frames",
      "9",
      "--duration",
      "1.2",
    ];
    const { code, stdout, stderr } = await inProcess("sample", runs.digits!, ...flags, "--scale", "3", "--out", out);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(`9 frames in 1.2 s, seeds 4, 9, 2 of class 0: ${out}\n`);
    expect(await sharp(out).metadata()).toMatchObject({ format: "gif", width: 48, pages: 9, loop: 0 });
  });

  it("go between classes where the generator's embedding allows it", async () => {
    const folder = temporaryFolder();
    const path = (run: string, ...flags: string[]) => {
      const out = join(folder, `${Math.random()}.webp`);
      return inProcess(
        "sample",
        run,
        "--interpolate",
        ...flags,
        "--to",
        "webp",
        "--frames",
        "4",
        "--out",
        out,
        "--json",
      );
    };
    expect(JSON.parse((await path(runs.digits!, "fixed", "--classes", "3,8")).stdout)).toMatchObject({
      frames: 4,
      seconds: 0.2,
      seeds: [0],
      classes: ["3", "8"],
    });
    expect(JSON.parse((await path(runs.digits!, "linear", "--classes", "3,8,1")).stdout)).toMatchObject({
      seeds: [0, 1, 2],
      classes: ["3", "8", "1"],
    });
    expect((await path(runs.biggan!, "fixed", "--classes", "#0,#1")).code).toBe(0);
    expect((await path(runs.sngan!, "fixed", "--classes", "0,1")).stderr).toContain(
      "the data of this run has no classes",
    );
    expect((await path(runs.digits!, "fixed", "--seeds", "1")).stderr).toContain(
      "--interpolate fixed needs --classes A,B",
    );
    expect((await path(runs.digits!, "linear", "--seeds", "1")).stderr).toContain("--seeds (=1) must be two or more");
    expect((await path(runs.digits!, "linear", "--seeds", "1,2", "--classes", "1,2,3")).stderr).toContain(
      "must be as many",
    );
    expect((await path(runs.digits!, "linear", "--seeds", "1,2", "--seed", "3")).stderr).toContain(
      "--seed and --seeds",
    );
    expect((await path(runs.points!, "linear")).stderr).toContain("makes vectors, and a sheet shows images");
  });
});

describe("every option of an imported and of a conditional generator", () => {
  it.each(["digits", "imported", "biggan"])("%s", async (name) => {
    const run = runs[name]!;
    const folder = temporaryFolder();
    const draw = async (...flags: string[]): Promise<Buffer> => {
      const out = join(folder, "a.png");
      const { code, stderr } = await inProcess("sample", run, "--count", "4", "--out", out, ...flags);
      expect(code, stderr).toBe(0);
      return readFileSync(out);
    };
    const plain = await draw();
    expect((await draw()).equals(plain)).toBe(true);
    expect((await draw("--seed", "1")).equals(plain)).toBe(false);
    expect((await draw("--truncation", "0.1")).equals(plain)).toBe(false);
    const ofClass = await draw("--class", "1");
    expect(ofClass.equals(plain)).toBe(false);
    expect((await draw("--class", "#1")).equals(ofClass)).toBe(true);
    expect((await draw("--class", "2")).equals(ofClass)).toBe(false);
    // Only the run of a recipe here keeps averages.
    expect((await draw("--no-averaged")).equals(plain)).toBe(name !== "digits");
    expect((await draw("--checkpoint", "last")).equals(plain)).toBe(true);
    const { width, height } = await sharp(await draw("--columns", "2", "--scale", "2")).metadata();
    const side = name === "digits" ? 16 : 32;
    expect([width, height]).toEqual([2 * 2 * side + 6, 2 * 2 * side + 6]);
    const small = await sharp(await draw("--columns", "2")).metadata();
    expect([small.width, small.height]).toEqual([2 * side + 6, 2 * side + 6]);
    expect((await inProcess("sample", run, "--class", "nobody")).stderr).toContain("is no class of this run");
    for (const flags of [
      ["--sheet", "classes"],
      ["--sheet", "truncation"],
      ["--interpolate", "spherical", "--rows", "2"],
    ]) {
      const out = join(folder, "sheet.png");
      expect((await inProcess("sample", run, ...flags, "--scale", "3", "--out", out)).code).toBe(0);
      expect(existsSync(out)).toBe(true);
    }
  });

  it("an imported one without classes", async () => {
    const out = join(temporaryFolder(), "a.png");
    const sample = (...flags: string[]) => inProcess("sample", runs.sngan!, "--count", "2", "--out", out, ...flags);
    expect((await sample("--truncation", "1")).code).toBe(0);
    expect((await sample("--class", "1")).stderr).toContain("the data of this run has no classes");
    expect((await sample("--checkpoint", "5")).stderr).toContain("checkpoint `5` does not exist");
    expect((await sample("--checkpoint", "best")).stderr).toContain("it was never evaluated");
  });
});

describe("before anything is drawn", () => {
  it("too much is refused at once", async () => {
    const refused = async (run: string, ...flags: string[]): Promise<string> => {
      const folder = temporaryFolder();
      const ending = { folder: "", npz: ".npz", zip: ".zip" }[flags[1] ?? ""] ?? ".png";
      const out = join(folder, `a${ending}`);
      const { code, stderr } = await inProcess("sample", run, "--count", "1e9", "--out", out, ...flags);
      expect(code).toBe(1);
      expect(readdirSync(folder)).toEqual([]);
      return stderr;
    };
    expect(await refused(runs.digits!)).toContain("an image file has at most 65535 on a side");
    expect(await refused(runs.digits!, "--neighbours", "3")).toContain("a picture has at most 32767 on a side");
    expect(await refused(runs.points!)).toContain("a picture shows at most 1000000 points; --to npz writes more");
    // Large ones, so that no disk has the room.
    for (const [to, scale] of [
      ["folder", "64"],
      ["zip", "64"],
    ] as const) {
      expect(await refused(runs.digits!, "--to", to, "--scale", scale)).toMatch(
        /1000000000 images would take 1050000 GB/,
      );
    }
  });

  it("so is a place that cannot be written", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "file");
    writeFileSync(file, "");
    mkdirSync(join(folder, "folder.png"));
    const refused = async (...flags: string[]): Promise<string> => {
      const { code, stderr, stdout } = await inProcess("sample", runs.digits!, ...flags);
      expect([code, stdout]).toEqual([1, ""]);
      return stderr;
    };
    expect(await refused("--out", join(file, "a.png"))).toContain("a.png");
    expect(await refused("--out", join(folder, "folder.png"))).toContain("it is a folder, not a file");
    expect(await refused("--to", "npz", "--out", "/proc/a.npz")).toContain("cannot write /proc/a.npz");
    expect(await refused("--to", "folder", "--out", file)).toContain("is not an empty folder");
    expect(await refused("--sheet", "truncation", "--out", "/proc/a.png")).toContain("cannot write /proc/a.png");
    expect(readdirSync(folder).sort()).toEqual(["file", "folder.png"]);
  });
});

it("a user without a home folder is told what to set", async () => {
  const out = join(temporaryFolder(), "a.png");
  const sample = (env: Record<string, string>) =>
    start(["sample", runs.digits!, "--count", "1", "--out", out], { env });
  const homeless = { HOME: "", XDG_CACHE_HOME: "", GANTRY_CACHE: "" };
  const { code, stderr } = await sample(homeless);
  expect(code, stderr).toBe(1);
  expect(stderr).toMatch(/^gantry: .*home folder.*GANTRY_CACHE/);
  expect((await sample({ ...homeless, GANTRY_CACHE: cacheFolder() })).code).toBe(0);
  expect(existsSync(out)).toBe(true);
});

describe("Ctrl-C", () => {
  it.each(["folder", "npz", "zip"])("while %s is written leaves nothing", async (to) => {
    const folder = temporaryFolder();
    const out = join(folder, to === "folder" ? "a" : `a.${to}`);
    const args = ["sample", runs.digits!, "--to", to, "--count", "400000", "--out", out];
    const child = spawn(process.execPath, [entry, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    const watch = setInterval(() => {
      const [unfinished] = readdirSync(folder);
      if (unfinished === undefined) return;
      clearInterval(watch);
      child.kill("SIGINT");
    }, 20);
    let stderr = "";
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    const [code] = (await once(child, "close")) as [number];
    clearInterval(watch);
    expect(code, stderr).toBe(130);
    expect(stderr).toContain("Stopping; nothing is written.");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("ends the preparation of the neighbours' data", async () => {
    const folder = temporaryFolder();
    const run = join(folder, "run");
    await startRun(tinyRecipe({ data: mnist({ size: 16, first: 16, channels: 3 }) as never, steps: 1 }), {
      directory: run,
    }).train();
    const { crc32: _, ...recipe } = JSON.parse(readFileSync(join(run, "recipe.json"), "utf8"));
    // Sixty thousand images, of which no pack is in this cache.
    recipe.recipe.data = toPlain(stackedMnist({ size: 16 }));
    writeFileSync(join(run, "recipe.json"), JSON.stringify(recipe));
    const cache = join(folder, "cache");
    vi.stubEnv("GANTRY_CACHE", cache);
    const watch = setInterval(() => {
      const begun = existsSync(join(cache, "packs")) && readdirSync(join(cache, "packs")).length > 0;
      if (begun) process.emit("SIGINT");
      if (begun) clearInterval(watch);
    }, 20);
    try {
      const out = join(folder, "a.png");
      const { code, stderr } = await inProcess("sample", run, "--neighbours", "2", "--out", out);
      expect(code, stderr).toBe(130);
      expect(stderr).toContain("Stopping; nothing is written.");
      expect(existsSync(out)).toBe(false);
    } finally {
      clearInterval(watch);
      vi.unstubAllEnvs();
    }
  });
});
