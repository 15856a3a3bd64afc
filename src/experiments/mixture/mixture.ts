/**
 * The experiment by which top-k training is explained (Sinha et al. 2020, section 3): mixtures of Gaussians, learnt
 * from all generated samples of a batch, from the k rated most real, from the k rated least real, and from any k.
 *
 * The last arm tells "the worst samples hurt" from "fewer samples help". All arms share networks, data and seeds. Only
 * the rows in the generator's loss differ.
 */
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import type { Mixture, VectorData } from "../../data/index.ts";
import { type Band, bandChart, densityPanels, latticeOf, pointCloud } from "../../figures/index.ts";
import { mixtureScores } from "../../metrics/index.ts";
import { fromPlainRecipe } from "../../recipe/index.ts";
import { listCheckpoints, RunDirectory, sampleRun } from "../../training/index.ts";
import { defineExperiment, type Figure } from "../experiment.ts";
import { markdownTable } from "../markdown.ts";
import { engine, grouped, thousandths } from "../page.ts";
import { holm, interval, mean, overSeeds, pooled, probabilityPhrase } from "../statistics.ts";
import { boldText, signedText } from "../sweep/index.ts";
import {
  choices,
  milestones,
  mixtureOptions,
  mixtureSweep,
  type Setup,
  setupFields,
  setupOf,
  setupWords,
  updateNames,
  updateOf,
  updates,
} from "./setup.ts";

const point = z.tuple([z.number(), z.number()]);

const schema = z.strictObject({
  format: z.literal(1),
  modes: z.int(),
  update: z.enum(updates),
  ...setupFields,
  seed: z.int(),
  /** Generator steps. */
  steps: z.int(),
  /** Samples that each score is measured on. */
  samples: z.int(),
  batchSize: z.int(),
  /** Samples that the last update was made of. */
  k: z.int(),
  /** Seconds of training, without evaluations and files. */
  seconds: z.number(),
  engine,
  mixture: z.strictObject({ centres: z.array(point), sigma: z.number() }),
  /** Over the run; of each step all scores. */
  curve: z.array(
    z.strictObject({
      step: z.int(),
      highQuality: z.number(),
      modes: z.number(),
      reverseKl: z.number(),
      distance: z.number(),
    }),
  ),
  /** High-quality samples of each mode at the end. */
  histogram: z.array(z.int()),
  /** Samples from the same latents at several steps, of the first seed only. */
  strip: z.array(z.strictObject({ step: z.int(), points: z.array(point) })).optional(),
  /** The places of the last samples, of the first seed only. */
  density: z
    .strictObject({
      frame: z.strictObject({ x: z.number(), y: z.number(), size: z.number() }),
      cells: z.int(),
      counts: z.array(z.tuple([z.int(), z.int()])),
      total: z.int(),
    })
    .optional(),
});

/** See {@link recordOf}. */
export type MixtureRecord = z.output<typeof schema>;

const SCORES = ["highQuality", "modes", "reverseKl", "distance"] as const;
const STRIP_POINTS = 1_000;

/**
 * The record of a finished run of the recipe `mixture`.
 *
 * @throws UserError when the run has no scores of a mixture
 */
export async function recordOf(path: string): Promise<MixtureRecord> {
  const directory = new RunDirectory(path);
  const description = directory.description();
  const recipe = fromPlainRecipe(description.recipe);
  const { mixture } = (await recipe.data.build({})) as VectorData;
  const evaluations = directory.evaluations();
  const last = evaluations.at(-1);
  const tick = directory.ticks().at(-1);
  if (mixture === undefined || last === undefined || tick === undefined) {
    throw new UserError(`${path} is no finished run on a mixture that was evaluated while it trained`);
  }
  const curve = evaluations.map(({ step, scores }) => {
    const value = (name: string) => scores.find((score) => score.name === `${name}@samples`)!.value;
    const [highQuality, modes, reverseKl, distance] = SCORES.map(value) as [number, number, number, number];
    return { step, highQuality, modes, reverseKl, distance };
  });
  const { fakeCount, seeds } = last.scores[0]!.protocol;
  // The samples of the last scores.
  const final = await sampleRun(path, { count: fakeCount, seed: seeds[0]!, checkpoint: String(last.step) });
  const { histogram } = mixtureScores(final, mixture);
  const first = recipe.seed === 0;
  const density = first ? latticeOf(final.tolist() as number[][], mixture) : undefined;
  final.dispose();
  return schema.parse({
    format: 1,
    modes: mixture.centres.length,
    update: updateOf(recipe),
    ...setupOf(recipe),
    seed: recipe.seed,
    steps: last.step,
    samples: fakeCount,
    batchSize: recipe.batchSize,
    k: tick.k ?? recipe.batchSize,
    seconds: Math.round(tick.seconds),
    engine: description.engine,
    mixture: plainMixture(mixture),
    curve,
    histogram,
    ...(first ? { strip: await stripOf(path, last.step), density } : {}),
  });
}

const plainMixture = ({ centres, sigma }: Mixture) => ({ centres: centres.map(([x, y]) => [x, y]), sigma });

/** Samples of the milestones of which there are checkpoints. */
async function stripOf(path: string, steps: number): Promise<MixtureRecord["strip"]> {
  const kept = listCheckpoints(join(path, "checkpoints")).map(({ step }) => step);
  const strip: NonNullable<MixtureRecord["strip"]> = [];
  for (const step of milestones(steps).filter((step) => kept.includes(step))) {
    const drawn = await sampleRun(path, { count: STRIP_POINTS, seed: 0, checkpoint: String(step) });
    const points = (drawn.tolist() as [number, number][]).map(
      ([x, y]) => [thousandths(x), thousandths(y)] as [number, number],
    );
    drawn.dispose();
    strip.push({ step, points });
  }
  return strip;
}

interface Column {
  readonly name: string;
  readonly better: "higher" | "lower";
  of(record: MixtureRecord): number;
}

const last = ({ curve }: MixtureRecord): MixtureRecord["curve"][number] => curve.at(-1)!;

const columns: readonly Column[] = [
  { name: "high quality, % ↑", better: "higher", of: (record) => last(record).highQuality * 100 },
  { name: "modes with a sample ↑", better: "higher", of: (record) => last(record).modes },
  { name: "with a tenth of their share ↑", better: "higher", of: populatedModes },
  { name: "reverse KL, nats ↓", better: "lower", of: (record) => last(record).reverseKl },
  { name: "distance ↓", better: "lower", of: (record) => last(record).distance },
];

/** Modes with at least a tenth of the high-quality samples that each would have if all had as many. */
export function populatedModes({ histogram, samples, modes }: MixtureRecord): number {
  return histogram.filter((count) => count >= samples / (10 * modes)).length;
}

/** Records that are compared with each other: of one mixture, one set-up and one length. */
export interface Group extends Setup {
  readonly modes: number;
  readonly steps: number;
  readonly records: readonly MixtureRecord[];
}

/** The records by number of modes, set-up and length, in their order. */
export function groupsOf(records: readonly MixtureRecord[]): Group[] {
  const key = (record: MixtureRecord) =>
    [record.modes, record.steps, ...setupWords(record).map(({ name }) => name)].join("/");
  return grouped(records, key).map((own) => ({ ...own[0]!, records: own }));
}

/** The arms of a group that have records. */
export function armsOf({
  records,
}: Group): { readonly update: MixtureRecord["update"]; readonly records: MixtureRecord[] }[] {
  return updates
    .map((update) => ({ update, records: records.filter((record) => record.update === update) }))
    .filter((arm) => arm.records.length > 0);
}

/**
 * A group's table as Markdown: mean ± 95 % confidence interval over seeds, bold where the interval is better than and
 * apart from that of every other arm.
 */
export function groupTable(group: Group): string {
  const arms = armsOf(group);
  const intervals = columns.map((column) =>
    arms.map(({ records }) => interval(records.map((record) => column.of(record)))),
  );
  const rows = arms.map(({ update, records }, row) => {
    const cells = columns.map(({ better }, i) =>
      boldText(intervals[i]![row]!, intervals[i]!.toSpliced(row, 1), better),
    );
    const seconds = mean(records.map((record) => record.seconds));
    const k = [...new Set(records.map((record) => record.k))].join(", ");
    return [updateNames[update], records.map(({ seed }) => seed).join(" "), k, ...cells, (seconds / 60).toFixed(0)];
  });
  const header = ["generator learns from", "seeds", "last k", ...columns.map(({ name }) => name), "min a run"];
  return markdownTable(header, rows, 2);
}

/**
 * The result on the share of high-quality samples: each arm minus learning from all samples, by seed, with p values
 * corrected by Holm's method over the arms.
 */
export function verdicts(group: Group): string[] {
  const arms = armsOf(group).map(({ update, records }) => ({
    update,
    shares: new Map(records.map((record) => [record.seed, last(record).highQuality * 100])),
  }));
  const baseline = arms.find(({ update }) => update === "all");
  if (baseline === undefined) return [];
  const others = arms.filter((arm) => arm !== baseline);
  const tested = others.map(({ shares }) =>
    pooled([
      [...shares].flatMap(([seed, share]) => {
        const other = baseline.shares.get(seed);
        return other === undefined ? [] : [share - other];
      }),
    ]),
  );
  const corrected = holm(tested.map(({ p }) => p));
  return others.map(({ update }, i) => {
    const p = corrected[i]!;
    const over = others.length === 1 ? "" : `, by Holm's method over ${others.length} arms`;
    const rest = Number.isNaN(p)
      ? "too few seeds for a test"
      : `${probabilityPhrase(p)}${over}: ${p < 0.05 ? "apart from 0" : "not told from 0"}`;
    return `${updateNames[update]} minus all samples, by seed: ${signedText(tested[i]!)} points; ${rest}.`;
  });
}

const titleOf = (group: Group): string =>
  [
    `${group.modes} modes`,
    ...setupWords(group).map(({ text }) => text),
    `${group.steps.toLocaleString("en")} iterations`,
  ].join(", ");

/** `25 modes`, with what differs from the standard set-up. */
const shortTitle = (group: Group): string =>
  [`${group.modes} modes`, ...setupWords(group).map(({ text }) => text)].join(", ");

/** All tables as one Markdown text. */
export function mixtureTables(records: readonly MixtureRecord[]): string {
  return groupsOf(records)
    .map((group) =>
      [
        `### ${titleOf(group)}`,
        groupTable(group),
        "The share of high-quality samples, compared with learning from all samples. P values are of this score alone; to look at all columns is to test more.",
        verdicts(group)
          .map((line) => `- ${line}`)
          .join("\n"),
      ].join("\n\n"),
    )
    .join("\n\n")
    .concat("\n");
}

/** A mean over the seeds at every step that all of an arm's runs were scored at. */
function bandOf(name: string, records: readonly MixtureRecord[], of: (one: Scored) => number): Band {
  const [first, ...others] = records;
  const points = first!.curve.flatMap(({ step }) => {
    const scored = [first!, ...others].map(({ curve }) => curve.find((one) => one.step === step));
    if (scored.some((one) => one === undefined)) return [];
    const { mean, halfWidth } = interval(scored.map((one) => of(one!)));
    return [{ x: step, mean, halfWidth }];
  });
  return { name, points };
}

type Scored = MixtureRecord["curve"][number];

function chartOf(group: Group, what: "highQuality" | "modes"): string {
  const arms = armsOf(group);
  const bands = arms.map(({ update, records }) => bandOf(updateNames[update], records, (one) => one[what]));
  const spread = overSeeds(arms.map(({ records }) => records.length));
  if (what === "modes") {
    const title = `Modes recovered of ${shortTitle(group).replace(" modes", "")}: ${spread}`;
    return bandChart({ title, xName: "iteration", bands, range: { min: 0, max: group.modes }, level: group.modes });
  }
  const title = `High-quality samples, ${shortTitle(group)}: ${spread}`;
  return bandChart({
    title,
    xName: "iteration",
    bands,
    range: { min: 0, max: 1 },
    level: -Math.expm1(-8),
    percent: true,
  });
}

/** The first seed's samples, a row for each arm and a column for each milestone. */
function filmStrip(group: Group): string | undefined {
  const rows = armsOf(group).flatMap(({ records }) => records.filter(({ strip }) => strip !== undefined).slice(0, 1));
  const columns = Math.max(0, ...rows.map(({ strip }) => strip!.length));
  if (columns === 0) return undefined;
  const panels = rows.flatMap(({ update, strip }) =>
    strip!.map(({ step, points }) => ({ points, title: `${updateNames[update]}, ${step.toLocaleString("en")}` })),
  );
  return pointCloud({ panels, mixture: rows[0]!.mixture, columns, side: 220 });
}

/** The places of the first seed's last samples, a panel for each arm. */
async function densities(group: Group): Promise<string | undefined> {
  const arms = armsOf(group).flatMap(({ records }) =>
    records.filter(({ density }) => density !== undefined).slice(0, 1),
  );
  if (arms.length === 0) return undefined;
  const panels = arms.map(({ update, density }) => ({ lattice: density!, title: updateNames[update] }));
  return densityPanels({ panels, mixture: arms[0]!.mixture, columns: 2 });
}

/**
 * The figures of all groups: `modes-25-quality`, `-recovered`, `-strip` and `-density`. A group of another set-up
 * carries it in the name, and one of another length than the first of its kind its steps.
 */
async function figuresOf(records: readonly MixtureRecord[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  const seen = new Set<string>();
  for (const group of groupsOf(records)) {
    const name = [`modes-${group.modes}`, ...setupWords(group).map(({ name }) => name)].join("-");
    const prefix = seen.has(name) ? `${name}-steps-${group.steps}` : name;
    seen.add(name);
    const own = {
      quality: chartOf(group, "highQuality"),
      recovered: chartOf(group, "modes"),
      strip: filmStrip(group),
      density: await densities(group),
    };
    for (const [name, svg] of Object.entries(own))
      if (svg !== undefined) figures.push({ name: `${prefix}-${name}`, svg });
  }
  return figures;
}

/** `gantry lab mixture`. */
export const mixture = defineExperiment({
  name: "mixture",
  description:
    "Trains on mixtures of Gaussians from all samples of a batch, the top k, the bottom k and any k, and compares: high-quality samples, modes recovered, films and densities.",
  examples: [
    { line: "gantry lab mixture", does: "25 modes, 5 seeds, 100,000 steps: 20 runs of half an hour on a core" },
    {
      line: "gantry lab mixture --modes 64,100 --steps 20000 --jobs 2 --out lab/more",
      does: "more modes, shorter runs, two at a time",
    },
    {
      line: "gantry lab mixture --inits glorot --roundings cumulative --out lab/glorot",
      does: "the initialisation and k's schedule of a public reproduction",
    },
  ],
  options: mixtureOptions,
  sweep: mixtureSweep,
  record: schema,
  key: ["modes", "update", "init", "loss", "rounding", "latent", "seed"],
  order: ({ modes, init, loss, rounding, latent, update, seed }) => [
    modes,
    choices.init.indexOf(init),
    choices.loss.indexOf(loss),
    choices.rounding.indexOf(rounding),
    latent,
    updates.indexOf(update),
    seed,
  ],
  run: {
    about: ({ recipe }) => ({
      modes: recipe.data.options.modes as number,
      update: updateOf(recipe),
      ...setupOf(recipe),
      seed: recipe.seed,
    }),
    measure: ({ path }) => recordOf(path),
  },
  page: async (records) => ({ tables: mixtureTables(records), figures: await figuresOf(records) }),
});
