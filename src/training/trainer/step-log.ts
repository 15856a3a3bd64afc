/** The numbers of the steps since the last line of the log, the clock, and the check for NaN. */
import { UserError } from "../../base/errors.ts";
import { workingSeconds } from "../../base/working-time.ts";
import { requireGroup } from "../../tensor/index.ts";
import type { Tick } from "../run/run-log.ts";
import type { Outputs } from "../step/observation.ts";
import type { StepResult, Trainable } from "../trainable.ts";

/** Counts the seconds of training, over all sessions, without those in which the process was stopped (Ctrl-Z). */
export class Clock {
  #before: number;
  #since: number | undefined = workingSeconds();

  constructor(before: number) {
    this.#before = before;
  }
  pause(): void {
    this.#before = this.seconds();
    this.#since = undefined;
  }
  go(): void {
    this.#since = workingSeconds();
  }
  seconds(): number {
    return this.#before + (this.#since === undefined ? 0 : workingSeconds() - this.#since);
  }
}

/**
 * The numbers of the steps since the last line. They stay on the device until a line is due, so that a step need not
 * wait for them. Then every number is checked, and the first that is not finite ends the run.
 */
export class StepLog {
  readonly #trained: Trainable;
  readonly #clock: Clock;
  readonly #pending: StepResult[] = [];
  /** The numbers of the steps that are verified, but for those that an overflow of float16 has skipped. */
  #rows: number[][] = [];
  /** How many steps are verified. */
  #steps = 0;
  #names: readonly string[] = [];
  #samples = 0;
  #lastSeconds: number;
  #lastStep: number;
  #observation: StepResult["observation"];

  constructor(trained: Trainable, clock: Clock) {
    this.#trained = trained;
    this.#clock = clock;
    this.#lastSeconds = clock.seconds();
    this.#lastStep = trained.step;
  }

  /** Adds the numbers of the next step. */
  record(result: StepResult): void {
    this.#pending.push(result);
    this.release();
    this.#observation = result.observation;
  }

  /** Frees what the last step kept besides its numbers. */
  release(): void {
    this.#observation?.dispose();
    this.#observation = undefined;
  }

  /** D's outputs in the last step, where it kept them. */
  get outputs(): Outputs | undefined {
    return this.#observation?.outputs;
  }

  /** Whether there were steps since the last line. */
  get waiting(): boolean {
    return this.#trained.step > this.#lastStep;
  }

  /**
   * Checks all numbers recorded so far.
   *
   * @throws UserError for the first that is not finite.
   */
  verify(): void {
    for (const { names, values, samples, skipped = false } of this.#pending.splice(0)) {
      const row = Array.from(values.toArray(), Number);
      values.dispose();
      requireGroup();
      this.#names = names;
      this.#steps++;
      this.#samples += samples;
      const bad = row.findIndex((value) => !Number.isFinite(value));
      if (bad < 0) this.#rows.push(row);
      else if (!skipped) {
        const step = this.#lastStep + this.#steps;
        throw new UserError(`step ${step}: ${names[bad]} is ${row[bad]}, so training has diverged`);
      }
    }
  }

  /** The line for the steps since the last one: the means of their numbers. */
  tick(): Tick {
    this.verify();
    const { progress } = this.#trained;
    const seconds = this.#clock.seconds();
    const rows = this.#rows;
    const names = rows.length === 0 ? [] : this.#names;
    const means = names.map((name, i) => [name, rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length]);
    // The clock's resolution limits the throughput of very small steps.
    const imagesPerSecond = this.#samples / Math.max(seconds - this.#lastSeconds, 1e-6);
    this.#rows = [];
    this.#steps = 0;
    this.#samples = 0;
    this.#lastSeconds = seconds;
    this.#lastStep = progress.step;
    const own = { step: progress.step, epoch: progress.epoch, ...Object.fromEntries(means) };
    // `own` is there twice: its keys come first, and no reported number replaces one of them.
    const norms = this.#observation?.gradientNorms();
    return { ...own, ...norms, ...this.#trained.report(), ...own, imagesPerSecond, seconds };
  }

  dispose(): void {
    for (const { values } of this.#pending.splice(0)) values.dispose();
    this.release();
  }
}
