/** A session: one process that trains a run, from start or resume to its end or a stop. */
import { basename, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { asSettings, UserError } from "../../base/errors.ts";
import { seedOf } from "../../base/seed.ts";
import { makeFolder, writeFileAtomic } from "../../formats/index.ts";
import type { Score } from "../../metrics/index.ts";
import { engineSummary, Generator, scope, Tensor } from "../../tensor/index.ts";
import { shareCheckpoint } from "../distributed/workers.ts";
import type { EvaluationEvents, Evaluator } from "../evaluation/evaluator.ts";
import { listCheckpoints, loadCheckpoint, pruneCheckpoints, writeCheckpoint } from "../run/checkpoint.ts";
import type { RunConvolutions } from "../run/convolutions.ts";
import { writtenOutputs } from "../run/outputs.ts";
import type { RunDirectory } from "../run/run-directory.ts";
import {
  bestEvaluation,
  chosenEvaluation,
  type OutputsEvent,
  type RunEvent,
  type ScoresEvent,
  type Tick,
} from "../run/run-log.ts";
import { writeSnapshot } from "../run/snapshots.ts";
import { labelPlan, loadStartingWeights } from "../run/starting-weights.ts";
import { type Transfer, transferLines } from "../run/transfer.ts";
import { drawSamples, SAMPLE_BATCH } from "../sampling/sample.ts";
import { ALONE, type Replica } from "../step/sharding.ts";
import type { Trainable } from "../trainable.ts";
import type { DataModule } from "./data-module.ts";
import { inMemory } from "./device-memory.ts";
import { Clock, StepLog } from "./step-log.ts";
import { requireMemory } from "./step-memory.ts";
import type { Trainer } from "./trainer.ts";

/** Samples that are drawn before the event loop gets a turn. */
const GROUP = 8 * SAMPLE_BATCH;

/** Progress of a run. */
export interface TrainingEvents extends EvaluationEvents {
  /** The session begins: from this step to that one. */
  begin?(from: number, to: number): void;
  /** A line of the log was written. */
  tick?(tick: Tick): void;
  /** D's outputs were written, of recipes with every sample grid. */
  outputs?(outputs: OutputsEvent): void;
  /** A file was written. */
  saved?(file: string, kind: "samples" | "checkpoint"): void;
  /** An evaluation is done. */
  scored?(evaluation: ScoresEvent, best: boolean): void;
}

/** Where a session of a run ended. */
export interface SessionEnd {
  readonly step: number;
  /** False when it was stopped before the last step. */
  readonly finished: boolean;
  /** Seconds of training over all sessions. */
  readonly seconds: number;
  /** The newest sample grid of the run. */
  readonly samples: string | undefined;
  /** The newest checkpoint of the run. */
  readonly checkpoint: string | undefined;
  /** The best one by the score that `evaluate` names, where the run was evaluated. */
  readonly best: { readonly checkpoint: string; readonly name: string; readonly value: number } | undefined;
}

/** Everything that a session needs. */
export interface SessionOptions {
  readonly trainer: Trainer;
  /** The data. */
  readonly dataModule: DataModule;
  /** The evaluations, if the run has any. */
  readonly evaluator?: Evaluator | undefined;
  readonly directory: RunDirectory;
  /** The checkpoint of another run whose weights a new run begins with; default: new ones. */
  readonly from?: string | undefined;
  /** Called with what was taken of each network of `from`, where it was not all. */
  readonly transferred?: ((transfer: Transfer) => void) | undefined;
  /** Called once everything is built and loaded, before the session is logged. */
  readonly built?: (() => void) | undefined;
  /** Writes the report of the run as it stands. */
  readonly report?: (() => void) | undefined;
  readonly convolutions: RunConvolutions;
  readonly events: TrainingEvents;
  readonly stop: AbortSignal | undefined;
  /** This process as the first of those that train together. Default: there are no others. */
  readonly replica?: Replica | undefined;
}

/** One session of a run. */
export class Session {
  readonly trained: Trainable;
  readonly clock: Clock;
  readonly log: StepLog;
  readonly #options: SessionOptions;
  /** The step of the newest checkpoint. */
  #saved: number | undefined;
  /** The step of the checkpoint that was reported last. */
  #reported: number | undefined;

  /** Builds what is trained, loads the newest checkpoint, and opens the session in the log. */
  constructor(options: SessionOptions, steps: number) {
    const { trainer, dataModule, directory, events, from, replica = ALONE } = options;
    this.#options = options;
    let transfer: Transfer = {};
    const labelNotes: string[] = [];
    const isNew = listCheckpoints(directory.checkpoints).length === 0;
    this.trained = scope(() =>
      asSettings(() =>
        trainer.build({
          shape: dataModule.shape,
          loader: dataModule.loader(),
          replica,
          startWith:
            isNew && from !== undefined
              ? (modules) => {
                  const plan = labelPlan(dataModule.shape, modules, from);
                  labelNotes.push(...plan.notes);
                  transfer = loadStartingWeights(from, modules, plan.match);
                }
              : undefined,
        }),
      ),
    );
    const partial = Object.values(transfer).some(({ taken, of }) => taken < of);
    if (partial) options.transferred?.(transfer);
    const seconds = this.#load();
    const event = this.#saved === undefined ? "start" : "resume";
    const logged = event === "start" ? directory.ticks().at(-1)?.step : undefined;
    // The other workers begin with this checkpoint. So does a later session, even if the other run is gone by then.
    if (this.trained.hasGivenWeights) this.#save(seconds);
    shareCheckpoint(replica, listCheckpoints(directory.checkpoints).at(-1)?.path, this.trained);
    if (this.trained.step < steps) this.#refuseTooLarge();
    options.built?.();
    this.clock = new Clock(seconds);
    this.log = new StepLog(this.trained, this.clock);
    const { step, hasGivenWeights } = this.trained;
    this.#append({ event, step, time: now(), engine: { ...engineSummary() } });
    events.begin?.(step, steps);
    if (hasGivenWeights) events.note?.(`begun with the networks of ${from}`);
    for (const line of [...(partial ? transferLines(transfer) : []), ...labelNotes]) events.note?.(line);
    if (step < steps) for (const line of this.#techniqueNotes(steps)) events.note?.(line);
    if (logged !== undefined) {
      events.note?.(
        `the log reaches step ${logged}, but there is no checkpoint left to continue from: training begins again`,
      );
    }
    if (step >= steps) events.note?.(`the run has reached step ${step} already`);
  }

  /** What the techniques have to tell before the first step. */
  #techniqueNotes(steps: number): string[] {
    const { batchSize, discriminatorSteps = 1 } = this.trained.recipe;
    const { samplesPerEpoch } = this.#options.dataModule;
    const images = (steps - 1) * discriminatorSteps * batchSize;
    const last = { step: steps - 1, epoch: samplesPerEpoch === undefined ? 0 : images / samplesPerEpoch, images };
    return this.trained.techniques.flatMap(({ notes }) => notes?.(last) ?? []);
  }

  #refuseTooLarge(): void {
    try {
      requireMemory(this.trained);
    } catch (error) {
      this.trained.dispose();
      throw error;
    }
  }

  /** The seconds of training before the newest checkpoint; 0 when there is none. */
  #load(): number {
    const [newest, before] = listCheckpoints(this.#options.directory.checkpoints).reverse();
    if (newest === undefined) return 0;
    try {
      const { seconds } = loadCheckpoint(newest.path, this.trained);
      this.#saved = newest.step;
      return seconds;
    } catch (error) {
      this.trained.dispose();
      if (!(error instanceof UserError)) throw error;
      const remedy = before ? `; to continue from step ${before.step} instead, remove ${newest.path}` : "";
      throw new UserError(`checkpoint ${basename(newest.path)}: ${error.message}${remedy}`, { cause: error });
    }
  }

  #append(line: RunEvent | ScoresEvent | OutputsEvent): void {
    this.#options.directory.append(line);
  }

  tick(): void {
    const tick = this.log.tick();
    this.#options.directory.append(tick);
    this.#options.events.tick?.(tick);
  }

  /** A grid of samples of fixed noise, the same at every step; and D's outputs of the step, where it kept them. */
  async samples(): Promise<void> {
    const { trained } = this;
    this.log.verify();
    const { samples, seed } = trained.recipe;
    const random = new Generator(seedOf(seed, "samples"));
    const drawn = await this.#drawn(samples.count, random);
    const name = `${String(trained.step).padStart(6, "0")}.png`;
    const file = join(this.#options.directory.samples, name);
    const written = this.#options.dataModule.writeImage(file, drawn, { columns: samples.columns });
    drawn.dispose();
    await Promise.all([written, this.#outputs(name)]);
    this.#options.events.saved?.(file, "samples");
  }

  /** The picture before the line: what the log names is there. */
  async #outputs(name: string): Promise<void> {
    const { outputs } = this.log;
    if (outputs === undefined) return;
    const { directory } = this.#options;
    const { png, ...event } = writtenOutputs(outputs, `batches/${name}`);
    if (png !== undefined) {
      makeFolder(directory.batches);
      writeFileAtomic(join(directory.batches, name), [await png]);
    }
    const line = { event: "outputs", step: this.trained.step, time: now(), ...event } as const;
    this.#append(line);
    this.#options.events.outputs?.(line);
  }

  /** Samples in groups. Between them signals get a turn: many samples of a large network take minutes. */
  async #drawn(count: number, random: Generator): Promise<Tensor> {
    const groups: Tensor[] = [];
    for (let first = 0; first < count; first += GROUP) {
      if (first > 0) await setImmediate();
      const size = Math.min(GROUP, count - first);
      groups.push(drawSamples(this.trained, { count: size, first, random, averaged: true }));
    }
    if (groups.length === 1) return groups[0]!;
    const all = Tensor.cat(groups);
    for (const group of groups) group.dispose();
    return all;
  }

  /** Saves the state of the training, unless that has been done. */
  checkpoint(): void {
    if (this.#saved === this.trained.step) return;
    this.log.verify();
    const file = this.#save(this.clock.seconds());
    this.#prune();
    this.#options.events.saved?.(file, "checkpoint");
  }

  #save(seconds: number): string {
    const file = writeCheckpoint(this.#options.directory.checkpoints, this.trained, seconds);
    this.#saved = this.trained.step;
    return file;
  }

  /**
   * Keeps the newest checkpoints, those that the settings name, and the best one, which may be the one just written.
   */
  #prune(best = this.#best()?.step): void {
    const { keep, at } = this.trained.recipe.checkpoint;
    pruneCheckpoints(this.#options.directory.checkpoints, keep, best === undefined ? at : [...at, best]);
  }

  /** The best evaluation by the chosen score; for a run that is no longer evaluated, by its last score. */
  #best(): ReturnType<typeof chosenEvaluation> {
    const evaluations = this.#options.directory.evaluations();
    if (this.#options.evaluator === undefined) return chosenEvaluation(evaluations);
    const { best: score } = this.#options.evaluator;
    const found = bestEvaluation(evaluations, score);
    return found && { ...found, name: score.name };
  }

  get best(): SessionEnd["best"] {
    const best = this.#best();
    const found = listCheckpoints(this.#options.directory.checkpoints).find(({ step }) => step === best?.step);
    if (best === undefined || found === undefined) return undefined;
    return { checkpoint: found.path, name: best.name, value: best.value };
  }

  /** Whether the current step has been evaluated. */
  get scored(): boolean {
    return this.#options.directory.evaluations().some(({ step }) => step === this.trained.step);
  }

  /**
   * Scores the current step, and saves it if it is the best so far. A raised `stop`, and a failure, which is logged, leave
   * it unscored.
   */
  async evaluate(): Promise<void> {
    this.log.verify();
    const evaluator = this.#options.evaluator!;
    const { step } = this.trained;
    const begun = performance.now();
    let scores: Score[];
    try {
      scores = await evaluator.scores(this.trained, this.#options.events, this.#options.stop);
    } catch (error) {
      if (this.#options.stop?.aborted && error === this.#options.stop.reason) return;
      this.#unscored(error);
      return;
    }
    const evaluation: ScoresEvent = {
      event: "scores",
      step,
      time: now(),
      seconds: (performance.now() - begun) / 1000,
      scores,
      chosenBy: evaluator.best.name,
    };
    const best = bestEvaluation([...this.#options.directory.evaluations(), evaluation], evaluator.best)?.step === step;
    // Saved before it is logged: a step that the log calls the best has its checkpoint.
    if (best) this.checkpoint();
    this.#append(evaluation);
    if (best) this.#prune();
    this.#options.events.scored?.(evaluation, best);
  }

  /** An evaluation that fails costs its scores, not the training. */
  #unscored(error: unknown): void {
    const message = error instanceof Error ? error.message.split("\n")[0]! : String(error);
    const { step } = this.trained;
    this.#append({ event: "unscored", step, time: now(), message });
    this.#options.events.note?.(`step ${step} has no scores, and training goes on: ${message}`);
  }

  /** Stores what techniques keep over the run: averages of weights, for `gantry average`. */
  snapshots(due: (every: number) => boolean): void {
    for (const { snapshot, snapshotEvery } of this.trained.techniques) {
      if (snapshot === undefined || snapshotEvery === undefined || !due(snapshotEvery)) continue;
      this.log.verify();
      writeSnapshot(this.#options.directory.averages, this.trained.step, snapshot());
    }
  }

  /** Writes the report after a new checkpoint. A disk that refuses costs the report, not the training. */
  report(): void {
    if (this.#reported === this.#saved) return;
    this.#reported = this.#saved;
    try {
      this.#options.report?.();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#options.events.note?.(`there is no report of step ${this.trained.step}: ${error.message}`);
    }
  }

  end(event: "stop" | "finish"): void {
    this.#append({ event, step: this.trained.step, time: now() });
  }

  /** The error that ends the session. It says which checkpoint is left. */
  failure(raised: unknown): unknown {
    const error = inMemory(raised, this.trained.step, this.trained.recipe);
    const message = error instanceof Error ? error.message : String(error);
    try {
      this.#append({ event: "fail", step: this.trained.step, time: now(), message });
    } catch {
      // The disk may be what failed; the first error is the one to report.
    }
    if (!(error instanceof UserError)) return error;
    const rest =
      this.#saved === undefined ? "there is no checkpoint yet" : `the checkpoint of step ${this.#saved} is kept`;
    return new UserError(`${error.message}; ${rest}`, { cause: error });
  }
}

const now = (): string => new Date().toISOString();
