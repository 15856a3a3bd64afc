/** Small runs of every architecture, for the tests of exports: weights, statistics and averages that are not those of the start. */
import { join } from "node:path";
import { allCnn, biggan, bigganDeep, dcgan, mlp, noisyMlp, r3gan, resnet, sagan } from "../../src/models/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import {
  minibatchDiscrimination,
  san,
  standingStatistics,
  virtualBatchNorm,
  weightAveraging,
} from "../../src/techniques/registry.ts";
import { Generator, manualSeed, noGradScope, Tensor } from "../../src/tensor/index.ts";
import {
  asSampled,
  type BuiltGan,
  type DataShape,
  drawLatents,
  labelsFor,
  type OpenedCheckpoint,
  RunDirectory,
  type Trainable,
} from "../../src/training/index.ts";
import { RecipeTrainer } from "../../src/training/trainer/recipe-trainer.ts";
import { tinyRecipe } from "../training/tiny.ts";
import { own } from "./own-network.ts";

type Parts = Partial<RecipeInput> & Pick<RecipeInput, "generator" | "discriminator">;

/** What a case is made of. */
export interface NetworkCase {
  readonly parts: Parts;
  /** Default: 3 channels of 16 x 16 and 3 classes. */
  readonly shape?: DataShape;
  readonly labels?: "shares";
  /** The largest difference of the Python module; default 1e-5. */
  readonly tolerance?: number;
}

const colour = (
  size: DataShape["sample"] extends infer S ? (S extends { size: infer T } ? T : never) : never,
): DataShape => ({
  sample: { channels: 3, size },
  classes: ["a", "b", "c"],
});
const images: DataShape = colour(16);
const columns = ["smiling", "age"].map((name, i) => ({
  name,
  kind: i === 0 ? ("flag" as const) : ("number" as const),
  mean: 0,
  deviation: 1,
  least: 0,
  most: 1,
}));
const conditioned = (): DataShape => ({
  sample: { channels: 3, size: 16 },
  classes: [],
  conditions: { columns, rows: Tensor.rand([8, 2], { generator: new Generator(5) }) },
});
const conditional = true;
const techniques = [weightAveraging()];
const small = { latent: 8, width: 4, conditional };
const d = { width: 4, conditional };

/** Every architecture with every option that changes its graph. */
export const networkCases: Readonly<Record<string, () => NetworkCase>> = {
  "mlp, vectors": () => ({
    parts: {
      generator: mlp.generator({ latent: 4, hidden: [8, 8] }),
      discriminator: mlp.discriminator({ hidden: [8] }),
    },
    shape: { sample: { features: 2 }, classes: [] },
  }),
  "mlp, conditional, spectral norm": () => ({
    parts: {
      generator: mlp.generator({ latent: 4, hidden: [8], conditional, spectralNorm: true }),
      discriminator: mlp.discriminator({ hidden: [8], conditional, spectralNorm: true }),
    },
  }),
  noisyMlp: () => ({
    parts: {
      generator: noisyMlp.generator({ latent: 8, hidden: [8, 8] }),
      discriminator: noisyMlp.discriminator({ hidden: [8, 8], outputs: 3 }),
    },
  }),
  allCnn: () => ({
    parts: {
      generator: allCnn.generator({ latent: 8, width: 4 }),
      discriminator: allCnn.discriminator({ width: 4, outputs: 3 }),
      techniques,
    },
  }),
  dcgan: () => ({
    parts: {
      generator: dcgan.generator({ latent: 8, width: 4 }),
      discriminator: dcgan.discriminator({ width: 4, spectralNorm: true }),
      techniques,
    },
  }),
  "dcgan without norm, channels last": () => ({
    parts: {
      generator: dcgan.generator({ latent: 8, width: 4, batchNorm: false, spectralNorm: true }),
      discriminator: dcgan.discriminator({ width: 4, batchNorm: true }),
      memoryFormat: "channelsLast",
    },
  }),
  "dcgan, conditional, hierarchical, attention, 24 x 16": () => ({
    parts: {
      generator: dcgan.generator({
        latent: 9,
        width: 8,
        conditional,
        hierarchical: true,
        spectralNorm: true,
        attention: 12,
      }),
      discriminator: dcgan.discriminator({ width: 8, conditional, attention: 12 }),
    },
    shape: colour({ height: 24, width: 16 }),
  }),
  "dcgan, shares of classes": () => ({
    parts: {
      generator: dcgan.generator({ latent: 8, width: 4, conditional }),
      discriminator: dcgan.discriminator({ width: 4, conditional }),
    },
    labels: "shares",
  }),
  "dcgan, conditions": () => ({
    parts: {
      generator: dcgan.generator({ latent: 8, width: 4, conditional }),
      discriminator: dcgan.discriminator({ width: 4, conditional }),
    },
    shape: conditioned(),
  }),
  "dcgan, virtual batch norm": () => ({
    parts: {
      generator: dcgan.generator({ latent: 8, width: 4, conditional }),
      discriminator: dcgan.discriminator({ width: 4, batchNorm: true, conditional }),
      techniques: [virtualBatchNorm({ in: "both", size: 4 })],
    },
  }),
  resnet: () => ({
    parts: {
      generator: resnet.generator({ latent: 8, width: 8, upsampling: "bilinear", attention: 8 }),
      discriminator: resnet.discriminator({ width: 8, pooling: "mean", activatedSkip: true, attention: 8 }),
      techniques,
    },
  }),
  "resnet, conditional": () => ({
    parts: { generator: resnet.generator(small), discriminator: resnet.discriminator({ ...d, outputs: 2 }) },
  }),
  "resnet, conditions": () => ({
    parts: { generator: resnet.generator(small), discriminator: resnet.discriminator(d) },
    shape: conditioned(),
  }),
  sagan: () => ({
    parts: {
      generator: sagan.generator({ latent: 8, width: 8 }),
      discriminator: sagan.discriminator({ width: 8 }),
      memoryFormat: "channelsLast",
    },
  }),
  biggan: () => ({
    parts: {
      generator: biggan.generator({ latent: 12, width: 4, shared: 4, attention: 8 }),
      discriminator: biggan.discriminator({ width: 8, attention: 8 }),
      techniques: [weightAveraging(), standingStatistics({ batches: 2 })],
    },
  }),
  "biggan, shares of classes": () => ({
    parts: { generator: biggan.generator({ latent: 12, width: 4, shared: 4 }), discriminator: biggan.discriminator(d) },
    labels: "shares",
  }),
  "biggan, tables, not hierarchical": () => ({
    parts: {
      generator: biggan.generator({ latent: 12, width: 4, shared: 0, hierarchical: false }),
      discriminator: biggan.discriminator(d),
    },
  }),
  "biggan, conditions": () => ({
    parts: { generator: biggan.generator({ latent: 12, width: 4, shared: 4 }), discriminator: biggan.discriminator(d) },
    shape: conditioned(),
  }),
  "biggan, unconditional": () => ({
    parts: {
      generator: biggan.generator({ latent: 12, width: 4, conditional: false }),
      discriminator: biggan.discriminator({ width: 4, conditional: false }),
    },
  }),
  "biggan, virtual batch norm": () => ({
    parts: {
      generator: biggan.generator({ latent: 12, width: 4, shared: 4 }),
      discriminator: biggan.discriminator(d),
      techniques: [virtualBatchNorm({ size: 4 })],
    },
  }),
  bigganDeep: () => ({
    parts: {
      generator: bigganDeep.generator({ latent: 8, width: 4, shared: 4, attention: 8 }),
      discriminator: bigganDeep.discriminator({ width: 4, attention: 8 }),
    },
  }),
  "bigganDeep, unconditional": () => ({
    parts: {
      generator: bigganDeep.generator({ latent: 8, width: 4, conditional: false }),
      discriminator: bigganDeep.discriminator({ width: 4, conditional: false }),
    },
  }),
  "biggan, linear embedding": () => ({
    parts: {
      generator: biggan.generator({ latent: 12, width: 4, shared: 4, embedding: "linear" }),
      discriminator: biggan.discriminator(d),
    },
  }),
  "r3gan, D with san": () => ({
    parts: {
      generator: r3gan.generator({ latent: 6, width: 8, blocks: 1, groupSize: 4 }),
      discriminator: r3gan.discriminator({ width: 8, blocks: 1, groupSize: 4 }),
      techniques: [san()],
    },
  }),
  "r3gan, conditional": () => ({
    parts: {
      generator: r3gan.generator({ latent: 6, widths: [16, 8, 8], blocks: 1, groupSize: 4, conditional }),
      discriminator: r3gan.discriminator({ widths: [16, 8, 8], blocks: 1, groupSize: 4, conditional }),
    },
  }),
  "dcgan, D with minibatch discrimination": () => ({
    parts: {
      generator: dcgan.generator({ latent: 8, width: 4 }),
      discriminator: dcgan.discriminator({ width: 4 }),
      techniques: [minibatchDiscrimination({ kernels: 4, dimensions: 3 })],
    },
    // It subtracts large numbers from each other.
    tolerance: 1e-4,
  }),
  "a user's own generator": () => ({
    parts: { generator: own.generator(), discriminator: dcgan.discriminator({ width: 4 }) },
  }),
};

/** A run of a case as if it had been trained: all tensors moved from where they began. The caller disposes `trained`. */
export function openedCase({ parts, shape = images }: NetworkCase): OpenedCheckpoint & { readonly trained: BuiltGan } {
  const gan = new RecipeTrainer(tinyRecipe(parts)).build({ shape }) as BuiltGan & Trainable;
  const random = new Generator(11);
  manualSeed(3);
  noGradScope(() => {
    for (const technique of gan.techniques) technique.prepare?.(gan, {});
    for (const network of [gan.generator, gan.discriminator]) {
      for (const [name, tensor] of network.namedParameters()) {
        // The gain of attention, tables and biases begin at 0, and would hide what they do.
        tensor.add_(Tensor.randn(tensor.shape, { generator: random }), /gain$|bias/.test(name) ? 0.3 : 0.05);
      }
    }
    for (let i = 0; i < 3; i++) {
      const images = gan.generator.forward(drawLatents(gan, 8, random), labelsFor(gan, 0, 8, { random }));
      gan.discriminator.forward(images, labelsFor(gan, 0, 8, { random }));
    }
    for (const player of ["discriminator", "generator"] as const) {
      for (const technique of gan.techniques) technique.afterStep?.(player, gan);
    }
    for (const [name, tensor] of gan.generator.namedParameters()) {
      if (name.endsWith("weight")) tensor.mul_(1.1);
    }
  });
  return { trained: gan, step: 4 };
}

/** New inputs of one of the networks, and Gantry's own outputs. */
export function passOf(
  gan: BuiltGan,
  batch: number,
  network: "generator" | "discriminator" = "generator",
  shares = false,
): { inputs: ReadonlyMap<string, Tensor>; outputs: ReadonlyMap<string, Tensor> } {
  const random = new Generator(21 + batch);
  return asSampled(gan, { averaged: true }, () => {
    const z = drawLatents(gan, batch, random);
    const { classes } = gan.shape;
    const labels = shares
      ? Tensor.randn([batch, classes.length], { generator: random }).softmax(1)
      : labelsFor(gan, 1, batch, { random });
    const images = gan.generator.forward(z, gan.generator.takesLabels === "none" ? undefined : labels);
    const name = images.ndim === 2 ? "samples" : "images";
    const y: [string, Tensor][] = labels === undefined ? [] : [["y", labels]];
    if (network === "generator") return { inputs: new Map([["z", z], ...y]), outputs: new Map([[name, images]]) };
    gan.discriminator.eval();
    const { score, logits, features } = gan.discriminator.forward(images, labels);
    gan.discriminator.train();
    return { inputs: new Map([[name, images], ...y]), outputs: new Map(Object.entries({ score, logits, features })) };
  });
}

/** The largest difference, relative for values above 1. */
export const differenceOf = (found: Tensor, expected: Tensor): number =>
  found.sub(expected).abs().div(expected.abs().clampMin(1)).max().item();

/** The folder of a run whose evaluation is stored: an existing one. */
export const storedRun = (): RunDirectory => new RunDirectory(join(import.meta.dirname, "../fixtures/exported-run"));
