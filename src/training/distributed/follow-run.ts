/** A worker other than the first: it has no folder and says nothing. */
import { setImmediate } from "node:timers/promises";
import type { Recipe } from "../../recipe/recipe.ts";
import { configureEngine, scope } from "../../tensor/index.ts";
import { BuiltGan } from "../step/gan.ts";
import { trainingStep } from "../step/step.ts";
import { openDataModule } from "../trainer/data-module.ts";
import { totalSteps } from "../trainer/loop.ts";
import { joinWorkers, leaveWorkers, onOwnDevice, type Rendezvous, shareCheckpoint, shouldContinue } from "./workers.ts";

/**
 * Computes this worker's share of every step, from where the first begins until the first says that it is enough.
 *
 * @throws UserError when the data is missing, the others do not come, or one of them is lost.
 */
export async function followRun(common: Recipe, rendezvous: Rendezvous): Promise<void> {
  const recipe = onOwnDevice(common, rendezvous);
  if (recipe.threads !== undefined) configureEngine({ threads: recipe.threads });
  const dataModule = await openDataModule(recipe);
  await joinWorkers(rendezvous, recipe);
  const gan = scope(() => new BuiltGan(recipe, dataModule.shape, dataModule.loader(), rendezvous));
  try {
    shareCheckpoint(rendezvous, undefined, gan);
    const schedule = recipe.schedule?.build({ steps: totalSteps(recipe, dataModule.samplesPerEpoch) });
    while (shouldContinue(rendezvous, false)) {
      gan.applySchedule(schedule);
      trainingStep(gan).dispose();
      await setImmediate();
    }
  } finally {
    gan.dispose();
    leaveWorkers();
  }
}
