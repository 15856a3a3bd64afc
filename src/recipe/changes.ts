/**
 * What may change when a run is resumed: how long it goes on, how often it reports, and where it computes. Everything
 * else is part of what the run is: with another batch size or network the checkpoint would not fit, or the run would be
 * neither the one nor the other.
 */
import { nearest, UserError } from "../base/errors.ts";
import { applyOverrides, parseSetting } from "./overrides.ts";
import type { Recipe } from "./recipe.ts";

/** The keys that `gantry resume --set` takes. */
export const resumable = [
  "steps",
  "epochs",
  "samples.every",
  "samples.columns",
  "log.every",
  "checkpoint.every",
  "checkpoint.keep",
  "threads",
  "device",
] as const;

const accepted = `what may change is ${resumable.join(", ")}`;

function reason(path: string): string {
  const top = path.split(".")[0]!;
  if (path === "samples.count") return "the sample grids keep the noise they began with";
  if (path === "seed") return "its random draws have begun";
  if (["generator", "discriminator", "optimizers"].includes(top)) return "its checkpoint holds the state of that part";
  return "that would make it another run: start one with gantry train";
}

/**
 * The recipe of a stored run with the changes that a resumed run may take.
 *
 * Throws UserError, with the reason, for a key that must stay as it was, and as `applyOverrides` does for a bad value.
 *
 * @example
 * applyChanges(recipe, ["steps=4000"]);
 */
export function applyChanges(recipe: Recipe, settings: readonly string[]): Recipe {
  for (const text of settings) {
    const path = parseSetting(text).path.join(".");
    if ((resumable as readonly string[]).includes(path)) continue;
    const likely = nearest(path, resumable);
    if (likely !== undefined) throw new UserError(`--set: \`${path}\` cannot change; did you mean \`${likely}\`?`);
    throw new UserError(`--set: \`${path}\` of a run that has begun stays as it is: ${reason(path)}; ${accepted}`);
  }
  return applyOverrides(recipe, settings);
}
