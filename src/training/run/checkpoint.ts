/**
 * Checkpoints: the whole state of training, as safetensors and JSON.
 *
 *     checkpoints/step-000500/
 *       <module>.safetensors    weights under PyTorch's names: of a recipe, generator and discriminator
 *       state.safetensors       optimizers, techniques, data order, random streams
 *       state.json              the numbers, and the checksums of all files
 *
 * A checkpoint is written into a folder with another name, flushed, and renamed. So a folder with the final name is
 * whole.
 */

import { renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { fileError } from "../../base/file-error.ts";
import { unprefixed } from "../../base/prefixed.ts";
import type { DataLoader } from "../../data/index.ts";
import {
  checkedJson,
  crcOfFile,
  flushFolder,
  hexOf,
  makeFolder,
  namesIn,
  readJsonFile,
  readSafetensors,
  removeIfPossible,
  requireIntact,
  temporaryName,
  writeFileAtomic,
  writeSafetensors,
} from "../../formats/index.ts";
import { noGradScope, scope, type Tensor } from "../../tensor/index.ts";
import type { Checkpointable } from "../trainable.ts";

const PREFIX = "step-";
const FORMAT = 1;

const stateSchema = z.object({
  format: z.literal(FORMAT),
  step: z.int().min(0),
  epoch: z.number(),
  seconds: z.number(),
  /** Numbers by owner: "optimizer.generator", "technique.topK", "feed" ... */
  numbers: z.record(z.string(), z.record(z.string(), z.number())),
  /** The CRC-32 of each other file. Checkpoints of 0.1 have none. */
  checksums: z.record(z.string(), z.string()).optional(),
});

/** A checkpoint's JSON part. */
type CheckpointState = z.output<typeof stateSchema>;

/** A part of the training's state besides the modules: its current value, and how it is loaded. */
type Carrier = Pick<DataLoader, "state" | "load">;

/** All such parts, by the name under which a checkpoint keeps them. */
function carriers(trained: Checkpointable): Map<string, Carrier> {
  const found = new Map<string, Carrier>();
  for (const [name, optimizer] of Object.entries(trained.optimizers)) {
    found.set(`optimizer.${name}`, {
      state: () => ({ tensors: optimizer.state(), numbers: optimizer.scalars() }),
      load: ({ tensors, numbers }) => optimizer.load(tensors, numbers),
    });
  }
  for (const technique of trained.techniques) {
    if (technique.state !== undefined) found.set(`technique.${technique.name}`, technique as Carrier);
  }
  const { precision } = trained;
  if (precision?.scalers !== undefined) {
    found.set("precision", {
      state: () => ({ tensors: new Map(), numbers: precision.state() }),
      load: ({ numbers }) => precision.load(numbers),
    });
  }
  // "feed" is version 0.1's word for a data loader: stored names stay.
  // Asked for when it is used: what is opened for sampling has no loader.
  found.set("feed", { state: () => trained.loader.state(), load: (state) => trained.loader.load(state) });
  for (const [name, loader] of trained.auxiliaryLoaders) found.set(`feed.${name}`, loader);
  found.set("random", {
    state: () => ({ tensors: trained.streams.state(), numbers: {} }),
    load: ({ tensors }) => trained.streams.load(tensors),
  });
  return found;
}

/** What a checkpoint holds: tensors by file, and the numbers. */
interface Contents {
  readonly files: Readonly<Record<string, ReadonlyMap<string, Tensor>>>;
  readonly numbers: CheckpointState["numbers"];
}

function contentsOf(trained: Checkpointable): Contents {
  const tensors = new Map<string, Tensor>();
  const numbers: CheckpointState["numbers"] = {};
  for (const [owner, carrier] of carriers(trained)) {
    const state = carrier.state();
    numbers[owner] = { ...state.numbers };
    for (const [name, tensor] of state.tensors) tensors.set(`${owner}/${name}`, tensor);
  }
  const modules = Object.entries(trained.modules).map(([name, module]) => [name, module.stateDict()] as const);
  return { files: { ...Object.fromEntries(modules), state: tensors }, numbers };
}

/** The first tensor or number that is infinite or not a number, in words; undefined when all are finite. */
function notFinite({ files, numbers }: Contents): string | undefined {
  for (const [file, tensors] of Object.entries(files)) {
    for (const [name, tensor] of tensors) {
      const finite = noGradScope(() => tensor.isfinite().all().item() === 1);
      if (!finite) return file === "state" ? name : `${file}'s ${name}`;
    }
  }
  for (const [owner, values] of Object.entries(numbers)) {
    for (const [name, value] of Object.entries(values)) if (!Number.isFinite(value)) return `${owner}/${name}`;
  }
  return undefined;
}

/**
 * Writes a checkpoint of the current state and returns its folder.
 *
 * @throws UserError when anything in it is not finite or the disk refuses; the checkpoints before stay as they are.
 */
export function writeCheckpoint(folder: string, trained: Checkpointable, seconds: number): string {
  const target = join(folder, `${PREFIX}${String(trained.step).padStart(6, "0")}`);
  const temporary = temporaryName(target);
  scope(() => {
    const contents = contentsOf(trained);
    const broken = notFinite(contents);
    if (broken !== undefined) {
      throw new UserError(`step ${trained.step}: ${broken} is not finite, so training has diverged and is not saved`);
    }
    try {
      makeFolder(temporary);
      const checksums: Record<string, string> = {};
      for (const [name, tensors] of Object.entries(contents.files)) {
        const file = `${name}.safetensors`;
        checksums[file] = hexOf(writeSafetensors(join(temporary, file), tensors));
      }
      const { step, epoch } = trained.progress;
      const state: CheckpointState = { format: FORMAT, step, epoch, seconds, numbers: contents.numbers, checksums };
      writeFileAtomic(join(temporary, "state.json"), [checkedJson(state)]);
      // Only a folder that could not be loaded can be there: training never goes back behind a whole checkpoint.
      rmSync(target, { recursive: true, force: true });
      renameSync(temporary, target);
      flushFolder(folder);
    } catch (error) {
      removeIfPossible(temporary);
      throw fileError(error, "write", target);
    }
  });
  return target;
}

/** The whole checkpoints of a run, oldest first. @throws UserError when the folder cannot be read. */
export function listCheckpoints(folder: string): { step: number; path: string }[] {
  return namesIn(folder)
    .filter((name) => /^step-\d+$/.test(name))
    .map((name) => ({ step: Number(name.slice(PREFIX.length)), path: join(folder, name) }))
    .sort((a, b) => a.step - b.step);
}

/**
 * Removes all but the newest `keep` checkpoints and those of the steps `stay`.
 * @throws UserError when the file system refuses.
 */
export function pruneCheckpoints(folder: string, keep: number, stay: readonly number[]): void {
  const all = listCheckpoints(folder);
  for (const { path, step } of all.slice(0, Math.max(0, all.length - keep))) {
    if (stay.includes(step)) continue;
    // Renamed first: half a removed checkpoint must not look like a whole one.
    const doomed = temporaryName(path);
    try {
      renameSync(path, doomed);
      rmSync(doomed, { recursive: true, force: true });
    } catch (error) {
      throw fileError(error, "write", path);
    }
  }
}

/**
 * The JSON part of a checkpoint.
 *
 * @throws UserError when it is unreadable, damaged, of another format, or of another step than its folder's name says.
 */
export function readCheckpointState(path: string): CheckpointState {
  const file = join(path, "state.json");
  const state = whereElse(path, () => readJsonFile(file, stateSchema, requireIntact));
  const named = /^step-(\d+)$/.exec(basename(path))?.[1];
  if (named !== undefined && Number(named) !== state.step)
    throw new UserError(`${file} is of step ${state.step}, and its folder is named step-${named}; ${remedy(path)}`);
  return state;
}

/**
 * Compares every file of a checkpoint with its checksum, and gives its JSON part.
 *
 * @throws UserError that names the file that is damaged, and the checkpoint to go back to.
 */
export function requireWholeCheckpoint(path: string): CheckpointState {
  const state = readCheckpointState(path);
  for (const [name, stated] of Object.entries(state.checksums ?? {})) {
    const file = join(path, name);
    const actual = whereElse(path, () => hexOf(crcOfFile(file)));
    if (actual !== stated)
      throw new UserError(`${file} is damaged: its CRC-32 is ${actual}, state.json says ${stated}; ${remedy(path)}`);
  }
  return state;
}

/** An error while reading a checkpoint says which one to take instead. */
function whereElse<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${error.message}; ${remedy(path)}`, { cause: error });
    throw error;
  }
}

/** What to do about a damaged checkpoint. */
function remedy(path: string): string {
  const named = Number(/^step-(\d+)$/.exec(basename(path))?.[1] ?? Number.NaN);
  const before = listCheckpoints(dirname(path)).filter(({ step }) => step < named);
  const earlier = before.at(-1);
  if (earlier === undefined) return "there is no earlier checkpoint";
  return `the one before it is of step ${earlier.step}: remove ${path} to continue from there`;
}

/** Loads the weights of a checkpoint into the modules, and the state of techniques that sampling needs. */
export function loadForSampling(path: string, trained: Checkpointable): void {
  load(path, trained, requireWholeCheckpoint(path), (owner) => owner.startsWith("technique."));
}

/** Loads a whole checkpoint. Training continues with the same bits. Returns its JSON part. */
export function loadCheckpoint(path: string, trained: Checkpointable): CheckpointState {
  const state = requireWholeCheckpoint(path);
  load(path, trained, state, () => true);
  trained.reach(state.step);
  return state;
}

function load(
  path: string,
  trained: Checkpointable,
  { numbers }: CheckpointState,
  wanted: (owner: string) => boolean,
): void {
  scope(() => {
    for (const [name, module] of Object.entries(trained.modules)) {
      module.loadStateDict(readSafetensors(join(path, `${name}.safetensors`)).tensors);
    }
    const all = readSafetensors(join(path, "state.safetensors")).tensors;
    for (const [owner, carrier] of carriers(trained)) {
      if (!wanted(owner)) continue;
      carrier.load({ tensors: unprefixed(`${owner}/`, all), numbers: numbers[owner] ?? {} });
    }
  });
}
