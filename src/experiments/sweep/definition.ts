/**
 * A sweep: a recipe, the overrides that all runs share, the axes and the number of seeds.
 *
 * On the command line it is written with `--over`; a file can say more, because there a value of an axis can be
 * several overrides.
 */
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { parseSetting } from "../../recipe/index.ts";
import { type Axis, type AxisInput, listAxis, variantAxis } from "./axis.ts";

/** A sweep as a file writes it. */
export interface SweepInput {
  /** The sweep's name, which names its folder; default: the recipe's. */
  readonly name?: string;
  /** A shipped recipe, or the path of a recipe's file, relative to the file of the sweep. */
  readonly recipe: string;
  /** Overrides of every run, as `--set` takes them. */
  readonly set?: readonly string[];
  /**
   * The axes in their order. A list is of values of the recipe's key of that name; an object is of variants, each a
   * list of overrides, and its name is free.
   */
  readonly over?: Readonly<Record<string, readonly AxisInput[] | Readonly<Record<string, readonly string[]>>>>;
  /** Runs of each cell, with the seeds 0, 1 ...; default 3. */
  readonly seeds?: number;
}

/** A sweep, checked. Made by {@link defineSweep} or from the command line. */
export interface Sweep {
  readonly name?: string | undefined;
  readonly recipe: string;
  readonly set: readonly string[];
  readonly axes: readonly Axis[];
  readonly seeds: number;
}

/** Runs of each cell where nothing else is said: the fewest whose interval says something. */
export const DEFAULT_SEEDS = 3;

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const values = z.array(z.union([scalar, z.null(), z.array(scalar)]));
const inputSchema = z.strictObject({
  name: z
    .string()
    .regex(/^\w[\w.-]*$/, { error: "must consist of letters, digits, `-`, `_` and `.` (it names a folder)" })
    .optional(),
  recipe: z.string({ error: "must be the name of a shipped recipe or the path of a recipe's file" }),
  set: z.array(z.string()).default([]),
  over: z
    .record(
      z.string(),
      z.union([values, z.record(z.string(), z.array(z.string()))], {
        error: "must be a list of values, or an object of variants with a list of overrides each",
      }),
    )
    .default({}),
  seeds: z.int({ error: "must be a whole number" }).min(1, { error: "must be at least 1" }).default(DEFAULT_SEEDS),
});

const sweeps = new WeakSet<object>();

/** Whether a value came from {@link defineSweep}. */
export function isSweep(value: unknown): value is Sweep {
  return typeof value === "object" && value !== null && sweeps.has(value);
}

/**
 * Checks a sweep that a file exports as its default, for `gantry sweep <file>`.
 *
 * Whether the overrides fit the recipe is checked when it is loaded.
 *
 * @throws UserError naming the key and the value.
 *
 * @example
 * export default defineSweep({
 *   recipe: "mnist",
 *   set: ["steps=2000"],
 *   over: {
 *     game: { plain: ["techniques=[]"], topK: ["techniques=[topK]", "techniques.topK.gamma=0.99"] },
 *     batchSize: [32, 64, 128],
 *   },
 *   seeds: 5,
 * });
 */
export function defineSweep(input: SweepInput): Sweep {
  const parsed = inputSchema.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const where = issue.path.length > 0 ? `\`${issue.path.join(".")}\` ` : "";
    throw new UserError(`the sweep: ${where}${issue.message}`);
  }
  const { over, ...rest } = parsed.data;
  const axes = Object.entries(over).map(([name, list]) =>
    Array.isArray(list) ? listAxis(name, list) : variantAxis(name, list),
  );
  const sweep = checkedSweep({ ...rest, axes });
  sweeps.add(sweep);
  return sweep;
}

/** @throws UserError when an axis stands twice, or a run's seed is set from elsewhere. */
export function checkedSweep(sweep: Sweep): Sweep {
  const names = sweep.axes.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new UserError(`the sweep has two axes \`${twice}\`; put their values into one`);
  for (const text of [...sweep.set, ...sweep.axes.flatMap(({ values }) => values.flatMap(({ set }) => set))]) {
    if (parseSetting(text).path.join(".") === "seed")
      throw new UserError(`\`${text}\`: a sweep gives each run its seed; say with --seeds how many there are`);
  }
  return sweep;
}

/** A file's sweep with its recipe's path made absolute. */
export function locatedSweep(sweep: Sweep, file: string): Sweep {
  const path = /[/\\]/.test(sweep.recipe) || /\.[cm]?[jt]s$/.test(sweep.recipe);
  return path ? { ...sweep, recipe: resolve(dirname(file), sweep.recipe) } : sweep;
}
