/**
 * Checkpoints: everything that training continues from, as safetensors plus JSON.
 *
 *     checkpoints/step-000500/
 *       generator.safetensors  discriminator.safetensors   weights under PyTorch's names
 *       state.safetensors                                  optimizers, techniques, data order, random streams
 *       state.json                                         the numbers, and what wrote it
 *
 * A checkpoint is written into a folder of another name, flushed, and renamed: a folder of the final name is whole.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { fileError, flushFolder, temporaryName } from "../formats/atomic.ts";
import { readSafetensors, writeFileAtomic, writeSafetensors } from "../formats/index.ts";
import { noGrad, scope, type Tensor } from "../tensor/index.ts";
import type { BuiltGame } from "./game.ts";

const PREFIX = "step-";
const FORMAT = 1;

const numbers = z.record(z.string(), z.number());

const stateSchema = z.object({
  format: z.literal(FORMAT),
  step: z.int().min(0),
  epoch: z.number(),
  seconds: z.number(),
  /** Numbers by owner: "optimizer.generator", "technique.topK", "feed" ... */
  numbers: z.record(z.string(), numbers),
});

/** A checkpoint's JSON part. */
export type CheckpointState = z.output<typeof stateSchema>;

type Tensors = ReadonlyMap<string, Tensor>;
type Numbers = Readonly<Record<string, number>>;

/** Everything beside the networks that a game carries along: where it is kept, and how it is put back. */
function carriers(
  game: BuiltGame,
): Map<string, { state(): { tensors: Tensors; numbers: Numbers }; load(t: Tensors, n: Numbers): void }> {
  const found = new Map<
    string,
    { state(): { tensors: Tensors; numbers: Numbers }; load(t: Tensors, n: Numbers): void }
  >();
  for (const [player, optimizer] of Object.entries(game.optimizers)) {
    found.set(`optimizer.${player}`, {
      state: () => ({ tensors: optimizer.state(), numbers: optimizer.scalars() }),
      load: (tensors, values) => optimizer.load(tensors, values),
    });
  }
  for (const technique of game.techniques) {
    if (technique.state === undefined || technique.load === undefined) continue;
    found.set(`technique.${technique.name}`, {
      state: () => technique.state!(),
      load: (tensors, values) => technique.load!({ tensors, numbers: values }),
    });
  }
  found.set("feed", {
    state: () => game.feed.state(),
    load: (tensors, values) => game.feed.load({ tensors, numbers: values }),
  });
  found.set("random", {
    state: () => ({ tensors: game.streams.state(), numbers: {} }),
    load: (tensors) => game.streams.load(tensors),
  });
  return found;
}

function folderName(step: number): string {
  return `${PREFIX}${String(step).padStart(6, "0")}`;
}

/** Whether every weight of both networks is a finite number. */
function weightsAreFinite(game: BuiltGame): boolean {
  return scope(() =>
    noGrad(() =>
      [game.generator, game.discriminator].every((network) =>
        [...network.stateDict().values()].every((tensor) => tensor.isfinite().all().item() === 1),
      ),
    ),
  );
}

/**
 * Writes a checkpoint of the game as it stands and returns its folder.
 *
 * Throws UserError when a weight is not finite (the checkpoints before stay) or the disk refuses.
 */
export function writeCheckpoint(folder: string, game: BuiltGame, seconds: number): string {
  if (!weightsAreFinite(game)) {
    throw new UserError(`step ${game.step}: a weight is not finite; the last good checkpoint is kept in ${folder}`);
  }
  const target = join(folder, folderName(game.step));
  const temporary = temporaryName(target);
  try {
    mkdirSync(temporary, { recursive: true });
    scope(() => {
      const tensors = new Map<string, Tensor>();
      const owned: Record<string, Numbers> = {};
      for (const [owner, carrier] of carriers(game)) {
        const state = carrier.state();
        owned[owner] = state.numbers;
        for (const [name, tensor] of state.tensors) tensors.set(`${owner}/${name}`, tensor);
      }
      writeSafetensors(join(temporary, "generator.safetensors"), game.generator.stateDict());
      writeSafetensors(join(temporary, "discriminator.safetensors"), game.discriminator.stateDict());
      writeSafetensors(join(temporary, "state.safetensors"), tensors);
      const { step, epoch } = game.progress;
      const state: CheckpointState = { format: FORMAT, step, epoch, seconds, numbers: owned };
      writeFileAtomic(join(temporary, "state.json"), [`${JSON.stringify(state, null, 2)}\n`]);
    });
    rmSync(target, { recursive: true, force: true });
    renameSync(temporary, target);
    flushFolder(folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw fileError(error, "write", target);
  }
  return target;
}

/** The whole checkpoints of a run, oldest first. */
export function listCheckpoints(folder: string): { step: number; path: string }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^step-\d+$/.test(name))
    .map((name) => ({ step: Number(name.slice(PREFIX.length)), path: join(folder, name) }))
    .sort((a, b) => a.step - b.step);
}

/** Removes all but the newest `keep` checkpoints, and what interrupted writes have left. */
export function pruneCheckpoints(folder: string, keep: number): void {
  const all = listCheckpoints(folder);
  for (const { path } of all.slice(0, Math.max(0, all.length - keep))) rmSync(path, { recursive: true, force: true });
  const whole = new Set(all.map(({ path }) => path));
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (name.includes(PREFIX) && !whole.has(join(folder, name)))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/**
 * The JSON part of a checkpoint. Throws UserError when it is unreadable or of another format.
 */
export function readCheckpointState(path: string): CheckpointState {
  const file = join(path, "state.json");
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserError(`${file} is not JSON: ${error.message}`);
    throw fileError(error, "read", file);
  }
  const parsed = stateSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new UserError(`${file}: \`${issue.path.join(".")}\`: ${issue.message}`);
  }
  return parsed.data;
}

/** Puts the weights of a checkpoint into a game's networks, and the state of techniques that sampling needs. */
export function loadForSampling(path: string, game: BuiltGame): void {
  const { numbers: owned } = readCheckpointState(path);
  load(path, game, owned, (owner) => owner.startsWith("technique."));
}

/** Puts a whole checkpoint into a game; training continues with the same bits. Returns its JSON part. */
export function loadCheckpoint(path: string, game: BuiltGame): CheckpointState {
  const state = readCheckpointState(path);
  load(path, game, state.numbers, () => true);
  game.step = state.step;
  return state;
}

function load(path: string, game: BuiltGame, owned: Record<string, Numbers>, wanted: (owner: string) => boolean): void {
  scope(() => {
    game.generator.loadStateDict(readSafetensors(join(path, "generator.safetensors")).tensors);
    game.discriminator.loadStateDict(readSafetensors(join(path, "discriminator.safetensors")).tensors);
    const all = readSafetensors(join(path, "state.safetensors")).tensors;
    for (const [owner, carrier] of carriers(game)) {
      if (!wanted(owner)) continue;
      const prefix = `${owner}/`;
      const mine = [...all].filter(([name]) => name.startsWith(prefix));
      carrier.load(new Map(mine.map(([name, tensor]) => [name.slice(prefix.length), tensor])), owned[owner] ?? {});
    }
  });
}
