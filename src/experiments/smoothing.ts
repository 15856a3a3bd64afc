/**
 * Does one-sided label smoothing make D harder to fool by adversarial examples? Salimans et al. 2016 (section 3.4)
 * bring it back because smoothed targets have been seen to do so in classifiers. Here D is attacked by the fast
 * gradient sign method (Goodfellow, Shlens and Szegedy 2015, section 4), one step of size epsilon in every pixel:
 *
 *     x' = clip(x -+ epsilon sign(dD(x)/dx), -1, 1)      down for real images, up for generated ones
 *
 * The measure is the share of images on the right side of D's decision before and after.
 */
import { z } from "zod";
import { mnist } from "../data/index.ts";
import { bandChart } from "../figures/index.ts";
import { frozenStatistics } from "../nn/index.ts";
import { Generator, grad, noGrad, scope, type Tensor } from "../tensor/index.ts";
import { type BuiltGan, drawLatents, openForSampling, RunDirectory } from "../training/index.ts";
import { defineExperiment } from "./experiment.ts";
import { markdownTable } from "./markdown.ts";
import { seeds, whole } from "./options.ts";
import { engine, grouped } from "./page.ts";
import { interval, overSeeds } from "./statistics.ts";
import { defineSweep, spreadText } from "./sweep/index.ts";

/** The target of real images in each arm. */
const TARGETS = { plain: 1, smoothed: 0.9 } as const;
const targets = Object.keys(TARGETS) as (keyof typeof TARGETS)[];

const schema = z.strictObject({
  format: z.literal(1),
  targets: z.enum(targets),
  seed: z.int(),
  steps: z.int(),
  /** Test images, and as many generated ones. */
  images: z.int(),
  engine,
  /** Sizes of the attack. */
  epsilons: z.array(z.number()),
  /** Shares on the right side of D's decision: before the attack, and after one of each size. */
  real: z.array(z.number()),
  fake: z.array(z.number()),
});
/** The shares of a run. */
export type SmoothingRecord = z.output<typeof schema>;

/**
 * The share of images that D still rates as what they are, after an attack of each size.
 *
 * @param images - [N, C, S, S] in [-1, 1], all real or all generated
 * @param real - what they are; D is right where its output has that sign
 */
export function underAttack(
  { discriminator }: Pick<BuiltGan, "discriminator">,
  images: Tensor,
  real: boolean,
  epsilons: readonly number[],
): number[] {
  const towards = real ? -1 : 1;
  discriminator.eval();
  try {
    return scope(() =>
      frozenStatistics(() => {
        const attacked = images.detach().requiresGrad_(true);
        const [slope] = grad(discriminator.forward(attacked).score.sum(), [attacked]);
        const direction = slope!.sign().mul(towards);
        return noGrad(() =>
          epsilons.map((epsilon) => {
            const { score } = discriminator.forward(images.add(direction.mul(epsilon)).clamp(-1, 1));
            return (real ? score.gt(0) : score.lt(0)).float().mean().item();
          }),
        );
      }),
    );
  } finally {
    discriminator.train();
  }
}

async function recordOf(
  path: string,
  about: Pick<SmoothingRecord, "targets" | "seed">,
  { images: count, epsilons }: { readonly images: number; readonly epsilons: readonly number[] },
): Promise<SmoothingRecord> {
  const test = await mnist({ split: "test", size: 32, first: count }).build({});
  const { gan, step } = await openForSampling(path);
  try {
    return scope(() => {
      const bytes = test.images.to({ dtype: "float32" });
      gan.generator.eval();
      const made = noGrad(() =>
        frozenStatistics(() => gan.generator.forward(drawLatents(gan, count, new Generator(0)))),
      );
      const sizes = [0, ...epsilons];
      const real = underAttack(gan, bytes.div(127.5).sub(1), true, sizes);
      const fake = underAttack(gan, made, false, sizes);
      const { engine } = new RunDirectory(path).description();
      return { format: 1, ...about, steps: step, images: count, engine, epsilons: [...epsilons], real, fake };
    });
  } finally {
    test.images.dispose();
    test.labels.dispose();
    gan.dispose();
  }
}

/** The records of each arm, and over their seeds the share of one kind of images by the size of the attack. */
function arms(records: readonly SmoothingRecord[], kind: "real" | "fake") {
  return grouped(records, ({ targets }) => targets).map((own) => ({
    targets: own[0]!.targets,
    runs: own.length,
    points: [0, ...own[0]!.epsilons].map((x, i) => ({ x, ...interval(own.map((record) => 100 * record[kind][i]!)) })),
  }));
}

const KINDS = { real: "real test images", fake: "generated images" } as const;

/** `gantry lab smoothing`. */
export const smoothing = defineExperiment({
  name: "smoothing",
  description:
    "Trains DCGANs on MNIST with and without one-sided label smoothing, and attacks D with one step of the fast gradient sign method.",
  examples: [
    { line: "gantry lab smoothing", does: "two arms, three seeds, 600 steps: 6 runs of less than a minute on a core" },
  ],
  options: {
    seeds: seeds(3),
    steps: whole().default(600).describe("generator steps of a run"),
    images: whole().max(10_000).default(1_000).describe("test images that are attacked, and as many generated ones"),
    epsilons: z
      .array(z.number().gt(0).max(2))
      .default([0.01, 0.02, 0.05, 0.1, 0.2])
      .describe("sizes of the attack in each pixel, of values from -1 to 1"),
  },
  sweep: ({ seeds, steps }) =>
    defineSweep({
      name: "smoothing",
      recipe: "narrow-dcgan",
      set: [`steps=${steps}`, "discriminator.batchNorm=false", "evaluate=null"],
      over: {
        targets: {
          plain: [],
          smoothed: ["techniques+=labelSmoothing", `techniques.labelSmoothing.real=${TARGETS.smoothed}`],
        },
      },
      seeds,
    }),
  shared: ({ images, epsilons }) => ({ images, epsilons: [...epsilons] }),
  record: schema,
  key: ["targets", "seed"],
  order: ({ targets: arm, seed }) => [targets.indexOf(arm), seed],
  run: {
    about: ({ cell, seed }) => ({ targets: cell.values[0] as SmoothingRecord["targets"], seed }),
    measure: ({ path, cell, seed }, options) =>
      recordOf(path, { targets: cell.values[0] as SmoothingRecord["targets"], seed }, options),
  },
  page(records) {
    const { steps, images, epsilons } = records[0]!;
    const kinds = Object.entries(KINDS) as ["real" | "fake", string][];
    const header = ["targets", "images", "seeds", "no attack", ...epsilons.map(String)];
    const rows = kinds.flatMap(([kind, name]) =>
      arms(records, kind).map(({ targets, runs, points }) => [targets, name, `${runs}`, ...points.map(spreadText)]),
    );
    const figures = kinds.map(([kind, name]) => {
      const own = arms(records, kind);
      const bands = own.map(({ targets, points }) => ({ name: targets, points }));
      const title = `D is right about ${name}, %: ${overSeeds(own.map(({ runs }) => runs))}`;
      return {
        name: kind,
        svg: bandChart({ title, xName: "epsilon", bands, range: { min: 0, max: 100 } }),
        title: name,
      };
    });
    const text = `% of ${images} images that D rates as what they are, by the size of the attack; ${steps} steps, mean ± 95 % interval over seeds`;
    return { tables: `${text}\n\n${markdownTable(header, rows, 2)}\n`, figures };
  },
});
