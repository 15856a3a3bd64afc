/**
 * The loop: steps, log lines, sample grids and checkpoints, from where the run stands to its end.
 *
 * Between steps it yields to the event loop, so that signals, the collector's finalizers and file writes get their turn.
 */
import { basename, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { UserError } from "../../base/errors.ts";
import type { Score } from "../../metrics/index.ts";
import type { Recipe } from "../../recipe/recipe.ts";
import { engineSummary, Generator, scope } from "../../tensor/index.ts";
import { shareCheckpoint, shouldContinue } from "../distributed/workers.ts";
import type { EvaluationEvents, Evaluator } from "../evaluation/evaluator.ts";
import { listCheckpoints, loadCheckpoint, pruneCheckpoints, writeCheckpoint } from "../run/checkpoint.ts";
import type { RunDirectory } from "../run/run-directory.ts";
import { bestEvaluation, chosenEvaluation, type RunEvent, type ScoresEvent, type Tick } from "../run/run-log.ts";
import { drawSamples } from "../sampling/sample.ts";
import { BuiltGan } from "../step/gan.ts";
import { seedOf } from "../step/random-streams.ts";
import { ALONE, type Replica } from "../step/sharding.ts";
import { readStartingWeights } from "../step/starting-weights.ts";
import { trainingStep } from "../step/step.ts";
import type { DataModule } from "./data-module.ts";
import { Clock, StepLog } from "./step-log.ts";

/** What a run tells while it goes on. */
export interface TrainingEvents extends EvaluationEvents {
  /** The sitting begins: from this step to that one. */
  begin?(from: number, to: number): void;
  /** A line of the log was written. */
  tick?(tick: Tick): void;
  /** A file was written. */
  saved?(file: string, kind: "samples" | "checkpoint"): void;
  /** An evaluation is done. */
  scored?(evaluation: ScoresEvent, best: boolean): void;
}

/** Where a sitting of a run ended. */
export interface Session {
  readonly step: number;
  /** False when it was stopped before the last step. */
  readonly finished: boolean;
  /** Seconds of training over all sittings. */
  readonly seconds: number;
  /** The newest sample grid of the run. */
  readonly samples: string | undefined;
  /** The newest checkpoint of the run. */
  readonly checkpoint: string | undefined;
  /** The best one by the recipe's score, where the run was evaluated. */
  readonly best: { readonly checkpoint: string; readonly name: string; readonly value: number } | undefined;
}

/** Everything that the loop needs. */
export interface LoopOptions {
  readonly recipe: Recipe;
  /** The data. */
  readonly dataModule: DataModule;
  /** The recipe's evaluations, if it has any. */
  readonly evaluator?: Evaluator | undefined;
  readonly directory: RunDirectory;
  /** The checkpoint of another run whose networks a new run begins with; default: new ones. */
  readonly from?: string | undefined;
  readonly events: TrainingEvents;
  readonly stop: AbortSignal | undefined;
  /** The first of the processes that train together; default: there is no other. */
  readonly replica?: Replica | undefined;
}

/**
 * Generator updates of a whole run: `steps`, or so many that the discriminator sees every sample `epochs` times.
 *
 * @throws UserError for a recipe in epochs over data that has none.
 */
export function totalSteps(recipe: Recipe, samplesPerEpoch: number | undefined): number {
  if (recipe.steps !== undefined) return recipe.steps;
  if (samplesPerEpoch === undefined) {
    throw new UserError(
      `\`epochs\` (=${recipe.epochs}): the data are drawn without end and know no epochs; give \`steps\` instead`,
    );
  }
  return Math.ceil((recipe.epochs! * samplesPerEpoch) / (recipe.batchSize * recipe.discriminatorSteps));
}

/**
 * Trains from the newest checkpoint to the end of the recipe, or until `stop` is raised: then the step at hand is finished
 * and a checkpoint written.
 *
 * @throws UserError when training diverges or the disk refuses; what was written before stays, and the log says so.
 */
export async function trainingLoop(options: LoopOptions): Promise<Session> {
  const { recipe, directory, evaluator, stop, replica = ALONE } = options;
  const steps = totalSteps(recipe, options.dataModule.samplesPerEpoch);
  const schedule = recipe.schedule?.build({ steps });
  const session = new Writer(options, steps);
  const { gan, clock, log } = session;
  const last = (): boolean => gan.step >= steps;
  const due = (every: number): boolean => gan.step % every === 0 || last();
  try {
    // A sitting can end while its last step is evaluated.
    if (gan.step > 0 && evaluator && due(evaluator.every) && !session.scored) {
      clock.pause();
      await session.evaluate();
      clock.go();
    }
    while (shouldContinue(replica, !last() && !stop?.aborted)) {
      gan.applySchedule(schedule);
      log.record(trainingStep(gan));
      if (due(recipe.log.every)) session.tick();
      // Pictures and files are not training: the clock that throughput is told by stands still meanwhile.
      clock.pause();
      if (due(recipe.samples.every)) await session.samples();
      if (due(recipe.checkpoint.every) || recipe.checkpoint.at.includes(gan.step)) session.checkpoint();
      if (evaluator && due(evaluator.every)) await session.evaluate();
      await setImmediate();
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
    return { step: gan.step, finished: last(), seconds, samples: directory.newestSamples(), checkpoint, best };
  } catch (error) {
    throw session.failure(error);
  } finally {
    log.dispose();
    gan.dispose();
  }
}

/** What one sitting writes into the run's folder. */
class Writer {
  readonly gan: BuiltGan;
  readonly clock: Clock;
  readonly log: StepLog;
  readonly #directory: RunDirectory;
  readonly #events: TrainingEvents;
  readonly #evaluator: Evaluator | undefined;
  readonly #stop: AbortSignal | undefined;
  readonly #dataModule: DataModule;
  /** The step of the newest checkpoint. */
  #saved: number | undefined;

  /** Builds the game, puts the newest checkpoint into it, and opens the sitting in the log. */
  constructor(options: LoopOptions, steps: number) {
    const { recipe, dataModule, directory, events, replica = ALONE } = options;
    this.#directory = directory;
    this.#events = events;
    this.#evaluator = options.evaluator;
    this.#stop = options.stop;
    this.#dataModule = dataModule;
    const isNew = listCheckpoints(directory.checkpoints).length === 0;
    this.gan = scope(() => {
      const weights = isNew && options.from !== undefined ? readStartingWeights(options.from) : undefined;
      return new BuiltGan(recipe, dataModule.shape, dataModule.loader(), replica, weights);
    });
    const seconds = this.#load();
    const event = this.#saved === undefined ? "start" : "resume";
    const logged = event === "start" ? directory.ticks().at(-1)?.step : undefined;
    // The other workers begin with this checkpoint, and so does a next sitting, even if the other run is gone by then.
    if (this.gan.hasGivenWeights) this.#save(seconds);
    shareCheckpoint(replica, listCheckpoints(directory.checkpoints).at(-1)?.path, this.gan);
    this.clock = new Clock(seconds);
    this.log = new StepLog(this.gan, this.clock);
    this.#append({ event, step: this.gan.step, time: now(), engine: { ...engineSummary() } });
    events.begin?.(this.gan.step, steps);
    if (this.gan.hasGivenWeights) events.note?.(`begun with the networks of ${options.from}`);
    if (logged !== undefined) {
      events.note?.(
        `the log reaches step ${logged}, but there is no checkpoint left to go on from: training begins anew`,
      );
    }
    if (this.gan.step >= steps) events.note?.(`the run has reached step ${this.gan.step} already`);
  }

  /** The seconds of training behind the newest checkpoint; 0 when there is none. */
  #load(): number {
    const [newest, before] = listCheckpoints(this.#directory.checkpoints).reverse();
    if (newest === undefined) return 0;
    try {
      const { seconds } = loadCheckpoint(newest.path, this.gan);
      this.#saved = newest.step;
      return seconds;
    } catch (error) {
      this.gan.dispose();
      if (!(error instanceof UserError)) throw error;
      const remedy = before ? `; to go on from step ${before.step} instead, remove ${newest.path}` : "";
      throw new UserError(`checkpoint ${basename(newest.path)}: ${error.message}${remedy}`, { cause: error });
    }
  }

  #append(line: RunEvent | ScoresEvent): void {
    this.#directory.append(line);
  }

  tick(): void {
    const tick = this.log.tick();
    this.#directory.append(tick);
    this.#events.tick?.(tick);
  }

  /** Samples from fixed noise, the same at every step, as a picture. */
  async samples(): Promise<void> {
    const { gan } = this;
    this.log.verify();
    const { count, columns } = gan.recipe.samples;
    const random = new Generator(seedOf(gan.recipe.seed, "samples"));
    const drawn = drawSamples(gan, { count, random, averaged: true });
    const file = join(this.#directory.samples, `${String(gan.step).padStart(6, "0")}.png`);
    const written = this.#dataModule.writeImage(file, drawn, { columns });
    drawn.dispose();
    await written;
    this.#events.saved?.(file, "samples");
  }

  /** Saves the game as it stands, unless that has been done. */
  checkpoint(): void {
    if (this.#saved === this.gan.step) return;
    this.log.verify();
    const file = this.#save(this.clock.seconds());
    this.#prune();
    this.#events.saved?.(file, "checkpoint");
  }

  #save(seconds: number): string {
    const file = writeCheckpoint(this.#directory.checkpoints, this.gan, seconds);
    this.#saved = this.gan.step;
    return file;
  }

  /** Keeps the newest checkpoints, those that the recipe names, and the best one, which may be the one just written. */
  #prune(best = this.#best()?.step): void {
    const { keep, at } = this.gan.recipe.checkpoint;
    pruneCheckpoints(this.#directory.checkpoints, keep, best === undefined ? at : [...at, best]);
  }

  /** The best evaluation by the recipe's score; of a run that is no longer evaluated, by the one that was last. */
  #best(): ReturnType<typeof chosenEvaluation> {
    const evaluations = this.#directory.evaluations();
    if (this.#evaluator === undefined) return chosenEvaluation(evaluations);
    const { best: score } = this.#evaluator;
    const found = bestEvaluation(evaluations, score);
    return found && { ...found, name: score.name };
  }

  get best(): Session["best"] {
    const best = this.#best();
    const found = listCheckpoints(this.#directory.checkpoints).find(({ step }) => step === best?.step);
    if (best === undefined || found === undefined) return undefined;
    return { checkpoint: found.path, name: best.name, value: best.value };
  }

  /** Whether the game as it stands has been evaluated. */
  get scored(): boolean {
    return this.#directory.evaluations().some(({ step }) => step === this.gan.step);
  }

  /** Scores the game as it stands, and saves it if it is the best so far. A raised `stop` leaves it unscored. */
  async evaluate(): Promise<void> {
    this.log.verify();
    const evaluator = this.#evaluator!;
    const { step } = this.gan;
    const begun = performance.now();
    let scores: Score[];
    try {
      scores = await evaluator.scores(this.gan, this.#events, this.#stop);
    } catch (error) {
      if (this.#stop?.aborted && error === this.#stop.reason) return;
      throw error;
    }
    const evaluation: ScoresEvent = {
      event: "scores",
      step,
      time: now(),
      seconds: (performance.now() - begun) / 1000,
      scores,
      chosenBy: evaluator.best.name,
    };
    const best = bestEvaluation([...this.#directory.evaluations(), evaluation], evaluator.best)?.step === step;
    // Saved before it is logged: a step that the log calls the best has its checkpoint.
    if (best) this.checkpoint();
    this.#append(evaluation);
    if (best) this.#prune();
    this.#events.scored?.(evaluation, best);
  }

  end(event: "stop" | "finish"): void {
    this.#append({ event, step: this.gan.step, time: now() });
  }

  /** The error to end with: it says what is left. */
  failure(error: unknown): unknown {
    const message = error instanceof Error ? error.message : String(error);
    try {
      this.#append({ event: "fail", step: this.gan.step, time: now(), message });
    } catch {
      // The disk may be what failed; the error at hand is the one to report.
    }
    if (!(error instanceof UserError)) return error;
    const rest =
      this.#saved === undefined ? "there is no checkpoint yet" : `the checkpoint of step ${this.#saved} is kept`;
    return new UserError(`${error.message}; ${rest}`, { cause: error });
  }
}

const now = (): string => new Date().toISOString();
