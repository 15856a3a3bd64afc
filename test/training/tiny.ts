/** What the tests of techniques and training share: small data, small recipes, and folders that go away. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { z } from "zod";
import type { Descriptor } from "../../src/base/descriptor.ts";
import type { Batch, DataContext, DataLoader, Dataset } from "../../src/data/index.ts";
import { defineDataset } from "../../src/data/index.ts";
import { hinge } from "../../src/losses/index.ts";
import { dcgan, mlp } from "../../src/models/index.ts";
import { adam } from "../../src/optim/index.ts";
import { defineRecipe, type Recipe, type RecipeInput } from "../../src/recipe/recipe.ts";
import type { Technique, TechniqueContext } from "../../src/techniques/index.ts";
import { defineTechnique } from "../../src/techniques/technique.ts";
import { keep, scope, type Tensor } from "../../src/tensor/index.ts";
import { BuiltGan } from "../../src/training/step/gan.ts";
import { imageLoader, shapeOf } from "../../src/training/trainer/image-loader.ts";
import { TEST_DEVICE } from "../device/device.ts";
import { noise } from "../nn/oracle.ts";

/** A dataset of gray images of noise, `classes` classes in turn (0: without labels). */
export function makeDataset({ count, size, classes }: { count: number; size: number; classes: number }): Dataset {
  return scope(() => {
    // A dataset lies on the CPU, whatever the tests' device is.
    const bytes = noise([count, 1, size, size], 3).cpu().add(1).mul(127).to({ dtype: "uint8" });
    const labels = noise([count], 1).cpu().zero_().to({ dtype: "int64" });
    for (let i = 0; i < count && classes > 0; i++) labels.narrow(0, i, 1).fill_(i % classes);
    const names = Array.from({ length: classes }, (_, i) => `class ${i}`);
    return {
      name: "noise",
      count,
      channels: 1,
      size,
      classes: names,
      images: keep(bytes),
      labels: keep(labels),
      flip: false,
      broken: [],
    };
  });
}

/** {@link makeDataset} as a recipe's data. */
export const noiseImages = defineDataset(
  "testNoise",
  z.strictObject({
    count: z.int().default(48),
    size: z.int().default(16),
    classes: z.int().default(2),
  }),
  async (options, _context: DataContext) => makeDataset(options),
);

/** A recipe of small perceptrons; `parts` replace its keys. */
export function tinyRecipe(parts: Partial<RecipeInput> = {}): Recipe {
  return defineRecipe({
    name: "tiny",
    data: noiseImages() as RecipeInput["data"],
    generator: mlp.generator({ latent: 4, hidden: [8] }),
    discriminator: mlp.discriminator({ hidden: [8] }),
    loss: hinge(),
    optimizers: { generator: adam({ lr: 1e-2 }), discriminator: adam({ lr: 1e-2 }) },
    batchSize: 8,
    ...(parts.epochs === undefined ? { steps: 4 } : {}),
    samples: { count: 4, columns: 2 },
    ...parts,
  } as RecipeInput);
}

/** The networks of {@link tinyRecipe} as small DCGANs. */
export const tinyConvolutions = {
  generator: dcgan.generator({ latent: 4, width: 2 }),
  discriminator: dcgan.discriminator({ width: 2, spectralNorm: true }),
};

/** A GAN over {@link makeDataset}; it is freed when the test ends. */
export function ganOf(parts: Partial<RecipeInput> = {}, data = { count: 48, size: 16, classes: 2 }): BuiltGan {
  const recipe = { ...tinyRecipe(parts), device: TEST_DEVICE };
  const dataset = makeDataset(data);
  const gan = new BuiltGan(recipe, shapeOf(dataset), imageLoader(dataset, recipe));
  onTestFinished(() => gan.dispose());
  return gan;
}

/** A technique under test as a recipe's part; `make` is called once for each GAN that is built. */
export function technique(
  name: string,
  make: (context: TechniqueContext) => Omit<Technique, "name">,
): Descriptor<"technique", TechniqueContext, Technique> {
  return defineTechnique(
    name,
    z.strictObject({}),
    (_, context: TechniqueContext): Technique => ({
      name,
      ...make(context),
    }),
  )();
}

/** A loader of given batches. */
export function loaderOf(batches: readonly Tensor[]): DataLoader {
  let at = 0;
  return {
    epoch: 0,
    next: (): Batch => ({ images: batches[at++]!, labels: undefined }),
    state: () => ({ tensors: new Map(), numbers: { at } }),
    load: ({ numbers }) => {
      at = numbers.at!;
    },
  };
}

/** A folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "gantry-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** All files below a folder with their bytes, as base64 by relative path. */
export function filesIn(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = names.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, "base64")]));
}
