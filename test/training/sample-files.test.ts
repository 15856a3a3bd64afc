/** Single files of samples: each is what its seed draws alone, and nothing is left where drawing ends early. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import yauzl from "yauzl";
import { openNpz, quantise } from "../../src/formats/index.ts";
import { npzImages } from "../../src/metrics/index.ts";
import { mlp } from "../../src/models/index.ts";
import { type Generator, liveTensors, Generator as Random, scope, Tensor } from "../../src/tensor/index.ts";
import { writeSamples } from "../../src/training/index.ts";
import { drawInGroups } from "../../src/training/sampling/groups.ts";
import { interpolate } from "../../src/training/sampling/interpolation.ts";
import { writePathAnimation } from "../../src/training/sampling/path-animation.ts";
import { drawSamples } from "../../src/training/sampling/sample.ts";
import { classFileNames } from "../../src/training/sampling/sample-files.ts";
import { inputsOfSeeds } from "../../src/training/sampling/seeds.ts";
import type { BuiltGan } from "../../src/training/step/gan.ts";
import { ganOf, temporaryFolder } from "./tiny.ts";

const conditional = {
  generator: mlp.generator({ latent: 4, hidden: [8], conditional: true }),
  discriminator: mlp.discriminator({ hidden: [8], conditional: true }),
};

/** The bytes of what a seed draws for a single sample. */
function alone(gan: BuiltGan, seed: number, classIndex?: number, truncation?: number): number[] {
  return scope(() => {
    const random: Generator = new Random(seed);
    const drawn = drawSamples(gan, { count: 1, random, averaged: true, classIndex, truncation });
    return [...quantise(drawn).pixels];
  });
}

const grayOf = async (input: string | Buffer): Promise<number[]> => [
  ...(await sharp(input).toColourspace("b-w").raw().toBuffer()),
];

describe("single files", () => {
  it("are PNGs named by seed and class, which the seed draws again", async () => {
    const gan = ganOf(conditional);
    const folder = join(temporaryFolder(), "samples");
    const before = liveTensors();
    await writeSamples(gan, { to: "folder", path: folder, count: 5, seed: 98, averaged: true, truncation: 0.5 });
    expect(liveTensors()).toBe(before);
    const names = [98, 99, 100, 101, 102].map(
      (seed, i) => `seed${String(seed).padStart(5, "0")}-classclass_${i % 2}.png`,
    );
    expect(readdirSync(folder).sort()).toEqual(names);
    for (const [i, name] of names.entries()) {
      const seen = await grayOf(join(folder, name));
      const wanted = alone(gan, 98 + i, i % 2, 0.5);
      // A batch rounds otherwise than a single sample.
      expect(Math.max(...seen.map((value, at) => Math.abs(value - wanted[at]!)))).toBeLessThanOrEqual(1);
    }
    expect(alone(gan, 98, 0)).not.toEqual(alone(gan, 99, 0));
  });

  it("are enlarged, in a zip, of one class", async () => {
    const gan = ganOf(conditional);
    const path = join(temporaryFolder(), "samples.zip");
    await writeSamples(gan, { to: "zip", path, count: 2, seed: 7, averaged: true, classIndex: 1, scale: 3 });
    const zip = await yauzl.openPromise(path);
    const names: string[] = [];
    for await (const entry of zip.eachEntry()) {
      names.push(entry.fileName);
      const parts: Buffer[] = [];
      for await (const part of await zip.openReadStreamPromise(entry)) parts.push(part as Buffer);
      const png = Buffer.concat(parts);
      expect(await sharp(png).metadata()).toMatchObject({ width: 48, height: 48 });
      const small = await grayOf(await sharp(png).resize(16, 16, { kernel: "nearest" }).png().toBuffer());
      const wanted = alone(gan, 6 + names.length, 1);
      expect(Math.max(...small.map((value, at) => Math.abs(value - wanted[at]!)))).toBeLessThanOrEqual(1);
    }
    expect(names).toEqual(["seed00007-classclass_1.png", "seed00008-classclass_1.png"]);
  });

  it("are arrays of an .npz, over several groups, which the reader of images takes", async () => {
    const gan = ganOf(conditional);
    const path = join(temporaryFolder(), "samples.npz");
    const seen: number[] = [];
    await writeSamples(
      gan,
      { to: "npz", path, count: 1030, seed: 3, averaged: true },
      { onProgress: (n) => seen.push(n) },
    );
    expect(seen).toEqual([512, 1024, 1030]);
    const npz = await openNpz(path);
    expect(Object.fromEntries(npz.arrays)).toEqual({
      arr_0: { dtype: "uint8", shape: [1030, 16, 16, 1] },
      arr_1: { dtype: "int64", shape: [1030] },
      latents: { dtype: "float32", shape: [1030, 4] },
    });
    const row = async (name: string, i: number): Promise<number[]> => {
      const tensor = await npz.rows(name, i, i + 1);
      return Array.from(tensor.toArray(), Number);
    };
    for (const i of [0, 511, 512, 1029]) {
      expect(await row("arr_1", i)).toEqual([i % 2]);
      expect(await row("latents", i)).toEqual(Array.from(inputsOfSeeds(gan, [3 + i]).latents.toArray(), Number));
      const wanted = alone(gan, 3 + i, i % 2);
      const image = await row("arr_0", i);
      expect(Math.max(...image.map((value, at) => Math.abs(value - wanted[at]!)))).toBeLessThanOrEqual(1);
    }
    await npz.close();
    const { images, close } = await npzImages(path);
    expect(images).toMatchObject({ count: 1030, channels: 1, height: 16, width: 16 });
    await close();
  });

  it("have no class where the generator takes none", async () => {
    const folder = temporaryFolder();
    await writeSamples(ganOf(), { to: "folder", path: join(folder, "a"), count: 1, seed: 0, averaged: true });
    expect(readdirSync(join(folder, "a"))).toEqual(["seed00000.png"]);
    await writeSamples(ganOf(), { to: "npz", path: join(folder, "a.npz"), count: 1, seed: 0, averaged: true });
    const npz = await openNpz(join(folder, "a.npz"));
    expect([...npz.arrays.keys()]).toEqual(["arr_0", "latents"]);
    await npz.close();
  });

  it.each(["folder", "npz", "zip"] as const)(
    "leave nothing where %s is stopped, and touch nothing that is there",
    async (to) => {
      const folder = temporaryFolder();
      const stop = new AbortController();
      const options = { to, path: join(folder, "new"), count: 2000, seed: 0, averaged: true };
      const onProgress = (done: number): void => {
        expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toHaveLength(1);
        if (done === 1024) stop.abort("enough");
      };
      await expect(writeSamples(ganOf(), options, { onProgress, stop: stop.signal })).rejects.toBe("enough");
      expect(readdirSync(folder)).toEqual([]);
      mkdirSync(join(folder, "new"));
      writeFileSync(join(folder, "new/mine"), "");
      await expect(writeSamples(ganOf(), { ...options, count: 1 })).rejects.toThrow(
        to === "folder" ? "exists and is not an empty folder" : "it is a folder, not a file",
      );
      expect(readdirSync(folder)).toEqual(["new"]);
    },
  );

  it.each(["folder", "npz", "zip"] as const)(
    "are refused as %s before anything is drawn where the disk is too small",
    async (to) => {
      const folder = temporaryFolder();
      const options = { to, path: join(folder, "new"), count: 1e12, seed: 0, averaged: true };
      await expect(writeSamples(ganOf(), options)).rejects.toThrow(
        /^1000000000000 images would take \d+ GB, and the disk/,
      );
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it("have names of classes that any disk takes, each once", () => {
    expect(classFileNames(["cat", "a/b", "a b", "Cat", "é", "x".repeat(300)])).toEqual([
      "cat_#0",
      "a_b_#1",
      "a_b_#2",
      "Cat_#3",
      "é",
      "x".repeat(64),
    ]);
  });
});

it("samples in groups are those that are drawn at once", async () => {
  const gan = ganOf(conditional);
  const options = { count: 600, averaged: true };
  const whole = drawSamples(gan, { ...options, random: new Random(4) });
  const groups: number[][] = [];
  for await (const { first, count, samples } of drawInGroups(gan, { ...options, random: new Random(4) })) {
    expect(Array.from(samples.toArray(), Number)).toEqual(Array.from(whole.narrow(0, first, count).toArray(), Number));
    groups.push([first, count]);
  }
  expect(groups).toEqual([
    [0, 512],
    [512, 88],
  ]);
});

describe("an animated path", () => {
  const path = { kind: "spherical", seeds: [1, 2, 5], frames: 6, seconds: 1, format: "webp", averaged: true } as const;
  const framesOf = async (file: string): Promise<number[][]> => {
    const { pages } = await sharp(file).metadata();
    return Promise.all(
      Array.from({ length: pages! }, async (_, page) => [
        ...(await sharp(file, { page }).toColourspace("b-w").raw().toBuffer()),
      ]),
    );
  };
  const near = (a: number[], b: number[]): void => {
    expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))).toBeLessThanOrEqual(1);
  };

  it("goes through the seeds and back to the first", async () => {
    const gan = ganOf(conditional);
    const file = join(temporaryFolder(), "a.webp");
    const written = await writePathAnimation(gan, file, { ...path, classIndex: 1 });
    expect(written).toEqual({ frames: 6, seconds: 1, width: 16, height: 16 });
    const frames = await framesOf(file);
    for (const [i, seed] of [1, 2, 5].entries()) near(frames[2 * i]!, alone(gan, seed, 1));
    // Frame 5 lies half way from seed 5 to seed 1.
    const middle = scope(() => {
      const latents = interpolate(
        inputsOfSeeds(gan, [5]).latents,
        inputsOfSeeds(gan, [1]).latents,
        3,
        "spherical",
      ).narrow(0, 1, 1);
      const labels = Tensor.fromArray(BigInt64Array.from([1n]));
      return [
        ...quantise(drawSamples(gan, { count: 1, random: new Random(0), averaged: true, inputs: { latents, labels } }))
          .pixels,
      ];
    });
    near(frames[5]!, middle);
  });

  it("goes from class to class with one latent", async () => {
    const gan = ganOf(conditional);
    const file = join(temporaryFolder(), "a.webp");
    await writePathAnimation(gan, file, { ...path, kind: "fixed", seeds: [3], classes: [1, 0], frames: 4, scale: 2 });
    expect(await sharp(file).metadata()).toMatchObject({ width: 32, pages: 4, loop: 0 });
    const small = await framesOf(file);
    const every = (pixels: number[]): number[] => pixels.filter((_, i) => i % 2 === 0 && Math.floor(i / 32) % 2 === 0);
    near(every(small[0]!), alone(gan, 3, 1));
    near(every(small[2]!), alone(gan, 3, 0));
    expect(small[1]).toEqual(small[3]);
    expect(small[1]).not.toEqual(small[0]);
  });

  it("is refused where it does not fit, before a file is there", async () => {
    const folder = temporaryFolder();
    const write = (more: object, gan = ganOf(conditional)) =>
      writePathAnimation(gan, join(folder, "a.webp"), { ...path, ...more });
    await expect(write({ seeds: [1] })).rejects.toThrow("a path needs at least two points");
    await expect(write({ classes: [0, 1] })).rejects.toThrow("a path through 3 seeds needs as many classes, not 2");
    await expect(write({ seconds: 0.01 })).rejects.toThrow("shorter than 20 ms each");
    await expect(write({ classIndex: 0 }, ganOf())).rejects.toThrow("was trained without classes");
    await expect(write({ kind: "fixed", classes: [0, 1] }, ganOf())).rejects.toThrow("takes no shares of classes");
    await expect(write({}, ganOf({ latentDistribution: "uniform" }))).rejects.toThrow("uniform on a cube");
    const stop = new AbortController();
    stop.abort("enough");
    const stopped = writePathAnimation(ganOf(), join(folder, "a.webp"), path, { stop: stop.signal });
    await expect(stopped).rejects.toBe("enough");
    expect(readdirSync(folder)).toEqual([]);
    expect(() => readFileSync(join(folder, "a.webp"))).toThrow();
  });
});
