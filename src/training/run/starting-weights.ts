/** Initial weights from another run's checkpoint, or from a file of weights. */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UserError } from "../../base/errors.ts";
import { listStateDicts, readSafetensors, readStateDict } from "../../formats/index.ts";
import { labelTensors, readNetworks } from "../../models/index.ts";
import type { Module } from "../../nn/index.ts";
import { scope } from "../../tensor/index.ts";
import type { DataShape } from "../step/gan.ts";
import { listCheckpoints, requireWholeCheckpoint } from "./checkpoint.ts";
import { type LabelMatch, type LabelPlan, type Labels, labelsOf, matchLabels } from "./label-match.ts";
import { RunDirectory } from "./run-directory.ts";
import { fittingTensors, type State, type Transfer, transferInto } from "./transfer.ts";

/** The endings of files of weights. */
const FILES = /\.(safetensors|pth|pt)$/;

/**
 * The weights that a path names, absolute: the folder of a checkpoint, that of the newest one in a run's folder, or a file.
 *
 * @throws UserError when it is none of them, or the run has no checkpoint.
 */
export function findWeightsAt(path: string): string {
  const full = resolve(path);
  if (existsSync(join(full, "state.json"))) return full;
  if (FILES.test(full) && existsSync(full) && statSync(full).isFile()) return full;
  if (!existsSync(join(full, "recipe.json"))) {
    throw new UserError(
      `${path} is neither a run nor a checkpoint of one (a folder such as checkpoints/step-001000) nor a file of weights (.safetensors, .pth, .pt)`,
    );
  }
  const newest = listCheckpoints(new RunDirectory(full).checkpoints).at(-1);
  if (newest === undefined)
    throw new UserError(`${path} has no checkpoint yet, so there are no networks to begin with`);
  return newest.path;
}

/** How the weights of classes or conditions are to be taken, if the networks have any. */
export function labelPlan(shape: DataShape, modules: Readonly<Record<string, Module>>, from: string): LabelPlan {
  const own = labelsOf(shape.classes, shape.conditions?.columns);
  const isConditional = Object.values(modules).some((module) => labelTensors(module, own?.names.length ?? 0).size > 0);
  if (own === undefined || !isConditional) return { notes: [] };
  return matchLabels(own, labelsAt(from), from);
}

/**
 * The classes or conditions of the run whose checkpoint, or file of one, {@link findWeightsAt} has found; undefined where
 * it is of no run.
 */
function labelsAt(from: string): Labels | undefined {
  const checkpoint = statSync(from).isFile() ? dirname(from) : from;
  const run = dirname(dirname(checkpoint));
  if (!existsSync(join(run, "recipe.json"))) return undefined;
  const { data } = new RunDirectory(run).description();
  return data && (labelsOf(data.classes, data.conditions) ?? { kind: "classes", names: [] });
}

/**
 * Puts the weights of a checkpoint or file into modules, wherever layers have the same names and shapes; see
 * {@link fittingTensors}. Modules that are not there, and layers that do not fit, keep their new weights.
 *
 * @param from - As {@link findWeightsAt} gives it.
 * @param match - Where this run's classes are among those of the other, if not at the same places.
 * @returns what was taken of each module.
 *
 * @throws UserError when a file is damaged, it has no weights for any module, or no layer of one fits (with the first
 * difference).
 */
export function loadStartingWeights(
  from: string,
  modules: Readonly<Record<string, Module>>,
  match?: LabelMatch,
): Transfer {
  return scope(() => {
    const found = statSync(from).isFile() ? inFile(from, modules) : inCheckpoint(from, modules);
    if (found.size === 0) {
      throw new UserError(`${from} has no weights of ${Object.keys(modules).join(" or ")} to begin with`);
    }
    const entries = Object.entries(modules).map(([name, module]) => {
      const state = found.get(name);
      if (state !== undefined) return [name, load(module, state, `the ${name} of ${from}`, match)] as const;
      const initialised = [...module.stateDict().keys()];
      return [name, { taken: 0, of: initialised.length, initialised }] as const;
    });
    return Object.fromEntries(entries);
  });
}

function load(module: Module, state: State, what: string, match: LabelMatch | undefined): Transfer[string] {
  const taken = transferInto(module, state, match);
  if (taken !== undefined) return taken;
  try {
    module.loadStateDict(state);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${what} does not fit the one of this run: ${error.message}; no other layer fits either`, {
      cause: error,
    });
  }
  throw new Error(`${what} has no tensors`);
}

/** The state dicts of a checkpoint that have modules of their names. */
function inCheckpoint(from: string, modules: Readonly<Record<string, Module>>): Map<string, State> {
  requireWholeCheckpoint(from);
  const names = Object.keys(modules).filter((name) => existsSync(join(from, `${name}.safetensors`)));
  return new Map(names.map((name) => [name, readSafetensors(join(from, `${name}.safetensors`)).tensors]));
}

/**
 * The networks in a file: those of another project that `gantry import` recognises, else state dicts under Gantry's own
 * names. One is for the module of the file's name, or for that which takes most of it.
 */
function inFile(from: string, modules: Readonly<Record<string, Module>>): Map<string, State> {
  const found = new Map<string, State>();
  let foreign: UserError;
  try {
    const { generator, discriminator } = readNetworks(from);
    const states: Record<string, State | undefined> = {
      generator: generator.state,
      discriminator: discriminator?.state,
    };
    for (const [name, state] of Object.entries(states)) if (state && name in modules) found.set(name, state);
    return found;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    foreign = error;
  }
  const states = from.endsWith(".safetensors")
    ? [readSafetensors(from).tensors]
    : listStateDicts(from).map(({ entry }) => readStateDict(from, { entry: entry === "" ? undefined : entry }));
  const own = basename(from).replace(FILES, "");
  for (const state of states) {
    const rated = Object.entries(modules)
      .filter(([name]) => !(own in modules) || name === own)
      .map(([name, module]) => ({ name, size: numbersIn(fittingTensors(module.stateDict(), state)) }));
    const best = rated.reduce((a, b) => (b.size > a.size ? b : a));
    if (!found.has(best.name) && (best.size > 0 || own in modules)) found.set(best.name, state);
  }
  if (found.size > 0) return found;
  throw new UserError(`${foreign.message}; and no layer of this run's networks has its names and shapes`, {
    cause: foreign,
  });
}

const numbersIn = (state: State): number => [...state.values()].reduce((sum, { numel }) => sum + numel, 0);
