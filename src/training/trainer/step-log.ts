/** The numbers of the steps since the last line of the log, the clock they are timed by, and the guard against NaN. */
import { UserError } from "../../base/errors.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { Tick } from "../run/run-log.ts";
import type { BuiltGan } from "../step/gan.ts";
import { STEP_NUMBERS } from "../step/step.ts";

/** Counts the seconds of training, over all sittings. */
export class Clock {
  #before: number;
  #since: number | undefined = performance.now();

  constructor(before: number) {
    this.#before = before;
  }
  pause(): void {
    this.#before = this.seconds();
    this.#since = undefined;
  }
  go(): void {
    this.#since = performance.now();
  }
  seconds(): number {
    return this.#before + (this.#since === undefined ? 0 : (performance.now() - this.#since) / 1000);
  }
}

/**
 * The numbers of the steps since the last line. They stay on the device until a line is due, so that a step need not
 * wait for them; then every one is looked at, and the first that is not finite ends the run by name.
 */
export class StepLog {
  readonly #gan: BuiltGan;
  readonly #clock: Clock;
  readonly #pending: Tensor[] = [];
  #rows: number[][] = [];
  #lastSeconds: number;
  #lastStep: number;

  constructor(gan: BuiltGan, clock: Clock) {
    this.#gan = gan;
    this.#clock = clock;
    this.#lastSeconds = clock.seconds();
    this.#lastStep = gan.step;
  }

  /** Takes over the numbers of the next step. */
  record(numbers: Tensor): void {
    this.#pending.push(numbers);
  }

  /** Whether there were steps since the last line. */
  get waiting(): boolean {
    return this.#gan.step > this.#lastStep;
  }

  /**
   * Looks at all numbers recorded so far.
   * @throws UserError for the first that is not finite.
   */
  verify(): void {
    for (const numbers of this.#pending.splice(0)) {
      const row = Array.from(numbers.toArray(), Number);
      numbers.dispose();
      this.#rows.push(row);
      const bad = row.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        const step = this.#lastStep + this.#rows.length;
        throw new UserError(`step ${step}: ${STEP_NUMBERS[bad]} is ${row[bad]}, so training has diverged`);
      }
    }
  }

  /** The line for the steps since the last one. */
  tick(): Tick {
    this.verify();
    const { recipe, techniques, progress } = this.#gan;
    const seconds = this.#clock.seconds();
    const count = this.#rows.length;
    const mean = (i: number): number => this.#rows.reduce((sum, row) => sum + row[i]!, 0) / count;
    const [lossD, lossG, dReal, dFake] = STEP_NUMBERS.map((_, i) => mean(i)) as [number, number, number, number];
    const images = count * recipe.discriminatorSteps * recipe.batchSize;
    // The clock's resolution bounds what can be told of very small steps.
    const imagesPerSecond = images / Math.max(seconds - this.#lastSeconds, 1e-6);
    const reports = techniques.flatMap((technique) => Object.entries(technique.report?.() ?? {}));
    const extras = Object.fromEntries(reports.filter(([, value]) => Number.isFinite(value)));
    this.#rows = [];
    this.#lastSeconds = seconds;
    this.#lastStep = progress.step;
    const own = { step: progress.step, epoch: progress.epoch, lossD, lossG, dReal, dFake };
    // Named twice so that a technique can add numbers after the losses and cannot replace one.
    return { ...own, ...extras, ...own, imagesPerSecond, seconds };
  }

  dispose(): void {
    for (const numbers of this.#pending.splice(0)) numbers.dispose();
  }
}
