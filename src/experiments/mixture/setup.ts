/**
 * The set-ups of the mixture experiment: which samples the generator learns from, and what else can differ between runs.
 *
 * The standard set-up is the recipe `mixture`: PyTorch's initialisation, non-saturating loss, k a real number that is
 * rounded up at use, z of two numbers. The others of each choice are those of the public reproduction
 * romina-a/JAX-GAN (Glorot's initialisation, k rounded down whenever it falls) and of Goodfellow et al. 2014 (minimax).
 */
import { z } from "zod";
import { isSquare } from "../../data/index.ts";
import type { Recipe } from "../../recipe/index.ts";
import type { OptionsOf } from "../experiment.ts";
import { seeds, whole } from "../options.ts";
import { defineSweep, type Sweep } from "../sweep/index.ts";

/** The samples that the generator learns from. */
export const updates = ["all", "top", "bottom", "random"] as const;

/** One of {@link updates}. */
export type Update = (typeof updates)[number];

/** The name of each arm in tables and figures. */
export const updateNames: Readonly<Record<Update, string>> = {
  all: "all samples",
  top: "top-k",
  bottom: "bottom-k",
  random: "random k",
};

/** What a set-up chooses apart from modes and arm; the first of each list is the standard one. */
export const choices = {
  init: ["pytorch", "glorot"],
  loss: ["nonSaturating", "minimax"],
  rounding: ["ceil", "cumulative"],
} as const;

/** The fields of a record that say in which set-up it was measured. Records of version 0.1 have the standard one. */
export const setupFields = {
  /** Weights: PyTorch's default, or Glorot's normal rule with biases from N(0, 0.01^2). */
  init: z.enum(choices.init).default("pytorch"),
  loss: z.enum(choices.loss).default("nonSaturating"),
  /** How k is rounded; see `topK`. */
  rounding: z.enum(choices.rounding).default("ceil"),
  /** Length of z. */
  latent: z.int().min(1).default(2),
};

const setupSchema = z.object(setupFields);

/** See {@link setupFields}. */
export type Setup = z.output<typeof setupSchema>;

/** The set-up of the recipe `mixture`. */
export const STANDARD: Setup = setupSchema.parse({});

/** Whether a record was measured in the standard set-up. */
export const isStandard = (record: Setup): boolean => setupWords(record).length === 0;

/** What differs from the standard set-up: words for titles, and for names of files. */
export function setupWords({
  init,
  loss,
  rounding,
  latent,
}: Setup): { readonly text: string; readonly name: string }[] {
  return [
    ...(init === "glorot" ? [{ text: "Glorot's initialisation", name: "glorot" }] : []),
    ...(loss === "minimax" ? [{ text: "minimax loss", name: "minimax" }] : []),
    ...(rounding === "cumulative" ? [{ text: "k rounded cumulatively", name: "cumulative" }] : []),
    ...(latent === STANDARD.latent ? [] : [{ text: `z of ${latent}`, name: `z${latent}` }]),
  ];
}

/** Generator steps of the full experiment. */
export const FULL_LENGTH = 100_000;

/** Steps between reductions of k in the full experiment; a shorter one is annealed in proportion. */
const ANNEALING = 2_000;

/** When a run keeps snapshots, as shares of its length. */
const MILESTONES = [0.01, 0.05, 0.1, 0.2, 0.5, 1];

/** The steps at which a run of this length keeps a checkpoint for good. */
export function milestones(steps: number): number[] {
  return [...new Set(MILESTONES.map((share) => Math.max(1, Math.round(share * steps))))];
}

/** Steps between reductions of k in a run of this length: 2,000 of 100,000. */
export function annealingInterval(steps: number): number {
  return Math.max(1, Math.round((ANNEALING * steps) / FULL_LENGTH));
}

const updateChanges: Readonly<Record<Update, readonly string[]>> = {
  all: ["techniques.topK.floor=1"],
  top: ["techniques.topK.keep=top"],
  bottom: ["techniques.topK.keep=bottom"],
  random: ["techniques.topK.keep=random"],
};

const players = ["generator", "discriminator"] as const;
const changes = {
  init: {
    pytorch: players.map((player) => `${player}.init=default`),
    glorot: players.flatMap((player) => [`${player}.init=xavierNormal`, `${player}.biasStd=0.01`]),
  },
  loss: { nonSaturating: ["loss=nonSaturating"], minimax: ["loss=minimax"] },
  rounding: { ceil: ["techniques.topK.rounding=ceil"], cumulative: ["techniques.topK.rounding=cumulative"] },
} as const;

/** A number of modes: a square number, since they stand on a grid. */
export const modesOption = () =>
  whole().refine(isSquare, { error: "must be a square number: the modes stand on a grid" });

/** Generator steps of a run; k falls in proportion to them. */
export const stepsOption = () =>
  whole().default(FULL_LENGTH).describe("generator steps of a run; k falls in proportion to them");

/** What can be chosen. */
export const mixtureOptions = {
  modes: z.array(modesOption()).default([25]).describe("numbers of modes, square numbers: 25,64,100"),
  updates: z
    .array(z.enum(updates))
    .default([...updates])
    .describe(
      "the samples that G learns from: all of a batch, the k rated most real, the k rated least real, or any k",
    ),
  inits: z
    .array(z.enum(choices.init))
    .default([STANDARD.init])
    .describe("initialisations: PyTorch's, or Glorot's normal rule with biases from N(0, 0.01^2)"),
  losses: z.array(z.enum(choices.loss)).default([STANDARD.loss]).describe("losses of both players"),
  roundings: z
    .array(z.enum(choices.rounding))
    .default([STANDARD.rounding])
    .describe("how k is rounded: up at use, or down whenever it falls, going on from there (192 of 256 after 46,000)"),
  latents: z.array(whole()).default([STANDARD.latent]).describe("lengths of z"),
  seeds: seeds(5),
  steps: stepsOption(),
};

/**
 * The experiment as a sweep of the recipe `mixture` over `modes` and `update`, all arms with the first seed first. A
 * choice of which only the standard value is asked for is no axis, so that a folder of the standard set-up has the same
 * names in every version.
 *
 * k falls by a hundredth every fiftieth of the run's length (every 2,000 of 100,000 steps), so that a shorter run goes
 * through the same values of k; scores are measured as often in proportion.
 *
 * @example
 * const standard = { losses: ["nonSaturating"], roundings: ["ceil"], latents: [2] } as const;
 * const sweep = mixtureSweep({ ...standard, modes: [25], updates: ["all", "top"], inits: ["glorot"], seeds: 5, steps: 100_000 });
 */
export function mixtureSweep(options: OptionsOf<typeof mixtureOptions>): Sweep {
  const { modes, updates: arms, inits, losses, roundings, latents, seeds, steps } = options;
  const interval = annealingInterval(steps);
  const axis = <T extends string>(
    name: keyof typeof choices,
    values: readonly T[],
    of: Record<T, readonly string[]>,
  ) =>
    values.every((value) => value === STANDARD[name])
      ? {}
      : { [name]: Object.fromEntries(values.map((value) => [value, of[value]])) };
  return defineSweep({
    name: "mixture",
    recipe: "mixture",
    set: [
      `steps=${steps}`,
      `techniques.topK.everySteps=${interval}`,
      `evaluate.every=${interval}`,
      `samples.every=${Math.max(1, Math.round(steps / 20))}`,
      `checkpoint.at=[${milestones(steps).join(",")}]`,
    ],
    over: {
      modes: Object.fromEntries(modes.map((count) => [String(count), [`data.modes=${count}`]])),
      ...axis("init", inits, changes.init),
      ...axis("loss", losses, changes.loss),
      ...axis("rounding", roundings, changes.rounding),
      ...(latents.every((length) => length === STANDARD.latent)
        ? {}
        : { z: Object.fromEntries(latents.map((length) => [String(length), [`generator.latent=${length}`]])) }),
      update: Object.fromEntries(arms.map((arm) => [arm, updateChanges[arm]])),
    },
    seeds,
  });
}

/** The samples that the generator of a recipe learns from. */
export function updateOf(recipe: Recipe): Update {
  const options = recipe.techniques.find(({ kind }) => kind === "topK")?.options;
  return options === undefined || options.floor === 1 ? "all" : (options.keep as Update);
}

/** The set-up of a recipe, as its record names it. */
export function setupOf({ generator, loss, techniques }: Recipe): Setup {
  const rounding = techniques.find(({ kind }) => kind === "topK")?.options.rounding;
  return {
    init: generator.options.init === "xavierNormal" ? "glorot" : "pytorch",
    loss: loss.kind === "minimax" ? "minimax" : "nonSaturating",
    rounding: rounding === "cumulative" ? "cumulative" : "ceil",
    latent: generator.options.latent as number,
  };
}
