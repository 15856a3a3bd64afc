/**
 * The oracle experiment on the snapshots of a run: from each, one update of the generator on the half of a batch that
 * the discriminator rates most real, on the other half, on a random half, and on all; each from the same weights.
 *
 * The main measure is a plain gradient step, whose direction is the batch's alone. A step of the run's own optimizer,
 * from copies of its moments, is reported next to it: there the moments of the steps before weigh more than the batch.
 */
import { setImmediate } from "node:timers/promises";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { seedOf } from "../../base/seed.ts";
import type { Mixture, VectorData } from "../../data/index.ts";
import { barPanels } from "../../figures/index.ts";
import { frozenStatistics } from "../../nn/index.ts";
import { fromPlainRecipe, importModules, type Recipe } from "../../recipe/index.ts";
import { foreachAdd_, Generator, grad, keep, noGrad, scope, Tensor } from "../../tensor/index.ts";
import {
  BuiltGan,
  drawLatents,
  listCheckpoints,
  loadCheckpoint,
  openDataModule,
  RunDirectory,
} from "../../training/index.ts";
import { defineExperiment } from "../experiment.ts";
import { markdownTable } from "../markdown.ts";
import { positive, whole } from "../options.ts";
import { grouped } from "../page.ts";
import { interval } from "../statistics.ts";
import { type Update, updateNames, updateOf, updates } from "./mixture.ts";
import { motions, RINGS, type RingCosine, ringCosines, ringNames, type SampleMotion } from "./motions.ts";

/** The rules by which the generator is updated. */
const methods = ["gradient", "optimizer"] as const;

/** One of {@link methods}. */
type Method = (typeof methods)[number];

const QUARTERS = 4;

const ring = z.strictObject({
  mean: z.number().nullable(),
  halfWidth: z.number().nullable(),
  count: z.int(),
  batches: z.int(),
});

const schema = z.strictObject({
  format: z.literal(1),
  /** The run that the snapshots are of. */
  run: z.strictObject({ modes: z.int(), update: z.enum(updates), seed: z.int(), optimizer: z.string() }),
  batchSize: z.int(),
  /** Rows of the halves. */
  k: z.int(),
  /** Batches of each snapshot. */
  batches: z.int(),
  /** Learning rate of the plain gradient step. */
  lr: z.number(),
  /** By snapshot, rule and rows; each has a number for each ring, null where it is not known. */
  cosines: z.array(
    z.strictObject({ step: z.int(), method: z.enum(methods), update: z.enum(updates), rings: z.array(ring) }),
  ),
  /**
   * By snapshot, the rank of each ring's samples in the discriminator's order of their batch: how many in the quarter
   * that it rates most real, in the next two, and in the last.
   */
  quarters: z.array(z.strictObject({ step: z.int(), rings: z.array(z.array(z.int()).length(QUARTERS)) })),
});

/** The result of the experiment on one run. */
export type OracleRecord = z.output<typeof schema>;

/** How to measure. */
export interface OracleOptions {
  /** Batches of each snapshot; default 40. */
  readonly batches?: number | undefined;
  /** Learning rate of the plain gradient step; default 1e-3. Small enough that the cosines do not depend on it. */
  readonly lr?: number | undefined;
  /** Steps of the snapshots; default: every checkpoint of the run. */
  readonly steps?: readonly number[] | undefined;
  readonly onProgress?: ((step: number, done: number, total: number) => void) | undefined;
  readonly stop?: AbortSignal | undefined;
}

/**
 * Measures on a run of the recipe `mixture`; the run is not changed.
 *
 * @throws UserError when the run is on other data, or has no checkpoint of a step
 *
 * @example
 * const record = await measureOracle("runs/mixture-20250131-174503", { batches: 20 });
 */
export async function measureOracle(path: string, options: OracleOptions = {}): Promise<OracleRecord> {
  const { batches = 40, lr = 1e-3, stop } = options;
  const directory = new RunDirectory(path);
  const { recipe: plain, modules } = directory.description();
  await importModules(modules, `the run ${path}`);
  const recipe = fromPlainRecipe(plain);
  const { mixture } = (await recipe.data.build({})) as VectorData;
  if (mixture === undefined) throw new UserError(`${path} is no run on a mixture of Gaussians`);
  const cosines: OracleRecord["cosines"] = [];
  const quarters: OracleRecord["quarters"] = [];
  for (const { step, path: checkpoint } of snapshots(directory, options.steps)) {
    for (const method of methods) {
      const snapshot = await Snapshot.open(recipe, mixture, checkpoint, method, lr);
      try {
        const seen = updates.map(() => [] as SampleMotion[][]);
        const standing = RINGS.map(() => new Array<number>(QUARTERS).fill(0));
        const random = new Generator(seedOf(recipe.seed, `oracle.${step}`));
        for (let batch = 0; batch < batches; batch++) {
          const { motions, ranked } = scope(() => snapshot.batch(random));
          for (const [i, motion] of motions.entries()) seen[i]!.push(motion);
          for (const [rank, sample] of ranked.entries()) {
            standing[motions[0]![sample]!.ring]![Math.floor((QUARTERS * rank) / ranked.length)]! += 1;
          }
          options.onProgress?.(step, batch + 1, batches);
          stop?.throwIfAborted();
          await setImmediate();
        }
        for (const [i, update] of updates.entries()) {
          cosines.push({ step, method, update, rings: ringCosines(seen[i]!).map(plainRing) });
        }
        // Both rules see the same samples.
        if (method === "gradient") quarters.push({ step, rings: standing });
      } finally {
        snapshot.dispose();
      }
    }
  }
  return {
    format: 1,
    run: {
      modes: mixture.centres.length,
      update: updateOf(recipe),
      seed: recipe.seed,
      optimizer: recipe.optimizers.generator.kind,
    },
    batchSize: recipe.batchSize,
    k: Math.floor(recipe.batchSize / 2),
    batches,
    lr,
    cosines,
    quarters,
  };
}

/** A number as a record holds it: null where it is not known. */
const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
const plainRing = ({ mean, halfWidth, ...counts }: RingCosine) => ({
  mean: known(mean),
  halfWidth: known(halfWidth),
  ...counts,
});

function snapshots(directory: RunDirectory, steps: readonly number[] | undefined): { step: number; path: string }[] {
  const all = listCheckpoints(directory.checkpoints);
  if (all.length === 0) throw new UserError(`${directory.path} has no checkpoint yet`);
  return (steps ?? all.map(({ step }) => step)).map((step) => {
    const found = all.find((checkpoint) => checkpoint.step === step);
    if (found) return found;
    throw new UserError(
      `checkpoint \`${step}\` does not exist; there are: ${all.map((checkpoint) => checkpoint.step).join(", ")}`,
    );
  });
}

/** A GAN as a checkpoint left it, which is put back after every update. */
class Snapshot {
  readonly #gan: BuiltGan;
  readonly #mixture: Mixture;
  readonly #method: Method;
  readonly #lr: number;
  readonly #weights: readonly Tensor[];
  readonly #moments: ReadonlyMap<string, Tensor>;

  private constructor(gan: BuiltGan, mixture: Mixture, method: Method, lr: number) {
    this.#gan = gan;
    this.#mixture = mixture;
    this.#method = method;
    this.#lr = lr;
    const copy = (tensor: Tensor): Tensor => scope(() => keep(tensor.detach().clone()));
    this.#weights = gan.generator.parameters().map(copy);
    this.#moments = new Map([...gan.optimizers.generator.state()].map(([name, tensor]) => [name, copy(tensor)]));
  }

  /** The plain step is taken in double precision: its displacements are small. */
  static async open(recipe: Recipe, mixture: Mixture, path: string, method: Method, lr: number): Promise<Snapshot> {
    const dataModule = await openDataModule(recipe);
    const gan = scope(() => new BuiltGan(recipe, dataModule.shape, dataModule.loader()));
    loadCheckpoint(path, gan);
    if (method === "gradient")
      for (const network of [gan.generator, gan.discriminator]) scope(() => network.to({ dtype: "float64" }));
    return new Snapshot(gan, mixture, method, lr);
  }

  /** One batch: its motions under each of {@link updates}, in their order, and its samples from most to least real. */
  batch(random: Generator): { motions: SampleMotion[][]; ranked: number[] } {
    return frozenStatistics(() => this.#batch(random));
  }

  #batch(random: Generator): ReturnType<Snapshot["batch"]> {
    const gan = this.#gan;
    const size = gan.recipe.batchSize;
    const drawn = drawLatents(gan, size, random);
    const latents = this.#method === "gradient" ? drawn.double() : drawn;
    const realness = noGrad(() => {
      const { score } = gan.discriminator.forward(gan.generator.forward(latents));
      return gan.loss.realness(score);
    });
    const half = Math.floor(size / 2);
    const ranked = realness.topk(size, 0, true, true)[1];
    const rows: Record<Update, Tensor | undefined> = {
      all: undefined,
      top: ranked.narrow(0, 0, half),
      bottom: ranked.narrow(0, size - half, half),
      random: Tensor.randperm(size, { generator: random, dtype: "int64" }).narrow(0, 0, half),
    };
    return {
      motions: updates.map((update) => this.#moved(latents, rows[update])),
      ranked: ranked.tolist() as number[],
    };
  }

  /** Updates the generator on some rows, measures all samples of the batch, and restores the generator. */
  #moved(latents: Tensor, rows: Tensor | undefined): SampleMotion[] {
    const { generator, discriminator, loss, optimizers } = this.#gan;
    return scope(() => {
      const before = generator.forward(latents);
      const { score } = discriminator.forward(before);
      const kept = rows === undefined ? score : score.indexSelect(0, rows);
      const parameters = generator.parameters();
      const gradients = grad(loss.generator(kept).mean(), parameters);
      const scalars = optimizers.generator.scalars();
      if (this.#method === "optimizer") optimizers.generator.step(gradients);
      else noGrad(() => foreachAdd_(parameters, gradients, -this.#lr));
      const after = noGrad(() => generator.forward(latents));
      noGrad(() => {
        for (const [i, parameter] of parameters.entries()) parameter.copy_(this.#weights[i]!);
      });
      if (this.#method === "optimizer") optimizers.generator.load(this.#moments, scalars);
      return motions(before, after, this.#mixture);
    });
  }

  dispose(): void {
    for (const tensor of [...this.#weights, ...this.#moments.values()]) tensor.dispose();
    this.#gan.dispose();
  }
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const thousands = (value: number): string => value.toLocaleString("en");

function stepsOf({ cosines }: OracleRecord): number[] {
  return [...new Set(cosines.map(({ step }) => step))];
}

function titleOf({ run }: OracleRecord, method: Method): string {
  const rule = method === "gradient" ? "one plain gradient step" : `one step of ${run.optimizer}, moments copied`;
  return `${rule}; ${run.modes} modes, trained on ${updateNames[run.update]}, seed ${run.seed}`;
}

type Cell = OracleRecord["cosines"][number]["rings"][number];

function cellText({ mean, halfWidth }: Pick<Cell, "mean" | "halfWidth">): string {
  if (mean === null) return "–";
  const spread = halfWidth === null ? "" : ` ± ${halfWidth.toFixed(2)}`;
  return `${mean > 0 ? "+" : ""}${mean.toFixed(2)}${spread}`;
}

/** The rings of one snapshot: a row with the samples in them, and a row for each update. */
function rowsOf(record: OracleRecord, method: Method, step: number): string[][] {
  const own = record.cosines.filter((one) => one.step === step && one.method === method);
  const total = sumOf(own[0]!.rings.map(({ count }) => count));
  const share = ({ count }: Cell) => `${thousands(count)} (${((100 * count) / Math.max(1, total)).toFixed(1)} %)`;
  const counts = [thousands(step), "*samples*", ...own[0]!.rings.map(share)];
  return [
    counts,
    ...updates.flatMap((update) => {
      const found = own.find((one) => one.update === update);
      return found ? [["", rowName(record, update), ...found.rings.map(cellText)]] : [];
    }),
  ];
}

function rowName({ batchSize, k }: OracleRecord, update: (typeof updates)[number]): string {
  return { all: `all ${batchSize}`, top: `top ${k}`, bottom: `bottom ${k}`, random: `random ${k}` }[update];
}

/**
 * Of each ring's samples: the share that the discriminator puts into the worst quarter, and into the worse half, of the
 * batch.
 */
function quartersTable({ quarters }: OracleRecord): string {
  const rows = quarters.flatMap(({ step, rings }) =>
    (["worst quarter", "worse half"] as const).map((part, i) => [
      i === 0 ? thousands(step) : "",
      part,
      ...rings.map((counts) => {
        const total = sumOf(counts);
        const inside = sumOf(counts.slice(i === 0 ? 3 : 2));
        return total === 0 ? "–" : `${((100 * inside) / total).toFixed(0)} %`;
      }),
    ]),
  );
  return markdownTable(["snapshot", "in the", ...ringNames], rows, 2);
}

/** Records whose seeds are repetitions of each other: of one mixture and one update. */
const groupsOf = (records: readonly OracleRecord[]): OracleRecord[][] =>
  grouped(records, ({ run }) => `${run.modes}/${run.update}`);

/**
 * What the runs of a group have in common, a row for each question, with 95 % confidence intervals over seeds: how many
 * samples lie in each ring, how many of these stand in the worst quarter of their batch, and where a plain gradient
 * step on either half moves them.
 */
function acrossSeeds(group: readonly OracleRecord[]): string {
  const steps = stepsOf(group[0]!).filter((step) => group.every((record) => stepsOf(record).includes(step)));
  const rows = steps.flatMap((step) => {
    const standing = group.map(({ quarters }) => quarters.find((one) => one.step === step)!.rings);
    const total = (rings: (typeof standing)[number]) => sumOf(rings.map(sumOf));
    const cosinesOf = (update: (typeof updates)[number], ring: number) =>
      group.flatMap(({ cosines }) => {
        const found = cosines.find((one) => one.step === step && one.method === "gradient" && one.update === update)!;
        return found.rings[ring]!.mean ?? [];
      });
    const percent = (values: readonly number[]): string => {
      const { mean, halfWidth } = interval(values.map((value) => 100 * value));
      return values.length === 0
        ? "–"
        : `${mean.toFixed(0)}${Number.isFinite(halfWidth) ? ` ± ${halfWidth.toFixed(0)}` : ""} %`;
    };
    const cosine = (update: (typeof updates)[number]) =>
      ringNames.map((_, ring) => {
        const { mean, halfWidth } = interval(cosinesOf(update, ring));
        return cellText({ mean: known(mean), halfWidth: known(halfWidth) });
      });
    return [
      [
        thousands(step),
        "*share of samples*",
        ...ringNames.map((_, i) => percent(standing.map((rings) => sumOf(rings[i]!) / total(rings)))),
      ],
      [
        "",
        "*in the worst quarter*",
        ...ringNames.map((_, i) =>
          percent(standing.flatMap((rings) => (sumOf(rings[i]!) > 0 ? [rings[i]![3]! / sumOf(rings[i]!)] : []))),
        ),
      ],
      ["", "cosine, top half", ...cosine("top")],
      ["", "cosine, bottom half", ...cosine("bottom")],
    ];
  });
  const { modes, update } = group[0]!.run;
  const seeds = group.map(({ run }) => run.seed).join(", ");
  return `#### ${modes} modes, trained on ${updateNames[update]}: one plain gradient step, over seeds ${seeds}\n\n${markdownTable(["snapshot", "", ...ringNames], rows, 2)}`;
}

/**
 * The tables as Markdown: of runs that differ in the seed, what they have in common; then of each run the mean cosine ±
 * 95 % confidence interval over batches, and where the samples of each ring stand.
 */
export function oracleTables(records: readonly OracleRecord[]): string {
  const tables = records.flatMap((record) => {
    const cosines = methods.map((method) => {
      const rows = stepsOf(record).flatMap((step) => rowsOf(record, method, step));
      const table = markdownTable(["snapshot", "update on", ...ringNames], rows, 2);
      const lr = method === "gradient" ? `, learning rate ${record.lr}` : "";
      const title = titleOf(record, method);
      return `#### ${title[0]!.toUpperCase()}${title.slice(1)}\n\n${record.batches} batches of ${record.batchSize} a snapshot${lr}.\n\n${table}`;
    });
    const { modes, update, seed } = record.run;
    const standing = `#### Where the discriminator puts the samples of each ring; ${modes} modes, trained on ${updateNames[update]}, seed ${seed}`;
    return [...cosines, `${standing}\n\n${quartersTable(record)}`];
  });
  const summaries = groupsOf(records).flatMap((group) => (group.length > 1 ? [acrossSeeds(group)] : []));
  return `${[...summaries, ...tables].join("\n\n")}\n`;
}

function figureOf(record: OracleRecord, method: Method): string {
  const panels = stepsOf(record).map((step) => {
    const own = record.cosines.filter((one) => one.step === step && one.method === method);
    const total = sumOf(own[0]!.rings.map(({ count }) => count));
    return {
      title: `after ${thousands(step)} iterations`,
      series: updates.map((update) => own.find((one) => one.update === update)?.rings ?? []),
      notes: own[0]!.rings.map(({ count }) => `${((100 * count) / Math.max(1, total)).toFixed(0)} %`),
    };
  });
  return barPanels({
    title: `Cosine to the nearest mode: ${titleOf(record, method)}`,
    footnote: "In gray: the share of the samples that lies in the ring.",
    categories: ringNames,
    series: updates.map((update) => rowName(record, update)),
    panels,
  });
}

/** `gantry lab oracle`. */
export const oracle = defineExperiment({
  name: "oracle",
  description:
    "From snapshots of a run on a mixture: one generator update on the top half of a batch, the bottom half, a random half and all of it, and the cosine between each sample's displacement and the direction of its nearest mode.",
  examples: [
    { line: "gantry lab oracle runs/mixture-20250131-174503", does: "all checkpoints of a run: some minutes" },
    { line: "gantry lab oracle RUN --steps 1000,100000 --batches 100", does: "two of them, more precisely" },
  ],
  options: {
    run: z.string().meta({ argument: true }).describe("a run of the recipe mixture, with its checkpoints"),
    steps: z.array(whole()).optional().describe("the checkpoints to look at; default: all of the run"),
    batches: whole(2).default(40).describe("batches of each snapshot"),
    lr: positive().default(0.001).describe("learning rate of the plain gradient step"),
  },
  record: schema,
  key: ["run"],
  order: ({ run: { modes, update, seed } }) => [modes, update, seed],
  repeat: true,
  file: "oracle.md",
  prepare: async ({ run: path, ...options }, { progress, stop }) => {
    const onProgress = (step: number, done: number, total: number) =>
      progress(`snapshot ${step}: batch ${done} of ${total}`);
    const record = await measureOracle(path, { ...options, onProgress, stop });
    return { cells: [record], measure: () => record };
  },
  page: (records) => ({
    tables: oracleTables(records),
    figures: groupsOf(records).flatMap(([record]) =>
      methods.map((method) => {
        const { modes, update, seed } = record!.run;
        return { name: `oracle-modes-${modes}-${update}-seed${seed}-${method}`, svg: figureOf(record!, method) };
      }),
    ),
  }),
});
