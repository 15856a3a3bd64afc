/**
 * Anomaly detection by a GAN that knows nine digits of ten (the claim of Sinha et al. 2020 that top-k training helps
 * there too): each digit is left out of training once, and its test images must be distinguished from the others'. The
 * protocol is that of Zenati et al. 2018, "Efficient GAN-Based Anomaly Detection".
 */
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { mnist } from "../../data/index.ts";
import { frozenStatistics } from "../../nn/index.ts";
import { Generator, inferenceMode, scope, Tensor } from "../../tensor/index.ts";
import {
  type BuiltGan,
  openForSampling,
  RunDirectory,
  type SearchLatentsOptions,
  searchLatents,
} from "../../training/index.ts";
import { defineExperiment, type OptionsOf } from "../experiment.ts";
import { ganOverrides, ORDINARY, unlabelledGans } from "../gans.ts";
import { markdownTable } from "../markdown.ts";
import { seeds, whole } from "../options.ts";
import { engine, grouped, secondsSince } from "../page.ts";
import { type Interval, interval, pooled, range } from "../statistics.ts";
import { boldText, defineSweep, type GridRun, type Sweep } from "../sweep/index.ts";
import { auroc, averagePrecision, scaledRanks } from "./detection.ts";

const updates = ["all", "topK"] as const;

const DIGIT = { error: "must be digits from 0 to 9, each once, such as 1,4,9" };
// The rarest digit of the test split, 5, is there 892 times.
const SUBSET = { error: "must be an even number from 2 to 1784" };

/** What can be chosen. */
const options = {
  digits: z
    .array(z.int(DIGIT).min(0, DIGIT).max(9, DIGIT))
    .refine((digits) => new Set(digits).size === digits.length, DIGIT)
    .default(range(10))
    .describe("the digits to leave out, each once"),
  gans: z
    .array(z.enum(unlabelledGans))
    .default(["dcgan", "sn-dcgan"])
    .describe(`of ${unlabelledGans.join(", ")}, as in the sweeps of top-k training`),
  seeds: seeds(3),
  steps: whole().default(600).describe("generator steps of a run; k reaches half of the batch at half of them"),
  subset: z
    .int(SUBSET)
    .min(2, SUBSET)
    .max(1_784, SUBSET)
    .multipleOf(2, SUBSET)
    .default(200)
    .describe("test images that are searched, half of them of the digit left out; an even number"),
  searchSteps: whole().default(100).describe("gradient steps of the latent search (the paper takes 500)"),
};

type AnomalyOptions = Pick<OptionsOf<typeof options>, "digits" | "gans" | "seeds" | "steps">;

/**
 * The training runs of the experiment as a sweep of the recipe `narrow-dcgan` over GAN, digit and update, batch 64.
 * There are no scores of the images: what counts is measured on test images afterwards.
 *
 * @example
 * const sweep = anomalySweep({ digits: [1, 4], gans: ["dcgan"], seeds: 3, steps: 600 }); // 12 runs
 */
export function anomalySweep({ digits, gans, seeds, steps }: AnomalyOptions): Sweep {
  return defineSweep({
    name: "anomaly",
    recipe: "narrow-dcgan",
    set: ["data=mnist", "data.size=32", "evaluate=null", "batchSize=64"],
    over: {
      gan: Object.fromEntries(gans.map((gan) => [gan, ganOverrides(gan, steps)])),
      digit: Object.fromEntries(
        digits.map((digit) => [`${digit}`, [`data.classes=[${range(10).filter((other) => other !== digit)}]`]]),
      ),
      update: { all: ORDINARY, topK: [] },
    },
    seeds,
  });
}

/** The areas under both curves; see {@link auroc} and {@link averagePrecision}. */
interface Areas {
  readonly auroc: number;
  readonly auprc: number;
}

/**
 * - `discriminator`: minus the realness of D(x)
 * - `search`: the residual that latent search leaves (AnoGAN)
 * - `mix`: the mean of the ranks of both among the images scored; it uses the other test images, but no label of theirs
 * - `discriminatorAll`: as `discriminator`, on the whole test split, of which about a tenth are anomalies
 */
const METHODS = ["discriminator", "search", "mix", "discriminatorAll"] as const;

/** One of {@link METHODS}. */
type Method = (typeof METHODS)[number];

/** Test images with their truth. */
interface TestImages {
  /** float32 [N, 1, 32, 32] in [-1, 1]. */
  readonly images: Tensor;
  readonly anomalous: readonly boolean[];
}

/** Images that D rates at a time: it bounds the memory. */
const CHUNK = 500;

/** Bytes to what the networks see: bytes / 127.5 - 1. */
const floats = (bytes: Tensor): Tensor => bytes.to({ dtype: "float32" }).div(127.5).sub(1);

/**
 * The test split, and the subset that is searched: half of it of the digit, half of the others, the first that an order
 * that never changes gives. Half and half, so that chance has an AUPRC of 0.5. The caller disposes of both.
 */
export async function testImages(digit: number, subset: number): Promise<{ all: TestImages; subset: TestImages }> {
  const dataset = await mnist({ split: "test", size: 32 }).build({});
  return scope(() => {
    const anomalous = Array.from(dataset.labels.toArray(), Number).map((label) => label === digit);
    const order = Array.from(Tensor.randperm(dataset.count, { generator: new Generator(0) }).toArray(), Number);
    const half = (wanted: boolean) => order.filter((row) => anomalous[row] === wanted).slice(0, subset / 2);
    const rows = [...half(true), ...half(false)];
    const chosen = dataset.images.indexSelect(0, Tensor.fromArray(BigInt64Array.from(rows, BigInt)));
    return {
      all: { images: floats(dataset.images), anomalous },
      subset: { images: floats(chosen), anomalous: rows.map((row) => anomalous[row]!) },
    };
  });
}

/** Minus the realness of each image, in evaluation mode. */
function discriminatorScores({ discriminator, loss }: BuiltGan, images: Tensor): number[] {
  const scores: number[] = [];
  discriminator.eval();
  try {
    for (let start = 0; start < images.shape[0]!; start += CHUNK) {
      const part = images.narrow(0, start, Math.min(CHUNK, images.shape[0]! - start));
      scope(() => {
        const score = inferenceMode(() => frozenStatistics(() => discriminator.forward(part).score));
        for (const value of loss.realness(score).toArray()) scores.push(-Number(value));
      });
    }
    return scores;
  } finally {
    discriminator.train();
  }
}

const areas = (scores: readonly number[], anomalous: readonly boolean[]): Areas => ({
  auroc: auroc(scores, anomalous),
  auprc: averagePrecision(scores, anomalous),
});

/**
 * Measures a trained GAN on test images.
 *
 * @throws UserError when a subset is without anomalies or without normal images, or a score is not a number
 */
export function detect(
  gan: BuiltGan,
  { all, subset }: { readonly all: TestImages; readonly subset: TestImages },
  search: SearchLatentsOptions,
): Record<Method, Areas> {
  const rated = discriminatorScores(gan, subset.images);
  const { total } = searchLatents(gan, subset.images, search);
  const ranks = [scaledRanks(rated), scaledRanks(total)] as const;
  return {
    discriminator: areas(rated, subset.anomalous),
    search: areas(total, subset.anomalous),
    mix: areas(
      ranks[0].map((rank, i) => (rank + ranks[1][i]!) / 2),
      subset.anomalous,
    ),
    discriminatorAll: areas(discriminatorScores(gan, all.images), all.anomalous),
  };
}

const areasSchema = z.strictObject({ auroc: z.number(), auprc: z.number() });

const schema = z.strictObject({
  format: z.literal(1),
  gan: z.enum(unlabelledGans),
  /** The digit that was left out. */
  digit: z.int(),
  update: z.enum(updates),
  seed: z.int(),
  /** Generator steps, batch, and the samples that the last update was made of. */
  steps: z.int(),
  batchSize: z.int(),
  k: z.int(),
  /** Test images that were searched, half of them anomalous, and gradient steps of the search. */
  subset: z.int(),
  searchSteps: z.int(),
  /** Seconds of training, and of scoring. */
  seconds: z.number(),
  scoringSeconds: z.number(),
  engine,
  areas: z.strictObject({
    discriminator: areasSchema,
    search: areasSchema,
    mix: areasSchema,
    discriminatorAll: areasSchema,
  }),
});

/** One run, and how well it tells anomalies. */
export type AnomalyRecord = z.output<typeof schema>;

/** How a trained run is measured. */
interface Measuring {
  /** Test images to search, an even number of at least 2. */
  readonly subset: number;
  /** Gradient steps of the search. */
  readonly searchSteps: number;
}

/** What a record is about. */
type Key = Pick<AnomalyRecord, "gan" | "digit" | "update" | "seed">;

/** What a run of the grid is about. */
function keyOf({ cell, seed }: Pick<GridRun, "cell" | "seed">): Key {
  const [gan, digit, update] = cell.values as [Key["gan"], string, Key["update"]];
  return { gan, digit: Number(digit), update, seed };
}

/** Measures a finished run: draws nothing at random but the search's first latents, which are always the same. */
async function recordOf(path: string, key: Key, { subset, searchSteps }: Measuring): Promise<AnomalyRecord> {
  const directory = new RunDirectory(path);
  const tick = directory.ticks().at(-1);
  if (tick === undefined) throw new UserError(`${path} has not been trained yet`);
  const { gan, step } = await openForSampling(path);
  try {
    const begun = performance.now();
    const images = await testImages(key.digit, subset);
    const measured = detect(gan, images, { steps: searchSteps });
    for (const set of [images.all, images.subset]) set.images.dispose();
    return {
      format: 1,
      ...key,
      steps: step,
      batchSize: gan.recipe.batchSize,
      k: tick.k ?? gan.recipe.batchSize,
      subset,
      searchSteps,
      seconds: Math.round(tick.seconds * 10) / 10,
      scoringSeconds: secondsSince(begun),
      engine: { ...directory.description().engine },
      areas: measured,
    };
  } finally {
    gan.dispose();
  }
}

const METHOD_NAMES: Readonly<Record<Method, string>> = {
  discriminator: "D",
  search: "search",
  mix: "mix",
  discriminatorAll: "D, whole test split",
};
const UPDATE_NAMES: Readonly<Record<AnomalyRecord["update"], string>> = { all: "all", topK: "top-k" };

/** Records that may be compared: of one GAN, trained and measured alike. */
const groupsOf = (records: readonly AnomalyRecord[]): AnomalyRecord[][] =>
  grouped(records, ({ gan, steps, batchSize, subset, searchSteps }) =>
    [gan, steps, batchSize, subset, searchSteps].join("/"),
  );

const valuesOf = <K extends keyof AnomalyRecord>(records: readonly AnomalyRecord[], key: K): AnomalyRecord[K][] => [
  ...new Set(records.map((record) => record[key])),
];

/** The mean over digits with its interval by {@link pooled}: digits differ far more than seeds do, so they are its cells. */
const overDigits = (records: readonly AnomalyRecord[], method: Method, area: keyof Areas): Interval =>
  pooled(grouped(records, ({ digit }) => `${digit}`).map((own) => own.map(({ areas }) => areas[method][area])));

function pairOf(group: readonly AnomalyRecord[], value: (own: readonly AnomalyRecord[]) => Interval): string[] {
  const pair = updates.map((update) => {
    const own = group.filter((record) => record.update === update);
    return own.length === 0 ? undefined : value(own);
  });
  return pair.map((own, i) => {
    const other = pair[1 - i];
    if (own === undefined || own.count === 0) return "–";
    return boldText(own, other === undefined ? [] : [other], "higher");
  });
}

function groupTable(group: readonly AnomalyRecord[], area: keyof Areas): string {
  const methods = METHODS.flatMap((method) =>
    updates.map((update) => `${METHOD_NAMES[method]}, ${UPDATE_NAMES[update]}`),
  );
  const header = ["left out", "seeds", ...methods];
  const digits = valuesOf(group, "digit").map((digit) => {
    const own = group.filter((record) => record.digit === digit);
    const cells = METHODS.flatMap((method) =>
      pairOf(own, (records) => interval(records.map(({ areas }) => areas[method][area]))),
    );
    return [`${digit}`, valuesOf(own, "seed").join(" "), ...cells];
  });
  const last = METHODS.flatMap((method) => pairOf(group, (records) => overDigits(records, method, area)));
  const means = digits.length > 1 ? [["mean over digits", valuesOf(group, "seed").join(" "), ...last]] : [];
  return markdownTable(header, [...digits, ...means], 2);
}

/**
 * All tables as Markdown: mean ± 95 % confidence interval over seeds; bold where one update is above the other with
 * their intervals apart.
 */
export function anomalyTables(records: readonly AnomalyRecord[]): string {
  const parts = groupsOf(records).flatMap((group) => {
    const { gan, steps, batchSize, subset, searchSteps } = group[0]!;
    const k = valuesOf(
      group.filter(({ update }) => update === "topK"),
      "k",
    ).join(", ");
    return [
      `### ${gan}: ${steps} steps, batch ${batchSize}${k === "" ? "" : `, last k ${k}`}`,
      `AUROC; D, search and mix on ${subset} test images, half of them of the digit left out; ${searchSteps} search steps`,
      groupTable(group, "auroc"),
      "AUPRC (average precision); chance is 0.5, and about 0.1 on the whole test split",
      groupTable(group, "auprc"),
    ];
  });
  return `${parts.join("\n\n")}\n`;
}

/** `gantry lab anomaly`. */
export const anomaly = defineExperiment({
  name: "anomaly",
  description:
    "Trains GANs on nine digits, from all samples of a batch and from the top k, and measures how well each tells the tenth: by the discriminator, by latent search, and by both.",
  examples: [
    { line: "gantry lab anomaly", does: "ten digits, two GANs, both updates, three seeds: 120 runs" },
    { line: "gantry lab anomaly --digits 1,4,9 --seeds 5 --out lab/three", does: "three digits" },
  ],
  options,
  sweep: anomalySweep,
  shared: ({ subset, searchSteps }) => ({ subset, searchSteps }),
  record: schema,
  key: ["gan", "digit", "update", "seed"],
  order: ({ gan, digit, update, seed }) => [unlabelledGans.indexOf(gan), digit, updates.indexOf(update), seed],
  run: { about: keyOf, measure: (run, options) => recordOf(run.path, keyOf(run), options) },
  page: (records) => ({ tables: anomalyTables(records) }),
});
