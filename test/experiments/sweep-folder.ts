/** What the tests of sweeps share: a sweep of the shipped recipe in a folder that goes away, and its stand-in children. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  expandGrid,
  type Grid,
  type GridRun,
  parseAxis,
  type Sweep,
  SweepFolder,
} from "../../src/experiments/index.ts";
import type { Protocol, Score } from "../../src/metrics/index.ts";
import { loadRecipe, type Recipe, recipeHash, toPlainRecipe } from "../../src/recipe/index.ts";
import { temporaryFolder } from "../training/tiny.ts";

export const { recipe: mnist } = await loadRecipe("mnist");

/** A sweep of `mnist` as the command line defines it; without evaluations unless `set` says otherwise. */
export function sweepOver(over: readonly string[], seeds = 2, set: readonly string[] = ["evaluate=null"]): Sweep {
  return { recipe: "mnist", set, axes: over.map(parseAxis), seeds };
}

/** What a run's stand-in does. */
export interface Behaviour {
  readonly steps?: number;
  /** Milliseconds a step. */
  readonly wait?: number;
  readonly value?: number;
  readonly failAt?: number;
  readonly message?: string;
  readonly killAt?: number;
  readonly score?: Score;
  readonly unscored?: boolean;
}

export interface Stage {
  readonly sweep: Sweep;
  readonly base: Recipe;
  readonly grid: Grid;
  readonly folder: SweepFolder;
  readonly command: readonly string[];
  /** What the stand-ins did, in order. */
  events(): { what: string; name: string; at: number; args: string[] }[];
  /** From now on runs with `failAt` do not fail. */
  fix(): void;
}

/** A sweep in a folder, and a command that behaves for each run as told. */
export function stage(sweep: Sweep, behave: (run: GridRun) => Behaviour = () => ({})): Stage {
  const base = mnist;
  const grid = expandGrid(sweep, base);
  const root = temporaryFolder();
  const folder = new SweepFolder(join(root, "sweep"));
  folder.define(sweep, base);
  const plan = join(root, "plan.json");
  const entries = grid.runs.map((run) => {
    const { recipe } = run;
    const description = {
      ...{ format: 1, source: "mnist", overrides: [], modules: [], engine: {} },
      ...{ recipe: toPlainRecipe(recipe), hash: recipeHash(recipe) },
    };
    return [run.name, { description, steps: 3, value: 1, ...behave(run) }];
  });
  writeFileSync(plan, JSON.stringify(Object.fromEntries(entries)));
  return {
    ...{ sweep, base, grid, folder },
    command: [process.execPath, join(import.meta.dirname, "fake-gantry.mjs"), plan],
    events: () => {
      if (!existsSync(`${plan}.log`)) return [];
      return readFileSync(`${plan}.log`, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    },
    fix: () => writeFileSync(`${plan}.fixed`, ""),
  };
}

/** A protocol with what differs. */
export function protocol(different: Partial<Protocol> = {}): Protocol {
  return {
    ...{ features: "mnist-classifier", featuresHash: "ab".repeat(32), resizer: "none", quantiser: "round" },
    real: { name: "mnist (train)", count: 60_000, hash: "cd".repeat(32) },
    ...{ fakeCount: 5_000, drawing: null, options: {}, seeds: [0] },
    ...different,
  };
}

/** A score of the name `fid`. */
export function fidScore(value: number, different: Partial<Protocol> = {}): Score {
  return { name: "fid", value, better: "lower", protocol: protocol(different) };
}
