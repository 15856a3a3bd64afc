/** A sweep by name: a shipped one, a recipe with axes, a file that defines one, or one that was begun. */
import { existsSync, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { nearest, UserError } from "../../base/errors.ts";
import {
  importModule,
  loadRecipe,
  namesFile,
  parseSetting,
  type Recipe,
  requireTrust,
  shippedRecipes,
} from "../../recipe/index.ts";
import { shippedSweeps } from "../shipped-sweeps.ts";
import type { Axis } from "./axis.ts";
import { checkedSweep, DEFAULT_SEEDS, isSweep, locatedSweep, type Sweep } from "./definition.ts";
import { SweepFolder } from "./folder.ts";

/** Additions of the command line. */
export interface SweepAdditions {
  readonly set?: readonly string[] | undefined;
  readonly axes?: readonly Axis[] | undefined;
  readonly seeds?: number | undefined;
  /** The folder; default: sweeps/<name>. */
  readonly out?: string | undefined;
}

/** A sweep with its folder and its recipe, ready to be expanded. */
export interface LoadedSweep {
  readonly sweep: Sweep;
  readonly folder: SweepFolder;
  readonly base: Recipe;
  /** Shipped name or absolute path of the recipe. */
  readonly source: string;
}

/** A file's default export if it is a sweep; undefined where the name is no file, or the file holds something else. */
async function sweepIn(path: string): Promise<Sweep | undefined> {
  const isFile = /\.[cm]?[jt]s$/.test(path) && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  if (!isFile) return undefined;
  const { default: exported } = await importModule(path);
  return isSweep(exported) ? locatedSweep(exported, resolve(path)) : undefined;
}

/** An unknown name would otherwise be answered with the names of recipes only. */
function refuseUnknown(named: string, file: Sweep | undefined): void {
  if (file !== undefined || existsSync(named) || /[/\\.]/.test(named) || Object.hasOwn(shippedRecipes, named)) return;
  const [sweeps, recipes] = [Object.keys(shippedSweeps), Object.keys(shippedRecipes)];
  const likely = nearest(named, [...sweeps, ...recipes]);
  const help = likely
    ? `did you mean \`${likely}\`?`
    : `there are the sweeps ${sweeps.join(", ")}, and the recipes ${recipes.join(", ")}`;
  throw new UserError(`there is no sweep or recipe \`${named}\`; ${help}`);
}

/** An override of a key that an axis also sets would silently have no effect. */
function refuseIdle(set: readonly string[], axes: readonly Axis[]): void {
  const keyOf = (text: string): string => parseSetting(text).path.join(".");
  for (const text of set) {
    const axis = axes.find(({ values }) =>
      values.some((value) => value.set.some((other) => keyOf(other) === keyOf(text))),
    );
    if (axis === undefined) continue;
    throw new UserError(
      `--set ${text}: the sweep's axis \`${axis.name}\` sets \`${keyOf(text)}\` itself; leave one of them out`,
    );
  }
}

/**
 * Loads a sweep.
 *
 * @throws UserError when there is neither such a folder, nor a file, nor a recipe of that name, when an addition sets a
 * key that an axis sets, and when additions are given to a sweep that was begun: it continues as it was defined.
 *
 * @example
 * const { sweep, folder, base, source } = await loadSweep("mnist", { axes: [parseAxis("batchSize=32,64")], seeds: 5 });
 */
export async function loadSweep(named: string, additions: SweepAdditions = {}): Promise<LoadedSweep> {
  const { set = [], axes = [], seeds, out } = additions;
  if (existsSync(join(named, "sweep.json"))) {
    if (set.length + axes.length > 0 || seeds !== undefined || out !== undefined)
      throw new UserError(
        `the folder ${named} holds a sweep, which continues as it was defined; leave out --over, --set, --seeds and --out`,
      );
    const folder = new SweepFolder(named);
    const sweep = folder.sweep();
    const compared = namesFile(sweep.recipe) ? requireTrust([sweep.recipe], `the sweep ${named}`) : undefined;
    const { recipe: base, source } = await loadRecipe(sweep.recipe, compared);
    return { sweep, folder, base, source };
  }
  const file = Object.hasOwn(shippedSweeps, named) ? shippedSweeps[named]! : await sweepIn(named);
  refuseUnknown(named, file);
  const before: Sweep = file ?? { recipe: named, set: [], axes: [], seeds: DEFAULT_SEEDS };
  refuseIdle(set, [...before.axes, ...axes]);
  const { recipe: base, source } = await loadRecipe(before.recipe);
  const sweep = checkedSweep({
    ...before,
    recipe: isAbsolute(source) ? source : before.recipe,
    set: [...before.set, ...set],
    axes: [...before.axes, ...axes],
    seeds: seeds ?? before.seeds,
  });
  const folder = new SweepFolder(out ?? join("sweeps", sweep.name ?? base.name ?? "recipe"));
  return { sweep, folder, base, source };
}
