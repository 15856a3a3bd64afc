/** The event file of a run that is being trained. */
import type { RunDirectory, TrainingEvents } from "../training/index.ts";
import { TensorBoardLog } from "./tensorboard.ts";

/**
 * What to do at each event of a training, so that its event file follows. A disk that refuses costs the file, not the
 * training.
 *
 * @param note - Called when the file can no longer be written.
 */
export function liveTensorBoard(run: RunDirectory, note: (message: string) => void): TrainingEvents {
  let log: TensorBoardLog | undefined;
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      log = undefined;
      note(`the event file for TensorBoard is no longer written: ${error instanceof Error ? error.message : error}`);
    }
  };
  return {
    begin: () =>
      attempt(() => {
        log = new TensorBoardLog(run);
      }),
    tick: (tick) => attempt(() => log?.add(tick)),
    outputs: (outputs) => attempt(() => log?.add(outputs)),
    scored: (scores) => attempt(() => log?.add(scores)),
    saved: (file, kind) => attempt(() => kind === "samples" && log?.addSamples(file)),
  };
}
