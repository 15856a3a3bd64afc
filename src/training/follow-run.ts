/** A worker other than the first: it has no folder and says nothing. */
import { setImmediate } from "node:timers/promises";
import type { Recipe } from "../recipe/recipe.ts";
import { configureEngine, scope } from "../tensor/index.ts";
import { BuiltGame } from "./game.ts";
import { openMaterial } from "./material.ts";
import { trainingStep } from "./step.ts";
import { totalSteps } from "./trainer.ts";
import { goesOn, joinWorkers, leaveWorkers, type Meeting, onOwnDevice, shareCheckpoint } from "./workers.ts";

/**
 * Computes this worker's share of every step, from where the first begins until the first says that it is enough.
 *
 * Throws UserError when the data is missing, the others do not come, or one of them is lost.
 */
export async function followRun(common: Recipe, meeting: Meeting): Promise<void> {
  const recipe = onOwnDevice(common, meeting);
  if (recipe.threads !== undefined) configureEngine({ threads: recipe.threads });
  const material = await openMaterial(recipe);
  await joinWorkers(meeting, recipe);
  const game = scope(() => new BuiltGame(recipe, material.shape, material.feed(), meeting));
  try {
    shareCheckpoint(meeting, undefined, game);
    const schedule = recipe.schedule?.build({ steps: totalSteps(recipe, material.samplesPerEpoch) });
    while (goesOn(meeting, false)) {
      game.applySchedule(schedule);
      trainingStep(game).dispose();
      await setImmediate();
    }
  } finally {
    game.dispose();
    leaveWorkers();
  }
}
