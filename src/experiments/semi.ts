/**
 * Semi-supervised MNIST (Salimans et al. 2016, section 5, table 1): the test error with few labels, over several draws
 * of the labelled images, and of ensembles that share one draw.
 */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { type Band, bandChart } from "../figures/index.ts";
import { fromPlainRecipe, type Recipe } from "../recipe/index.ts";
import { inferenceMode, scope, type Tensor } from "../tensor/index.ts";
import { classify, openForSampling, RunDirectory, testSplit } from "../training/index.ts";
import { defineExperiment, type OptionsOf } from "./experiment.ts";
import { markdownTable } from "./markdown.ts";
import { seeds, whole } from "./options.ts";
import { engine, grouped } from "./page.ts";
import { interval, mean, range } from "./statistics.ts";
import { defineSweep, type Sweep, spreadText } from "./sweep/index.ts";

/** What can be chosen. */
const options = {
  labels: z
    .array(whole().multipleOf(10, { error: "must be a multiple of 10: each of the ten digits gets as many" }))
    .default([100])
    .describe("numbers of labels, multiples of 10"),
  draws: whole().default(3).describe("draws of the labelled images; intervals are over them"),
  seeds: seeds(1, "runs of each draw; several make an ensemble"),
  epochs: whole().default(100).describe("length of a run; the paper's is 300"),
};

/**
 * The runs as a sweep of the recipe `semi-mnist` over labels and label draws.
 *
 * @example
 * const sweep = semiSweep({ labels: [20, 100], draws: 3, seeds: 1, epochs: 100 }); // 6 runs
 */
export function semiSweep({ labels, draws, seeds, epochs }: OptionsOf<typeof options>): Sweep {
  return defineSweep({
    name: "semi",
    recipe: "semi-mnist",
    set: [`epochs=${epochs}`],
    over: { labels: variants("labels", labels), draw: variants("labelSeed", range(draws)) },
    seeds,
  });
}

/** The values of an option of the technique as variants of an axis with a short name: it names folders. */
function variants(option: string, values: readonly number[]): Record<string, string[]> {
  return Object.fromEntries(values.map((value) => [`${value}`, [`techniques.semiSupervised.${option}=${value}`]]));
}

const key = { labels: z.int(), draw: z.int() };

const runSchema = z.strictObject({
  format: z.literal(1),
  ...key,
  seed: z.int(),
  epochs: z.int(),
  /** Test images. */
  images: z.int(),
  /** Seconds of training, without evaluations and files. */
  seconds: z.number(),
  engine,
  /** Errors over the run, with the weights as they are and with averaged ones; the last entry is the result. */
  curve: z.array(z.strictObject({ epoch: z.number(), errors: z.int(), averaged: z.int() })),
});

const ensembleSchema = z.strictObject({
  format: z.literal(1),
  ...key,
  seeds: z.array(z.int()),
  epochs: z.int(),
  images: z.int(),
  /** Errors of the mean of the members' softmax. */
  errors: z.int(),
  averaged: z.int(),
});

/** A run. */
export type SemiRecord = z.output<typeof runSchema>;

/** The runs of one draw together. */
export type SemiEnsemble = z.output<typeof ensembleSchema>;

/** Number and draw of a recipe's labels. */
function labelsOf(recipe: Recipe): { labels: number; draw: number } {
  const options = recipe.techniques.find(({ kind }) => kind === "semiSupervised")!.options;
  return { labels: options.labels as number, draw: (options.labelSeed as number | undefined) ?? recipe.seed };
}

/**
 * The record of a finished run.
 *
 * @throws UserError when its test error was not measured while it trained
 */
export function semiRecord(path: string): SemiRecord {
  const directory = new RunDirectory(path);
  const { recipe: plain, engine, data } = directory.description();
  const recipe = fromPlainRecipe(plain);
  const evaluations = directory.evaluations();
  const tick = directory.ticks().at(-1);
  const last = evaluations.at(-1)?.scores.find(({ name }) => name === "testErrorsAveraged");
  if (tick === undefined || last === undefined || data === undefined) {
    throw new UserError(`${path} is no finished run with the metric testError({ averaged: true })`);
  }
  const curve = evaluations.map(({ step, scores }) => {
    const value = (name: string): number => scores.find((score) => score.name === name)!.value;
    const epoch = Number(((step * recipe.batchSize * recipe.discriminatorSteps) / data.count).toFixed(2));
    return { epoch, errors: value("testErrors"), averaged: value("testErrorsAveraged") };
  });
  return runSchema.parse({
    format: 1,
    ...labelsOf(recipe),
    seed: recipe.seed,
    epochs: recipe.epochs,
    images: last.protocol.real!.count!,
    seconds: Math.round(tick.seconds),
    engine,
    curve,
  });
}

/**
 * The errors of an ensemble: the class of the largest mean of the members' softmax probabilities, on all test images.
 * The members are the last checkpoints of runs that share their labelled images.
 */
export async function semiEnsemble(paths: readonly string[]): Promise<SemiEnsemble> {
  const first = fromPlainRecipe(new RunDirectory(paths[0]!).description().recipe);
  const test = await testSplit(first);
  const seeds: number[] = [];
  const sums: (Tensor | undefined)[] = [undefined, undefined];
  for (const path of paths) {
    const { gan } = await openForSampling(path);
    try {
      seeds.push(gan.recipe.seed);
      for (const [i, averaged] of [false, true].entries()) {
        const logits = await classify(gan, test, { averaged });
        const before = sums[i];
        sums[i] = inferenceMode(() => (before === undefined ? logits.softmax(1) : before.add(logits.softmax(1))));
        before?.dispose();
        logits.dispose();
      }
    } finally {
      gan.dispose();
    }
  }
  const [errors, averaged] = sums.map((sum) => scope(() => sum!.argmax(1).ne(test.labels).sum().item()));
  for (const tensor of [...sums, test.images, test.labels]) tensor?.dispose();
  const { epochs } = first;
  return ensembleSchema.parse({ format: 1, ...labelsOf(first), seeds, epochs, images: test.count, errors, averaged });
}

/** Runs that may be averaged: of one number of labels and one length. */
const groupsOf = (runs: readonly SemiRecord[]): SemiRecord[][] =>
  grouped(runs, ({ labels, epochs }) => `${labels}/${epochs}`);

/**
 * One value for each label draw: the mean over its seeds. Runs that share their labels are not independent, so the
 * interval is over draws.
 */
function ofDraws(runs: readonly SemiRecord[], value: (run: SemiRecord) => number): number[] {
  return grouped(runs, ({ draw }) => `${draw}`).map((own) => mean(own.map(value)));
}

const runsOf = (records: readonly (SemiRecord | SemiEnsemble)[]): SemiRecord[] =>
  records.filter((record): record is SemiRecord => "seed" in record);

/** The ensembles, of each draw the largest. */
function ensemblesOf(records: readonly (SemiRecord | SemiEnsemble)[]): SemiEnsemble[] {
  const all = records.filter((record): record is SemiEnsemble => "seeds" in record);
  return grouped(all, ({ labels, draw }) => `${labels}/${draw}`).map((own) =>
    own.reduce((a, b) => (b.seeds.length > a.seeds.length ? b : a)),
  );
}

/** The tables as Markdown: mean ± 95 % confidence interval over label draws of the errors at the last epoch. */
export function semiTables(records: readonly (SemiRecord | SemiEnsemble)[]): string {
  const [runs, ensembles] = [runsOf(records), ensemblesOf(records)];
  const rows = groupsOf(runs).map((group) => {
    const { labels, epochs, images } = group[0]!;
    const cell = (value: (last: SemiRecord["curve"][number]) => number): string =>
      spreadText(interval(ofDraws(group, ({ curve }) => value(curve.at(-1)!))));
    const draws = new Set(group.map(({ draw }) => draw)).size;
    const minutes = mean(group.map(({ seconds }) => seconds)) / 60;
    return [
      `${labels}`,
      `${epochs}`,
      `${draws}`,
      `${group.length}`,
      `${images}`,
      cell(({ averaged }) => averaged),
      cell(({ errors }) => errors),
      minutes.toFixed(0),
    ];
  });
  const parts = [
    "Errors on the test split at the last epoch: mean ± 95 % interval over label draws",
    markdownTable(
      ["labels", "epochs", "draws", "runs", "images", "errors, averaged D", "errors, D", "min a run"],
      rows,
    ),
  ];
  if (ensembles.length > 0) {
    const cells = ensembles.map((one) => [
      `${one.labels}`,
      `${one.draw}`,
      `${one.epochs}`,
      `${one.seeds.length}`,
      `${one.averaged}`,
      `${one.errors}`,
    ]);
    parts.push("Ensembles: the mean softmax of the runs of one label draw");
    parts.push(markdownTable(["labels", "draw", "epochs", "members", "errors, averaged D", "errors, D"], cells));
  }
  return `${parts.join("\n\n")}\n`;
}

/** Errors over epochs, a band over label draws for each group. */
function curveOf(runs: readonly SemiRecord[]): string {
  const groups = groupsOf(runs);
  const bands: Band[] = groups.map((group) => {
    const points = group[0]!.curve.flatMap(({ epoch }) => {
      const at = (run: SemiRecord) => run.curve.find((one) => one.epoch === epoch)?.averaged;
      if (group.some((run) => at(run) === undefined)) return [];
      const { mean, halfWidth } = interval(ofDraws(group, (run) => at(run)!));
      return [{ x: epoch, mean, halfWidth }];
    });
    return { name: `${group[0]!.labels} labels, ${group[0]!.epochs} epochs`, points };
  });
  const title = `Test errors of ${runs[0]!.images}, averaged D: mean and 95 % interval over label draws`;
  // The first epochs are off the scale of what follows: the axis ends at four times the largest last one.
  const ends = bands.flatMap(({ points }) => points.slice(-1).map(({ mean }) => mean));
  const last = Math.max(10, ...ends);
  return bandChart({ title, xName: "epoch", bands, range: { min: 0, max: Math.ceil((4 * last) / 100) * 100 } });
}

/** `gantry lab semi`. */
export const semi = defineExperiment({
  name: "semi",
  description:
    "Trains the recipe semi-mnist with few labels, over several draws of the labelled images: test errors, ensembles, the curve over epochs.",
  examples: [
    { line: "gantry lab semi", does: "100 labels, three draws of 100 epochs: 3 runs" },
    { line: "gantry lab semi --labels 20,50,100,200 --out lab/few", does: "three label draws each: 12 runs" },
    { line: "gantry lab semi --draws 1 --seeds 10 --out lab/ensemble", does: "ten runs that share 100 labels" },
  ],
  options,
  sweep: semiSweep,
  record: z.union([runSchema, ensembleSchema]),
  key: ["labels", "draw", "seed", "seeds"],
  order: (record) => [record.labels, record.draw, "seed" in record ? record.seed : Number.MAX_VALUE],
  run: { about: ({ recipe, seed }) => ({ ...labelsOf(recipe), seed }), measure: ({ path }) => semiRecord(path) },
  cell: {
    about: (runs) => ({ ...labelsOf(runs[0]!.recipe), seeds: runs.map(({ seed }) => seed) }),
    measure: (runs) => semiEnsemble(runs.map(({ path }) => path)),
  },
  page(records) {
    const figure = { name: "errors", svg: curveOf(runsOf(records)), title: "errors over epochs" };
    return { tables: semiTables(records), figures: [figure] };
  },
});
