/**
 * The loop: steps, log lines, sample grids and checkpoints, from where the run stands to its end.
 *
 * Between steps it yields to the event loop, so that signals, the collector's finalizers and file writes get their turn.
 */
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { UserError } from "../base/errors.ts";
import type { BatchFeed } from "../data/feed.ts";
import { writePngGrid } from "../formats/index.ts";
import type { Schedule } from "../optim/index.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { Generator, scope, type Tensor } from "../tensor/index.ts";
import { loadCheckpoint, pruneCheckpoints, writeCheckpoint } from "./checkpoint.ts";
import { BuiltGame, build, type DataShape } from "./game.ts";
import type { RunDirectory, Tick } from "./run-directory.ts";
import { drawSamples } from "./sample.ts";
import { STEP_NUMBERS, trainingStep } from "./step.ts";
import { seedOf } from "./streams.ts";

/** What a run tells while it goes on. */
export interface TrainingEvents {
  /** The sitting begins: from this step to that one. */
  begin?(from: number, to: number): void;
  /** A line of the log was written. */
  tick?(tick: Tick): void;
  /** A file was written. */
  saved?(file: string, kind: "samples" | "checkpoint"): void;
  /** Something that a person may want to know. */
  note?(message: string): void;
}

/** Where a sitting of a run ended. */
export interface Sitting {
  readonly step: number;
  /** False when it was stopped before the last step. */
  readonly finished: boolean;
  /** Seconds of training over all sittings. */
  readonly seconds: number;
  readonly samples: string | undefined;
  readonly checkpoint: string | undefined;
}

/** Everything that the loop needs. */
export interface LoopOptions {
  readonly recipe: Recipe;
  readonly shape: DataShape;
  readonly feed: BatchFeed;
  readonly directory: RunDirectory;
  /** Number of samples in an epoch, for recipes that count in epochs. */
  readonly samplesPerEpoch: number;
  /** The checkpoint to continue from. */
  readonly from: string | undefined;
  readonly events: TrainingEvents;
  readonly stop: AbortSignal | undefined;
}

/** Generator updates of a whole run: `steps`, or so many that the discriminator sees every sample `epochs` times. */
export function totalSteps(recipe: Recipe, samplesPerEpoch: number): number {
  if (recipe.steps !== undefined) return recipe.steps;
  return Math.ceil((recipe.epochs! * samplesPerEpoch) / (recipe.batchSize * recipe.discriminatorSteps));
}

/** Trains to the end of the recipe, or until `stop` is raised: then the step is finished and a checkpoint written. */
export async function trainingLoop(options: LoopOptions): Promise<Sitting> {
  const { recipe, shape, feed, directory, from, events, stop } = options;
  const steps = totalSteps(recipe, options.samplesPerEpoch);
  const schedule = recipe.schedule && build<Schedule>(recipe.schedule, { steps });
  const game = scope(() => new BuiltGame(recipe, shape, feed));
  const clock = new Clock(from === undefined ? 0 : loadCheckpoint(from, game).seconds);
  const log = new Log(game, clock);
  let samples: string | undefined;
  let checkpoint = from;
  events.begin?.(game.step, steps);

  const save = async (): Promise<void> => {
    log.verify();
    const file = join(directory.samples, `${String(game.step).padStart(6, "0")}.png`);
    if ("channels" in shape.sample && samples !== file) {
      await saveSamples(game, file);
      samples = file;
      events.saved?.(file, "samples");
    }
  };
  const saveCheckpoint = (): void => {
    log.verify();
    checkpoint = writeCheckpoint(directory.checkpoints, game, clock.seconds());
    pruneCheckpoints(directory.checkpoints, recipe.checkpoint.keep);
    events.saved?.(checkpoint, "checkpoint");
  };

  try {
    while (game.step < steps && !stop?.aborted) {
      game.applySchedule(schedule);
      log.record(trainingStep(game));
      if (game.step % recipe.log.every === 0 || game.step === steps) {
        const tick = log.tick();
        directory.append(tick);
        events.tick?.(tick);
      }
      // Pictures and files are not training: the clock that throughput is told by stands still meanwhile.
      clock.pause();
      if (game.step % recipe.samples.every === 0 || game.step === steps) await save();
      if (game.step % recipe.checkpoint.every === 0 || game.step === steps) saveCheckpoint();
      await setImmediate();
      clock.go();
    }
    const finished = game.step >= steps;
    if (!finished && checkpoint !== undefined && checkpoint.endsWith(String(game.step).padStart(6, "0"))) {
      events.note?.(`step ${game.step} is already saved`);
    } else if (!finished) {
      saveCheckpoint();
    }
    return { step: game.step, finished, seconds: clock.seconds(), samples, checkpoint };
  } finally {
    log.dispose();
    game.dispose();
  }
}

/** Samples from fixed noise, the same at every step, as a picture. */
async function saveSamples(game: BuiltGame, file: string): Promise<void> {
  const { count, columns } = game.recipe.samples;
  const images = drawSamples(game, {
    count,
    random: new Generator(seedOf(game.recipe.seed, "samples")),
    averaged: true,
  });
  const written = writePngGrid(file, images, { columns });
  images.dispose();
  await written;
}

/** Counts the seconds of training, over all sittings. */
class Clock {
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
class Log {
  readonly #game: BuiltGame;
  readonly #clock: Clock;
  #pending: Tensor[] = [];
  #lastSeconds: number;
  #lastStep: number;
  #rows: Float64Array[] = [];

  constructor(game: BuiltGame, clock: Clock) {
    this.#game = game;
    this.#clock = clock;
    this.#lastSeconds = clock.seconds();
    this.#lastStep = game.step;
  }

  record(numbers: Tensor): void {
    this.#pending.push(numbers);
  }

  /** Looks at all numbers recorded so far. Throws UserError for the first that is not finite. */
  verify(): void {
    for (const numbers of this.#pending) {
      const row = Float64Array.from(numbers.toArray() as Float32Array);
      numbers.dispose();
      this.#rows.push(row);
      const bad = row.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        const step = this.#lastStep + this.#rows.length;
        throw new UserError(
          `step ${step}: ${STEP_NUMBERS[bad]} is ${row[bad]}; training has diverged, and the last good checkpoint is kept`,
        );
      }
    }
    this.#pending = [];
  }

  /** The line for the steps since the last one. */
  tick(): Tick {
    this.verify();
    const { recipe, techniques } = this.#game;
    const { step, epoch } = this.#game.progress;
    const seconds = this.#clock.seconds();
    const count = this.#rows.length;
    const mean = (i: number): number => this.#rows.reduce((sum, row) => sum + row[i]!, 0) / count;
    const [lossD, lossG, dReal, dFake] = STEP_NUMBERS.map((_, i) => mean(i)) as [number, number, number, number];
    const images = count * recipe.discriminatorSteps * recipe.batchSize;
    const imagesPerSecond = images / (seconds - this.#lastSeconds);
    const extras = Object.assign({}, ...techniques.map((technique) => technique.report?.() ?? {}));
    this.#rows = [];
    this.#lastSeconds = seconds;
    this.#lastStep = step;
    return { step, epoch, lossD, lossG, dReal, dFake, ...extras, imagesPerSecond, seconds };
  }

  dispose(): void {
    for (const numbers of this.#pending) numbers.dispose();
    this.#pending = [];
  }
}
