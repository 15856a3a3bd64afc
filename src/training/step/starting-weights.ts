/** The networks that a run begins with when they are not new: those of another run's checkpoint. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { UserError } from "../../base/errors.ts";
import { readSafetensors } from "../../formats/index.ts";
import type { Player } from "../../techniques/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import { listCheckpoints } from "../run/checkpoint.ts";
import { RunDirectory } from "../run/run-directory.ts";

/** State dicts of both networks, and where they are from. */
export interface StartingWeights {
  readonly checkpoint: string;
  readonly states: Readonly<Record<Player, ReadonlyMap<string, Tensor>>>;
}

const fileOf = (checkpoint: string, player: Player): string => join(checkpoint, `${player}.safetensors`);

/**
 * The checkpoint that a path names: the folder of one, or of a run, whose newest it is. Absolute.
 *
 * @throws UserError when it is neither, or the run has no checkpoint.
 */
export function findCheckpointAt(path: string): string {
  const full = resolve(path);
  if (existsSync(fileOf(full, "generator")) && existsSync(fileOf(full, "discriminator"))) return full;
  if (!existsSync(join(full, "recipe.json"))) {
    throw new UserError(`${path} is neither a run nor a checkpoint of one (a folder such as checkpoints/step-001000)`);
  }
  const newest = listCheckpoints(new RunDirectory(full).checkpoints).at(-1);
  if (newest === undefined)
    throw new UserError(`${path} has no checkpoint yet, so there are no networks to begin with`);
  return newest.path;
}

/**
 * Reads a checkpoint's networks.
 * @throws UserError when a file is missing or damaged.
 */
export function readStartingWeights(checkpoint: string): StartingWeights {
  const read = (player: Player) => readSafetensors(fileOf(checkpoint, player)).tensors;
  return { checkpoint, states: { generator: read("generator"), discriminator: read("discriminator") } };
}

/**
 * Puts them into networks.
 * @throws UserError, with the first difference, when these are built otherwise.
 */
export function startWith(
  networks: Readonly<Record<Player, { loadStateDict(state: ReadonlyMap<string, Tensor>): void }>>,
  { checkpoint, states }: StartingWeights,
): void {
  for (const player of ["generator", "discriminator"] as const) {
    try {
      networks[player].loadStateDict(states[player]);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`the ${player} of ${checkpoint} does not fit this recipe's: ${error.message}`, {
        cause: error,
      });
    }
  }
}
