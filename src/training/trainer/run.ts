/** A run: a recipe in a folder, trained in one sitting or several. */
import { canonicalJson } from "../../base/canonical-json.ts";
import type { PlainDescriptor } from "../../base/descriptor.ts";
import { UserError } from "../../base/errors.ts";
import { type PackProgress, withAbsolutePaths } from "../../data/index.ts";
import { importModules } from "../../recipe/modules.ts";
import { applyOverrides } from "../../recipe/overrides.ts";
import { fromPlainRecipe, recipeHash, toPlainRecipe } from "../../recipe/plain.ts";
import type { Recipe } from "../../recipe/recipe.ts";
import { gantryVersion } from "../../recipe/version.ts";
import { configureEngine, engineSummary, Generator, scope, type Tensor } from "../../tensor/index.ts";
import { joinWorkers, leaveWorkers, onOwnDevice, type Rendezvous } from "../distributed/workers.ts";
import { listCheckpoints, loadForSampling } from "../run/checkpoint.ts";
import { writeReport } from "../run/report.ts";
import { type RunDescription, RunDirectory } from "../run/run-directory.ts";
import { chosenEvaluation } from "../run/run-log.ts";
import { drawSamples } from "../sampling/sample.ts";
import { BuiltGan } from "../step/gan.ts";
import { findCheckpointAt } from "../step/starting-weights.ts";
import { type DataModule, openDataModule } from "./data-module.ts";
import { type Session, type TrainingEvents, totalSteps, trainingLoop } from "./loop.ts";

/** Where a recipe came from; a run remembers it. */
export interface RunOrigin {
  /** The folder to make. */
  readonly directory: string;
  /** Shipped name or file of the recipe; default "(in code)". */
  readonly source?: string;
  /** Files of the user's own parts. */
  readonly modules?: readonly string[];
  /** What the command line changed, for the record. */
  readonly overrides?: readonly string[];
  /**
   * Another run, or one of its checkpoints, whose networks this one begins with; default: new ones. Optimizers, techniques and
   * the count of steps begin anew.
   */
  readonly from?: string | undefined;
}

/** What {@link Run.train} takes. */
export interface TrainOptions {
  readonly events?: TrainingEvents & { preparing?(progress: PackProgress): void };
  /** Raise it to stop after the current step, with a checkpoint; while data are prepared or workers start, before the first. */
  readonly stop?: AbortSignal;
  /** Where to meet the other workers, of which this one is the first; default: there are none. */
  readonly rendezvous?: Rendezvous | undefined;
}

/** How a sitting ended. */
export interface RunResult extends Session {
  readonly directory: string;
}

/** How the source of a run begins whose generator another project trained. */
export const IMPORTED = "imported from ";

/** Keys that a resumed run may change without becoming another run: its length and what it writes. */
const CHANGEABLE = ["steps", "epochs", "samples", "log", "evaluate", "checkpoint", "threads", "device"];

/** One run. Made by {@link startRun} or {@link openRun}. */
export class Run {
  readonly recipe: Recipe;
  readonly directory: RunDirectory;
  readonly #description: RunDescription;

  /** @internal */
  constructor(directory: RunDirectory, description: RunDescription, recipe: Recipe) {
    this.directory = directory;
    this.#description = description;
    this.recipe = recipe;
  }

  /** Generator updates of the whole run; undefined for a recipe that counts epochs, until its data is known. */
  get totalSteps(): number | undefined {
    const { data } = this.#description;
    return data === undefined ? this.recipe.steps : totalSteps(this.recipe, data.count || undefined);
  }

  /** The step of the newest checkpoint; 0 when there is none. */
  get step(): number {
    return listCheckpoints(this.directory.checkpoints).at(-1)?.step ?? 0;
  }

  /**
   * Trains to the end of the recipe, or until `stop` is raised, from the newest checkpoint if there is one.
   *
   * @throws UserError when the data is missing, training diverges, or another process trains the run.
   */
  async train({ events = {}, stop, rendezvous }: TrainOptions = {}): Promise<RunResult> {
    if (this.#description.source.startsWith(IMPORTED)) {
      throw new UserError(
        `${this.directory.path} was imported: it has a generator and nothing to go on with; draw from it, score it, or begin another run with it (--from)`,
      );
    }
    const recipe = rendezvous === undefined ? this.recipe : onOwnDevice(this.recipe, rendezvous);
    if (recipe.threads !== undefined) configureEngine({ threads: recipe.threads });
    const release = this.directory.lock();
    try {
      const dataModule = await opened(recipe, events, stop);
      if (dataModule === undefined) return this.#whereItStands();
      const engine = { gantry: gantryVersion(), ...engineSummary(), workers: rendezvous?.size ?? 1 };
      const description = this.#describe(dataModule, engine);
      const { broken, name } = dataModule;
      if (broken > 0) {
        const what = broken === 1 ? "a file" : `${broken} files`;
        events.note?.(
          `${what} of ${name} cannot be read and ${broken === 1 ? "is" : "are"} left out; gantry data says which`,
        );
      }
      for (const change of [this.#engineChange(engine), this.#filesChange(dataModule)]) {
        if (change !== undefined)
          events.note?.(`${change}: the run goes on, but not with the bits that it would have had`);
      }
      const evaluator = await dataModule.openEvaluator();
      try {
        if (rendezvous !== undefined && !(await joinWorkers(rendezvous, recipe, stop))) return this.#whereItStands();
        const session = await trainingLoop({
          recipe,
          dataModule,
          evaluator,
          directory: this.directory,
          from: description.from,
          events,
          stop,
          replica: rendezvous,
        });
        writeReport(this.directory, description, session.samples);
        return { directory: this.directory.path, ...session };
      } finally {
        if (rendezvous !== undefined) leaveWorkers();
        evaluator?.dispose();
      }
    } finally {
      release();
    }
  }

  /** The result of a sitting that has not begun. */
  #whereItStands(): RunResult {
    const { path, checkpoints } = this.directory;
    return {
      directory: path,
      step: this.step,
      finished: false,
      seconds: this.directory.ticks().at(-1)?.seconds ?? 0,
      samples: this.directory.newestSamples(),
      checkpoint: listCheckpoints(checkpoints).at(-1)?.path,
      best: undefined,
    };
  }

  /** In words, what the bits depend on and is not as it was when the run began; undefined when all is. */
  #engineChange(engine: RunDescription["engine"]): string | undefined {
    const before = this.#description.engine;
    const changes = Object.entries(engine)
      .filter(([key, value]) => key in before && before[key] !== value)
      .map(([key, value]) => `${key} ${before[key]} is now ${value}`);
    if (changes.length === 0) return undefined;
    return changes.join(", ");
  }

  /** The same of its data, which may be as many of the same name and yet others. */
  #filesChange({ name, fingerprint }: DataModule): string | undefined {
    const before = this.#description.data?.fingerprint;
    if (before === undefined || before === fingerprint) return undefined;
    return `the files of ${name}, or how they are prepared, are not as they were when the run began`;
  }

  /**
   * Records what the run was trained on, which sampling needs and which a resumed run must meet again, and of its first
   * sitting with what engine and how many workers.
   */
  #describe(
    { name, samplesPerEpoch, note, fingerprint, shape }: DataModule,
    engine: RunDescription["engine"],
  ): RunDescription {
    const before = this.#description.data;
    const data = {
      name,
      count: samplesPerEpoch ?? 0,
      sample: shape.sample,
      classes: [...shape.classes],
      ...(shape.classCounts === undefined ? {} : { classCounts: [...shape.classCounts] }),
      ...(note === undefined ? {} : { note }),
      // That of the beginning stays: it is what every sitting is held against.
      ...(fingerprint === undefined ? {} : { fingerprint: before?.fingerprint ?? fingerprint }),
    };
    if (before !== undefined && identity(before) !== identity(data)) {
      throw new UserError(`the data has changed: the run was trained on ${inWords(before)}, this is ${inWords(data)}`);
    }
    const description = { ...this.#description, data };
    if (before === undefined) description.engine = { ...description.engine, ...engine };
    this.directory.describe(description);
    return description;
  }
}

/** A recipe's data; undefined when `stop` was raised before they were prepared. */
async function opened(
  recipe: Recipe,
  events: NonNullable<TrainOptions["events"]>,
  stop: AbortSignal | undefined,
): Promise<DataModule | undefined> {
  try {
    return await openDataModule(recipe, { onProgress: events.preparing?.bind(events), stop });
  } catch (error) {
    if (stop?.aborted && error === stop.reason) return undefined;
    throw error;
  }
}

type DataDescription = NonNullable<RunDescription["data"]>;

/** What must be the same when a run goes on. */
function identity({ name, count, sample, classes }: DataDescription): string {
  return canonicalJson({ name, count, sample, classes });
}

function inWords({ name, count, classes }: DataDescription): string {
  return `${name} (${count === 0 ? "without end" : `${count} samples`}, ${classes.length} classes)`;
}

function describeRun(recipe: Recipe, origin: RunOrigin): RunDescription {
  const plain = toPlainRecipe(recipe);
  return {
    format: 1,
    source: origin.source ?? "(in code)",
    overrides: [...(origin.overrides ?? [])],
    modules: [...(origin.modules ?? [])],
    // A run may be resumed from another working directory.
    recipe: { ...plain, data: withAbsolutePaths(plain.data as PlainDescriptor) },
    hash: recipeHash(recipe),
    ...(origin.from === undefined ? {} : { from: findCheckpointAt(origin.from) }),
    engine: { gantry: gantryVersion(), node: process.version, ...engineSummary() },
  };
}

/**
 * Makes a run's folder.
 *
 * @throws UserError when the folder exists and is not empty, or `from` is no run with a checkpoint.
 *
 * @example
 * const run = startRun(recipe, { directory: "runs/first" });
 * const { samples } = await run.train();
 */
export function startRun(recipe: Recipe, origin: RunOrigin): Run {
  if (recipe.threads !== undefined) configureEngine({ threads: recipe.threads });
  const directory = new RunDirectory(origin.directory);
  const description = describeRun(recipe, origin);
  directory.create(description);
  return new Run(directory, description, recipe);
}

/**
 * Opens a run to continue it; `changes` are overrides ("steps=4000") of keys that a run may change on its way. Nothing
 * is written before {@link Run.train}.
 *
 * @throws UserError when the folder is no run, a change is not allowed, or a part of the user's own cannot be found.
 */
export async function openRun(path: string, changes: readonly string[] = []): Promise<Run> {
  const directory = new RunDirectory(path);
  const stored = directory.description();
  await importModules(stored.modules);
  let recipe = fromPlainRecipe(stored.recipe);
  let description = stored;
  if (changes.length > 0) {
    for (const change of changes) {
      const key = change.split("=")[0]!.split(".")[0]!;
      if (!CHANGEABLE.includes(key)) {
        throw new UserError(
          `\`${change}\`: a resumed run can change ${CHANGEABLE.join(", ")}; anything else makes another run: start one with \`gantry train\``,
        );
      }
    }
    recipe = applyOverrides(recipe, changes);
    const reached = listCheckpoints(directory.checkpoints).at(-1)?.step ?? 0;
    if (recipe.steps !== undefined && recipe.steps < reached) {
      throw new UserError(`steps (=${recipe.steps}): ${path} has reached step ${reached} already; give more than that`);
    }
    description = {
      ...stored,
      overrides: [...stored.overrides, ...changes],
      recipe: toPlainRecipe(recipe),
      hash: recipeHash(recipe),
    };
  }
  return new Run(directory, description, recipe);
}

/** What {@link sampleRun} draws. */
export interface SampleRunOptions {
  readonly count: number;
  readonly seed: number;
  readonly truncation?: number | undefined;
  readonly classIndex?: number | undefined;
  /** Averaged weights where the run keeps them; default true. */
  readonly averaged?: boolean | undefined;
  /** "last" (default), "best" by the recipe's score, or a step. */
  readonly checkpoint?: string | undefined;
}

/** A run's networks as a checkpoint left them, to draw from; its data is not needed. */
export interface OpenedGan {
  readonly gan: BuiltGan;
  readonly step: number;
}

/**
 * Opens a checkpoint of a run for drawing. The caller disposes of the game.
 *
 * @param checkpoint "last", "best" by the recipe's score, or the number of a step
 *
 * @throws UserError when there is no such checkpoint.
 */
export async function openForSampling(path: string, checkpoint = "last"): Promise<OpenedGan> {
  const directory = new RunDirectory(path);
  const { data, modules, recipe: plain } = directory.description();
  const found = findCheckpoint(directory, checkpoint);
  if (data === undefined) throw new UserError(`${directory.path} has not been trained yet`);
  await importModules(modules);
  const recipe = fromPlainRecipe(plain);
  const gan = scope(() => new BuiltGan(recipe, data));
  try {
    loadForSampling(found.path, gan);
    return { gan, step: found.step };
  } catch (error) {
    gan.dispose();
    throw error;
  }
}

/**
 * Samples from a run's checkpoint: [count, C, S, S] in [-1, 1], or vectors [count, features]. Needs neither the data nor the run to be finished.
 *
 * @throws UserError when there is no such checkpoint or an option does not fit.
 */
export async function sampleRun(path: string, options: SampleRunOptions): Promise<Tensor> {
  const { gan } = await openForSampling(path, options.checkpoint);
  try {
    return drawSamples(gan, {
      count: options.count,
      random: new Generator(options.seed),
      averaged: options.averaged ?? true,
      truncation: options.truncation,
      classIndex: options.classIndex,
    });
  } finally {
    gan.dispose();
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

/** The step with the best value of the score that the run chooses by. */
function bestStep(directory: RunDirectory): string {
  const found = chosenEvaluation(directory.evaluations());
  if (found) return String(found.step);
  throw new UserError(
    `${directory.path} has no best checkpoint: it was never evaluated while it trained (recipe key \`evaluate\`)`,
  );
}
