/** The grid: every combination of the axes' values is a cell, and every cell is run with every seed. */
import { UserError } from "../../base/errors.ts";
import { applyOverrides, type Recipe, recipeHash } from "../../recipe/index.ts";
import type { AxisValue } from "./axis.ts";
import type { Sweep } from "./definition.ts";

/** One combination of values. */
export interface Cell {
  /** Its folder's name: `batchSize=32_techniques=topK`. */
  readonly name: string;
  /** For people: `batchSize=32 techniques=[topK]`. */
  readonly label: string;
  /** The label of each axis' value, in the order of the axes. */
  readonly values: readonly string[];
  /** Overrides, those that all cells share first. */
  readonly set: readonly string[];
}

/** One run of the grid. */
export interface GridRun {
  /** Its folder: the cell's name and the seed. */
  readonly name: string;
  readonly cell: Cell;
  readonly seed: number;
  /** Overrides with the seed, in the order in which they act. */
  readonly set: readonly string[];
  readonly recipe: Recipe;
}

/** Cells and runs, in their order: all cells with the first seed come first, so that a table fills evenly. */
export interface Grid {
  readonly axes: readonly string[];
  readonly cells: readonly Cell[];
  readonly runs: readonly GridRun[];
}

/** Longer names meet the limits of file systems (255 bytes, with a seed and an ending). */
const LONGEST_NAME = 120;

/** Characters that every file system allows and that need no quotes in a shell. */
function plainName(axis: string, { label }: AxisValue): string {
  const safe = (text: string) => text.replace(/[^\w.+-]+/g, "-").replace(/^-+(?=\D)|-+$/g, "");
  return `${safe(axis)}=${safe(label) || "none"}`;
}

function combinations(axes: Sweep["axes"]): (readonly AxisValue[])[] {
  return axes.reduce<(readonly AxisValue[])[]>(
    (done, { values }) => done.flatMap((before) => values.map((value) => [...before, value])),
    [[]],
  );
}

function cellsOf(sweep: Sweep, recipeName: string): Cell[] {
  const taken = new Set<string>();
  return combinations(sweep.axes).map((values) => {
    const pair = (value: AxisValue, i: number) => `${sweep.axes[i]!.name}=${value.label}`;
    const wanted = values.map((value, i) => plainName(sweep.axes[i]!.name, value)).join("_") || recipeName;
    const base = wanted.slice(0, LONGEST_NAME);
    let name = base;
    // Without case, which some file systems do not tell apart.
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${base}-${number}`;
    taken.add(name.toLowerCase());
    return {
      name,
      label: values.map(pair).join(" ") || recipeName,
      values: values.map(({ label }) => label),
      set: [...sweep.set, ...values.flatMap(({ set }) => set)],
    };
  });
}

/**
 * The grid of a sweep, with every run's recipe checked before any is run.
 *
 * @param base - the recipe that the sweep names
 * @throws UserError naming the cell when its overrides do not fit the recipe, and when two cells are the same.
 */
export function expandGrid(sweep: Sweep, base: Recipe): Grid {
  const cells = cellsOf(sweep, base.name ?? "recipe");
  const same = new Map<string, Cell>();
  for (const cell of cells) {
    const hash = recipeHash(recipeOf(base, cell, 0));
    const twin = same.get(hash);
    if (twin) throw new UserError(`the cells ${twin.label} and ${cell.label} are the same recipe; leave one out`);
    same.set(hash, cell);
  }
  const seeds = Array.from({ length: sweep.seeds }, (_, seed) => seed);
  const runs = seeds.flatMap((seed) =>
    cells.map((cell) => ({
      name: `${cell.name}-seed${seed}`,
      cell,
      seed,
      set: [...cell.set, `seed=${seed}`],
      recipe: recipeOf(base, cell, seed),
    })),
  );
  return { axes: sweep.axes.map(({ name }) => name), cells, runs };
}

function recipeOf(base: Recipe, cell: Cell, seed: number): Recipe {
  try {
    return applyOverrides(base, [...cell.set, `seed=${seed}`]);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`the cell ${cell.label}: ${error.message}`, { cause: error });
  }
}

/** A share of the runs: `index` of `count`, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * The runs of a share: every `count`-th, so that each share has runs of early and late cells. The shares of one count
 * have no run in common and together all of them, on whatever machine they are computed.
 */
export function runsOf(grid: Grid, shard: Shard | undefined): GridRun[] {
  if (shard === undefined) return [...grid.runs];
  return grid.runs.filter((_, position) => position % shard.count === shard.index - 1);
}
