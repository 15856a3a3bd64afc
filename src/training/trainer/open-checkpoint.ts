/** Checkpoints of a run, opened to draw samples from. */
import { existsSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { Generator, scope, type Tensor } from "../../tensor/index.ts";
import { listCheckpoints, loadForSampling } from "../run/checkpoint.ts";
import { RunDirectory } from "../run/run-directory.ts";
import { chosenEvaluation } from "../run/run-log.ts";
import { drawSamples } from "../sampling/sample.ts";
import { BuiltGan } from "../step/gan.ts";
import type { Trainable } from "../trainable.ts";
import { storedTrainer } from "./run.ts";
import type { Trainer } from "./trainer.ts";

/** What {@link sampleRun} draws. */
export interface SampleRunOptions {
  readonly count: number;
  readonly seed: number;
  readonly truncation?: number | undefined;
  readonly classIndex?: number | undefined;
  /** Values of conditions by name, such as `{ smiling: 1 }`; default: those of real samples, drawn by the seed. */
  readonly condition?: Readonly<Record<string, number>> | undefined;
  /** Averaged weights where the run keeps them; default true. */
  readonly averaged?: boolean | undefined;
  /** "last" (default), "best" by the chosen score, or a step. */
  readonly checkpoint?: string | undefined;
  /** The trainer of the run, where it was defined in code and not in a file. */
  readonly trainer?: Trainer | undefined;
}

/** The trained modules of a checkpoint, to draw samples from. The data is not needed. */
export interface OpenedCheckpoint {
  readonly trained: Trainable;
  readonly step: number;
}

/** The networks of a recipe's checkpoint. */
export interface OpenedGan {
  readonly gan: BuiltGan;
  readonly step: number;
}

/** Checkpoints that are tried while training removes them. */
const TRIES = 20;

/**
 * Opens a checkpoint of any run for drawing. The caller disposes `trained`.
 *
 * While the run is trained, a checkpoint can be removed before it is read. Then "last" and "best" take the one that is
 * the last or the best by then.
 *
 * @param checkpoint - "last", "best" by the chosen score, or the number of a step
 * @param device - where its tensors are placed; default: where the run was trained
 * @throws UserError when there is no such checkpoint, or none stays for long enough to be read.
 */
export async function openCheckpoint(
  path: string,
  checkpoint = "last",
  trainer?: Trainer,
  device?: string,
): Promise<OpenedCheckpoint> {
  const directory = new RunDirectory(path);
  findCheckpoint(directory, checkpoint);
  const shape = directory.dataShape();
  const stored = await storedTrainer(directory, trainer);
  const placed = device === undefined ? stored : stored.on(device);
  const trained = scope(() => placed.build({ shape }));
  try {
    return { trained, step: loadOneThatStays(directory, checkpoint, trained) };
  } catch (error) {
    trained.dispose();
    throw error;
  }
}

/** Loads the wanted checkpoint, or the one that has taken its place when it is gone, and gives its step. */
function loadOneThatStays(directory: RunDirectory, wanted: string, trained: Trainable): number {
  for (let tries = 0; tries < TRIES; tries++) {
    const { path, step } = findCheckpoint(directory, wanted);
    try {
      loadForSampling(path, trained);
      return step;
    } catch (error) {
      if (existsSync(path)) throw error;
    }
  }
  throw new UserError(
    `the checkpoints of ${directory.path} are removed sooner than they can be read, ${TRIES} of them so far; train with a larger \`checkpoint.keep\` or \`checkpoint.every\``,
  );
}

/**
 * Opens a checkpoint of a recipe's run: both networks, loss and techniques. The caller disposes `gan`.
 *
 * @param checkpoint - "last", "best" by the chosen score, or the number of a step
 * @throws UserError when there is no such checkpoint, or the run is of a trainer and has no GAN of a recipe.
 */
export async function openForSampling(path: string, checkpoint = "last"): Promise<OpenedGan> {
  const { trained, step } = await openCheckpoint(path, checkpoint);
  if (trained instanceof BuiltGan) return { gan: trained, step };
  trained.dispose();
  throw new UserError(`${path} was trained by a trainer of its own; this works only with the run of a recipe`);
}

/**
 * Samples from a run's checkpoint: [count, C, S, S] in [-1, 1], or vectors [count, features]. The data is not needed,
 * and the run need not be finished.
 *
 * @throws UserError when there is no such checkpoint or an option does not fit.
 */
export async function sampleRun(path: string, options: SampleRunOptions): Promise<Tensor> {
  const { trained } = await openCheckpoint(path, options.checkpoint, options.trainer);
  try {
    return drawSamples(trained, {
      count: options.count,
      random: new Generator(options.seed),
      averaged: options.averaged ?? true,
      truncation: options.truncation,
      classIndex: options.classIndex,
      condition: options.condition,
    });
  } finally {
    trained.dispose();
  }
}

function findCheckpoint(directory: RunDirectory, wanted: string): { step: number; path: string } {
  const all = listCheckpoints(directory.checkpoints);
  if (all.length === 0) throw new UserError(`${directory.path} has no checkpoint yet`);
  if (wanted === "last") return all.at(-1)!;
  const step = wanted === "best" ? bestStep(directory) : wanted;
  const found = all.find((checkpoint) => String(checkpoint.step) === step);
  if (found) return found;
  throw new UserError(
    `checkpoint \`${step}\` does not exist; there are: last, ${all.map(({ step }) => step).join(", ")}`,
  );
}

/** The step with the best value of the chosen score. */
function bestStep(directory: RunDirectory): string {
  const found = chosenEvaluation(directory.evaluations());
  if (found) return String(found.step);
  throw new UserError(
    `${directory.path} has no best checkpoint: it was never evaluated while it trained (key \`evaluate\`)`,
  );
}
