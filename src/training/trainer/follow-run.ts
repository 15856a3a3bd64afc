/** A worker other than the first: it has no folder and reports nothing. */
import { setImmediate } from "node:timers/promises";
import type { Recipe } from "../../recipe/index.ts";
import { configureEngine, leaveGroup, scope } from "../../tensor/index.ts";
import type { Rendezvous } from "../distributed/rendezvous.ts";
import { deviceOf, joinWorkers, shareCheckpoint, shouldContinue } from "../distributed/workers.ts";
import { openDataModule } from "./data-module.ts";
import { totalSteps, wantedAt } from "./loop.ts";
import { trainerOf } from "./run.ts";
import type { Trainer } from "./trainer.ts";

/**
 * Computes this worker's share of every step, until the first worker stops.
 *
 * @throws UserError when the data is missing, the other workers do not come, or one of them is lost.
 */
export async function followRun(what: Recipe | Trainer, rendezvous: Rendezvous): Promise<void> {
  const common = trainerOf(what);
  const trainer = common.on(deviceOf(common.settings, rendezvous));
  const { settings } = trainer;
  if (settings.threads !== undefined) configureEngine({ threads: settings.threads });
  const dataModule = await openDataModule(settings);
  await joinWorkers(rendezvous, settings);
  const trained = scope(() =>
    trainer.build({ shape: dataModule.shape, loader: dataModule.loader(), replica: rendezvous }),
  );
  try {
    shareCheckpoint(rendezvous, undefined, trained);
    const steps = totalSteps(settings, dataModule.samplesPerEpoch);
    const schedule = settings.schedule?.build({ steps });
    while (shouldContinue(rendezvous, false)) {
      trained.applySchedule(schedule);
      // D's outputs are gathered from all workers where the first wants them.
      const { values, observation } = trained.trainStep(wantedAt(trained.step + 1, settings, steps));
      values.dispose();
      observation?.dispose();
      await setImmediate();
    }
  } finally {
    trained.dispose();
    leaveGroup();
  }
}
