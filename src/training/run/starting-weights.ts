/** Initial weights from another run's checkpoint. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { UserError } from "../../base/errors.ts";
import { readSafetensors } from "../../formats/index.ts";
import type { Module } from "../../nn/index.ts";
import { scope } from "../../tensor/index.ts";
import { listCheckpoints } from "./checkpoint.ts";
import { RunDirectory } from "./run-directory.ts";

/**
 * The checkpoint that a path names: its own folder, or the newest one in a run's folder. Absolute.
 *
 * @throws UserError when it is neither, or the run has no checkpoint.
 */
export function findCheckpointAt(path: string): string {
  const full = resolve(path);
  if (existsSync(join(full, "state.json"))) return full;
  if (!existsSync(join(full, "recipe.json"))) {
    throw new UserError(`${path} is neither a run nor a checkpoint of one (a folder such as checkpoints/step-001000)`);
  }
  const newest = listCheckpoints(new RunDirectory(full).checkpoints).at(-1);
  if (newest === undefined)
    throw new UserError(`${path} has no checkpoint yet, so there are no networks to begin with`);
  return newest.path;
}

/**
 * Puts the weights of a checkpoint into modules of the same names.
 *
 * @throws UserError when a file is missing or damaged, or, with the first difference, when a module is built otherwise.
 */
export function loadStartingWeights(checkpoint: string, modules: Readonly<Record<string, Module>>): void {
  for (const [name, module] of Object.entries(modules)) {
    const file = join(checkpoint, `${name}.safetensors`);
    if (!existsSync(file)) throw new UserError(`${checkpoint} has no weights of \`${name}\` to begin with`);
    try {
      scope(() => module.loadStateDict(readSafetensors(file).tensors));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`the ${name} of ${checkpoint} does not fit the one of this run: ${error.message}`, {
        cause: error,
      });
    }
  }
}
