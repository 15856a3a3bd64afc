/**
 * The loop: steps, log lines, sample grids, checkpoints and evaluations, from the newest checkpoint to the last step.
 *
 * Between steps it yields to the event loop, so that signals, finalizers and file writes are handled.
 */
import { UserError } from "../../base/errors.ts";
import { turn } from "../../base/working-time.ts";
import { shouldContinue } from "../distributed/workers.ts";
import { listCheckpoints } from "../run/checkpoint.ts";
import type { Wanted } from "../step/observation.ts";
import { ALONE } from "../step/sharding.ts";
import type { RunSettings } from "../trainable.ts";
import { Session, type SessionEnd, type SessionOptions } from "./session.ts";

/**
 * Steps of a whole run: `steps`, or the number in which the discriminator sees every sample `epochs` times.
 *
 * @throws UserError for a length in epochs and data that has none.
 */
export function totalSteps(settings: RunSettings, samplesPerEpoch: number | undefined): number {
  const { steps, epochs, batchSize, discriminatorSteps = 1 } = settings;
  if (steps !== undefined) return steps;
  if (samplesPerEpoch === undefined) {
    throw new UserError(
      `\`epochs\` (=${epochs}): the data are drawn without end and know no epochs; give \`steps\` instead`,
    );
  }
  return Math.ceil((epochs! * samplesPerEpoch) / (batchSize * discriminatorSteps));
}

/** What the step that reaches `step` is to keep for the log; undefined for nothing. It is the same in every worker. */
export function wantedAt(step: number, { log, samples }: RunSettings, steps: number): Wanted | undefined {
  const due = (every: number): boolean => step % every === 0 || step === steps;
  const wanted = { gradientNorms: due(log.every), outputs: due(samples.every) };
  return wanted.gradientNorms || wanted.outputs ? wanted : undefined;
}

/**
 * Trains from the newest checkpoint to the last step, or until `stop` is raised. Then the current step is finished and
 * a checkpoint is written.
 *
 * @throws UserError when training diverges or the disk refuses; what was written before stays, and the log says so.
 */
export async function trainingLoop(options: SessionOptions): Promise<SessionEnd> {
  const { trainer, directory, evaluator, stop, convolutions, replica = ALONE } = options;
  const { settings } = trainer;
  const steps = totalSteps(settings, options.dataModule.samplesPerEpoch);
  const schedule = settings.schedule?.build({ steps });
  const session = new Session(options, steps);
  const { trained, clock, log } = session;
  const last = (): boolean => trained.step >= steps;
  const due = (every: number): boolean => trained.step % every === 0 || last();
  try {
    // A session can end while its last step is evaluated.
    if (trained.step > 0 && evaluator && due(evaluator.every) && !session.scored) {
      clock.pause();
      await session.evaluate();
      clock.go();
    }
    while (shouldContinue(replica, !last() && !stop?.aborted)) {
      trained.applySchedule(schedule);
      log.record(trained.trainStep(wantedAt(trained.step + 1, settings, steps)));
      convolutions.keep();
      // Before the clock is read: if the process was stopped (Ctrl-Z) in this step, it is told so only now.
      await turn();
      // Lines, samples and files do not count as training: the clock for throughput is stopped.
      clock.pause();
      if (due(settings.log.every)) session.tick();
      if (trained.draws && due(settings.samples.every)) await session.samples();
      log.release();
      session.snapshots(due);
      if (due(settings.checkpoint.every) || settings.checkpoint.at.includes(trained.step)) session.checkpoint();
      if (evaluator && due(evaluator.every)) await session.evaluate();
      session.report();
      await turn();
      clock.go();
    }
    if (!last()) {
      if (log.waiting) session.tick();
      session.checkpoint();
    }
    session.end(last() ? "finish" : "stop");
    const seconds = clock.seconds();
    const checkpoint = listCheckpoints(directory.checkpoints).at(-1)?.path;
    const { best } = session;
    return { step: trained.step, finished: last(), seconds, samples: directory.newestSamples(), checkpoint, best };
  } catch (error) {
    throw session.failure(error);
  } finally {
    log.dispose();
    trained.dispose();
  }
}
