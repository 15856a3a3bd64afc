/** A run: a trainer and its folder, trained in one session or several. */
import { existsSync } from "node:fs";
import { resolve, sep } from "node:path";
import { z } from "zod";
import { canonicalJson } from "../../base/canonical-json.ts";
import { counted } from "../../base/counted.ts";
import { type PlainDescriptor, schemaOf } from "../../base/descriptor.ts";
import { asSettings, UserError } from "../../base/errors.ts";
import { gantryVersion } from "../../base/version.ts";
import { movedLabelFile, type PackProgress, withAbsolutePaths } from "../../data/index.ts";
import {
  fromPlainRecipe,
  importModules,
  type PlainRecipe,
  type Recipe,
  recipeHash,
  toPlainRecipe,
  trustFile,
} from "../../recipe/index.ts";
import { type ConvolutionMode, configureEngine, engineSummary, leaveGroup } from "../../tensor/index.ts";
import type { Rendezvous } from "../distributed/rendezvous.ts";
import { deviceOf, joinWorkers } from "../distributed/workers.ts";
import { listCheckpoints } from "../run/checkpoint.ts";
import { RunConvolutions } from "../run/convolutions.ts";
import { writeReport } from "../run/report.ts";
import { type RunDescription, RunDirectory } from "../run/run-directory.ts";
import { findWeightsAt } from "../run/starting-weights.ts";
import { watchStopRequest } from "../run/stop-request.ts";
import { refuseGraph } from "../step/graph-support.ts";
import type { RunSettings } from "../trainable.ts";
import { notesOnFew, refuseUnmakeable } from "./before-data.ts";
import { type DataModule, openDataModule } from "./data-module.ts";
import { trainerOfFile } from "./load.ts";
import { totalSteps, trainingLoop } from "./loop.ts";
import { refusePrecision } from "./precision-support.ts";
import { RecipeTrainer } from "./recipe-trainer.ts";
import { scheduleChange } from "./schedule-change.ts";
import type { SessionEnd, TrainingEvents } from "./session.ts";
import type { Trainer } from "./trainer.ts";

/** Where a recipe or trainer came from; a run remembers it. */
export interface RunOrigin {
  /** The folder to make. */
  readonly directory: string;
  /** Shipped name or file; default "(in code)". */
  readonly source?: string;
  /** Files of the user's own parts. */
  readonly modules?: readonly string[];
  /** What the command line changed, for the record. */
  readonly overrides?: readonly string[];
  /**
   * Another run, one of its checkpoints, or a file of weights, with which this one begins where layers fit; default: new
   * ones. Optimizers, techniques and the count of steps begin at zero.
   */
  readonly from?: string | undefined;
  /**
   * Whether a run that is in the folder may be replaced; default false. It is removed once the new one has begun: before
   * that, {@link Run.putBack} restores it.
   */
  readonly overwrite?: boolean | undefined;
}

/** What {@link Run.train} takes. */
export interface TrainOptions {
  readonly events?: TrainingEvents & { preparing?(progress: PackProgress): void };
  /**
   * Raise it to stop after the current step, with a checkpoint. While data are prepared or workers start, it stops
   * before the first step. A file `stop` in the run's folder does the same.
   */
  readonly stop?: AbortSignal;
  /** The rendezvous with the other workers; this process is the first. Default: no others. */
  readonly rendezvous?: Rendezvous | undefined;
}

/** How a session ended. */
export interface RunResult extends SessionEnd {
  readonly directory: string;
}

/** The start of a run's source when another project trained its generator. */
export const IMPORTED = "imported from ";

/** The start of a run's source when its generator is an average of another run's. */
export const AVERAGED = "averaged from ";

/** Whether a run was imported: its discriminator may have new weights. */
export const isImported = ({ source }: Pick<RunDescription, "source">): boolean => source.startsWith(IMPORTED);

/** Keys that may change in a resumed run: its length and what it writes. */
export const changeableKeys: readonly string[] = [
  "steps",
  "epochs",
  "samples",
  "log",
  "evaluate",
  "checkpoint",
  "threads",
  "device",
  "convolution",
];

/** One run. Made by {@link startRun} or {@link openRun}. */
export class Run {
  readonly trainer: Trainer;
  readonly directory: RunDirectory;
  readonly #description: RunDescription;
  /** Where the data are now, if they have been moved. */
  readonly #movedTo: string | undefined;

  /** @internal */
  constructor(directory: RunDirectory, description: RunDescription, trainer: Trainer, movedTo?: string) {
    this.directory = directory;
    this.#description = description;
    this.trainer = trainer;
    this.#movedTo = movedTo;
  }

  /** The settings. For a recipe's run this is the recipe. */
  get recipe(): RunSettings {
    return this.trainer.settings;
  }

  /** Steps of the whole run; undefined for a length in epochs, until the data is known. */
  get totalSteps(): number | undefined {
    const { data } = this.#description;
    return data === undefined ? this.recipe.steps : totalSteps(this.recipe, data.count || undefined);
  }

  /** The step of the newest checkpoint; 0 when there is none. */
  get step(): number {
    return listCheckpoints(this.directory.checkpoints).at(-1)?.step ?? 0;
  }

  /**
   * Restores the run that this one was to replace, if it has not begun. Returns whether there was one.
   * @throws UserError when the file system refuses.
   */
  putBack(): boolean {
    return this.directory.putBack();
  }

  /**
   * Trains to the last step, or until `stop` is raised, from the newest checkpoint if there is one.
   *
   * @throws UserError when the data is missing, training diverges, or another process trains the run.
   */
  async train({ events = {}, stop: signal, rendezvous }: TrainOptions = {}): Promise<RunResult> {
    if (isImported(this.#description)) {
      throw new UserError(
        `${this.directory.path} was imported: it has only a generator and cannot be trained; draw from it, score it, or begin another run with it (--from)`,
      );
    }
    if (this.#description.source.startsWith(AVERAGED)) {
      throw new UserError(
        `${this.directory.path} holds averaged weights and cannot be trained; draw from it, score it, or begin another run with it (--from)`,
      );
    }
    const trainer = rendezvous === undefined ? this.trainer : this.trainer.on(deviceOf(this.recipe, rendezvous));
    const { settings } = trainer;
    if (settings.threads !== undefined) configureEngine({ threads: settings.threads });
    refusePrecision(settings, { run: this.directory.path });
    refuseGraph(settings);
    const release = this.directory.lock();
    const watch = watchStopRequest(this.directory.path, signal);
    const stop = watch.signal;
    try {
      const preparing = { onProgress: events.preparing?.bind(events), warn: events.note?.bind(events), stop };
      const dataModule = await unlessStopped(openDataModule(settings, preparing), stop);
      if (dataModule === STOPPED) return this.#whereItStands();
      const engine = { gantry: gantryVersion(), ...engineSummary(), workers: rendezvous?.size ?? 1 };
      const description = this.#described(dataModule, engine);
      for (const told of [dataModule.usage, dataModule.conversion]) if (told !== undefined) events.note?.(told);
      for (const note of notesOnFew(settings, dataModule)) events.note?.(note);
      const unreadable = this.directory.unreadable();
      if (unreadable > 0)
        events.note?.(`${counted(unreadable, "line")} of metrics.jsonl cannot be read and are passed over`);
      const { problem } = this.directory.damage();
      if (problem !== undefined) events.note?.(`${problem}; training does not depend on it`);
      const rates = this.#scheduleChange(dataModule);
      if (rates !== undefined) events.note?.(rates);
      for (const change of [this.#engineChange(engine), this.#filesChange(dataModule)]) {
        if (change !== undefined)
          events.note?.(`${change}: the run continues, but not with the bits that it would have had`);
      }
      const evaluator = await unlessStopped(dataModule.openEvaluator(preparing), stop);
      if (evaluator === STOPPED) return this.#whereItStands();
      const mode = convolutionMode(settings, rendezvous);
      const convolutions = new RunConvolutions(mode, this.directory.path, events.note?.bind(events));
      try {
        const note = events.note?.bind(events);
        if (rendezvous !== undefined && !(await joinWorkers(rendezvous, settings, stop, note)))
          return this.#whereItStands();
        const end = await trainingLoop({
          trainer,
          dataModule,
          evaluator,
          directory: this.directory,
          from: description.from,
          transferred: (transfer) => {
            description.transfer = transfer;
          },
          built: () => {
            this.directory.forgetOverwritten();
            this.directory.keepConditions(dataModule.shape);
            this.directory.describe(description);
          },
          report: () => writeReport(this.directory, description),
          events,
          stop,
          replica: rendezvous,
          convolutions,
        });
        writeReport(this.directory, description);
        return { directory: this.directory.path, ...end };
      } finally {
        if (rendezvous !== undefined) leaveGroup();
        convolutions.end();
        evaluator?.dispose();
      }
    } finally {
      watch.end();
      release();
    }
  }

  /** The result of a session that has not begun. */
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

  /** In words, what has changed in the engine since the run began. The bits depend on it. Undefined when nothing has. */
  #engineChange(engine: RunDescription["engine"]): string | undefined {
    const before = this.#description.engine;
    const changes = Object.entries(engine)
      .filter(([key, value]) => key in before && before[key] !== value)
      .map(([key, value]) => `${key} ${before[key]} is now ${value}`);
    if (changes.length === 0) return undefined;
    return changes.join(", ");
  }

  /** What a change of the run's length does to its learning rates. */
  #scheduleChange({ samplesPerEpoch }: DataModule): string | undefined {
    if (this.step === 0) return undefined;
    const { steps, epochs } = this.directory.description().recipe as Pick<RunSettings, "steps" | "epochs">;
    const [before, after] = [{ ...this.recipe, steps, epochs } as RunSettings, this.recipe].map((settings) => ({
      words: settings.steps === undefined ? `epochs ${settings.epochs}` : `steps ${settings.steps}`,
      steps: totalSteps(settings, samplesPerEpoch),
    }));
    return scheduleChange(this.recipe, before!, after!, this.step);
  }

  /** The same for the data: with an equal name and count, the samples may still be others. */
  #filesChange({ name, fingerprint, contents }: DataModule): string | undefined {
    const before = this.#description.data;
    if (before?.contents !== undefined && before.contents === contents) return undefined;
    if (before?.fingerprint === undefined || before.fingerprint === fingerprint) return undefined;
    return `the files of ${name}, or how they are prepared, are not as they were when the run began`;
  }

  /**
   * What recipe.json says once the session begins: with the shape and classes of the data, which sampling needs, and a
   * resumed run must have the same. The first session also records the engine and the number of workers.
   */
  #described(
    { name, samplesPerEpoch, note, fingerprint, contents, shape }: DataModule,
    engine: RunDescription["engine"],
  ): RunDescription {
    const before = this.#description.data;
    const data = {
      name,
      count: samplesPerEpoch ?? 0,
      sample: shape.sample,
      classes: [...shape.classes],
      ...(shape.classCounts === undefined ? {} : { classCounts: [...shape.classCounts] }),
      ...(shape.conditions === undefined ? {} : { conditions: [...shape.conditions.columns] }),
      ...(note === undefined ? {} : { note }),
      // The first fingerprint stays: every session is compared with it.
      ...(fingerprint === undefined ? {} : { fingerprint: before?.fingerprint ?? fingerprint }),
      ...(contents === undefined ? {} : { contents: before?.contents ?? contents }),
    };
    const same = before?.contents !== undefined && before.contents === contents;
    if (this.#movedTo !== undefined && before !== undefined && !same) {
      throw refuseOtherContents(this.#movedTo, before, { ...data, contents });
    }
    // A folder may have got another name; what training sees is the same.
    if (before !== undefined && !same && identity(before) !== identity(data)) {
      throw new UserError(`the data has changed: the run was trained on ${inWords(before)}, this is ${inWords(data)}`);
    }
    const description = { ...this.#description, data };
    if (before === undefined) description.engine = { ...description.engine, ...engine };
    return description;
  }
}

/**
 * How this run chooses the algorithms of its convolutions. Several workers measure nothing: each would come to a table of its own,
 * and the bits of the run would depend on all of them.
 */
function convolutionMode({ convolution }: RunSettings, rendezvous: Rendezvous | undefined): ConvolutionMode {
  if (rendezvous !== undefined) return "rules";
  const given = process.env.GANTRY_CONVOLUTION;
  if (convolution !== undefined || !given) return convolution ?? "measure";
  const modes: readonly ConvolutionMode[] = ["measure", "exact", "rules"];
  const mode = modes.find((name) => name === given);
  if (mode !== undefined) return mode;
  throw new UserError(`the environment variable GANTRY_CONVOLUTION (=${given}) must be one of ${modes.join(", ")}`);
}

const STOPPED = Symbol("stopped");

/** What is being prepared, or {@link STOPPED} when `stop` was raised before that was done. */
async function unlessStopped<T>(prepared: Promise<T>, stop: AbortSignal | undefined): Promise<T | typeof STOPPED> {
  try {
    return await prepared;
  } catch (error) {
    if (stop?.aborted && error === stop.reason) return STOPPED;
    throw error;
  }
}

type DataDescription = NonNullable<RunDescription["data"]>;

/** What must be the same when a run continues. */
function identity({ name, count, sample, classes, conditions }: DataDescription): string {
  return canonicalJson({ name, count, sample, classes, ...(conditions === undefined ? {} : { conditions }) });
}

function inWords({ name, count, classes, conditions }: DataDescription): string {
  const labels =
    conditions === undefined ? counted(classes.length, "class", "classes") : counted(conditions.length, "condition");
  return `${name} (${count === 0 ? "without end" : counted(count, "sample")}, ${labels})`;
}

/** Says why data that have been moved are not taken. */
function refuseOtherContents(
  path: string,
  before: DataDescription,
  now: DataDescription & { readonly contents: string | undefined },
): UserError {
  const differs = identity(before) !== identity({ ...now, name: before.name });
  const counts = differs ? `: the run was trained on ${inWords(before)}, this is ${inWords(now)}` : "";
  return new UserError(
    `--data ${path} is not what the run was trained on${counts}; the key of its contents is ${shortKey(now.contents)}, and the run's is ` +
      `${shortKey(before.contents)}. The key is over every pixel as it is prepared, the labels and the classes: an image, its ` +
      "place in the order, a label or a class differs, or another version of sharp has resized the images",
  );
}

const shortKey = (key: string | undefined): string => key?.slice(0, 12) ?? "unknown";

/** A recipe as a trainer; a trainer as it is. */
export function trainerOf(what: Recipe | Trainer): Trainer {
  return "build" in what ? what : new RecipeTrainer(what);
}

/** Settings as a run keeps them: with absolute paths, because it may be resumed from another working directory. */
export function storedSettings({ settings }: Pick<Trainer, "settings">): PlainRecipe {
  const plain = toPlainRecipe(settings);
  return { ...plain, data: withAbsolutePaths(plain.data as PlainDescriptor) };
}

function describeRun(trainer: Trainer, origin: RunOrigin): RunDescription {
  const { source = "(in code)" } = origin;
  return {
    format: 1,
    source,
    overrides: [...(origin.overrides ?? [])],
    modules: [...(origin.modules ?? [])],
    ...(trainer.needsFile ? { trainer: source } : {}),
    recipe: storedSettings(trainer),
    hash: recipeHash(trainer.settings),
    ...(origin.from === undefined ? {} : { from: findWeightsAt(origin.from) }),
    engine: { gantry: gantryVersion(), node: process.version, ...engineSummary() },
  };
}

/** A run's files may be imported again when it is resumed. A trainer that was defined in code has none. */
function remember(file: string): void {
  if (existsSync(file)) trustFile(file);
}

/**
 * Makes a run's folder, for a recipe or for a trainer of {@link defineTrainer}.
 *
 * @throws UserError when the folder exists and is not empty (with `overwrite`: holds no run), or `from` is neither a run with
 * a checkpoint nor a file.
 *
 * @example
 * const run = startRun(recipe, { directory: "runs/first" });
 * const { samples } = await run.train();
 */
export function startRun(what: Recipe | Trainer, origin: RunOrigin): Run {
  const trainer = trainerOf(what);
  if (trainer.settings.threads !== undefined) configureEngine({ threads: trainer.settings.threads });
  asSettings(() => {
    refuseUnmakeable(trainer.settings);
    refusePrecision(trainer.settings);
    refuseGraph(trainer.settings);
  });
  const directory = new RunDirectory(origin.directory);
  const description = describeRun(trainer, origin);
  if (origin.overwrite && description.from?.startsWith(`${directory.path}${sep}`)) {
    throw new UserError(
      `${directory.path} is to be overwritten, and the new run is to begin with its networks (${description.from}); train into another folder`,
    );
  }
  const kept = origin.overwrite ? directory.setAside() : [];
  try {
    directory.create(description, kept);
  } catch (error) {
    if (origin.overwrite) directory.putBack();
    throw error;
  }
  for (const file of [...description.modules, ...(trainer.needsFile ? [description.source] : [])]) remember(file);
  return new Run(directory, description, trainer);
}

/**
 * The trainer of a stored run. `given` is one that was defined in code, which no file contains.
 *
 * @throws UserError when a file that defines parts of the run is missing, exports something else, or may not be run
 * because the run comes from elsewhere.
 */
export async function storedTrainer(directory: RunDirectory, given?: Trainer): Promise<Trainer> {
  const { modules, recipe, trainer } = directory.description();
  const holder = `the run ${directory.path}`;
  if (trainer !== undefined) return (given ?? (await trainerOfFile(trainer, holder))).restored(recipe);
  await importModules(modules, holder);
  return new RecipeTrainer(fromPlainRecipe(recipe));
}

/**
 * Opens a run to continue it; `changes` are overrides ("steps=4000") of keys that a run may change. They are kept
 * once {@link Run.train} has built everything with them, so a change that is refused does not stay.
 *
 * @param options.trainer - The trainer of the run, where it was defined in code and not in a file.
 * @param options.data - Where the data have been moved to. Training begins only if they are the same: then it goes on with the
 * same bits.
 * @throws UserError when the folder is no run, a change is not allowed, or a part of the user's own cannot be found.
 */
export async function openRun(
  path: string,
  changes: readonly string[] = [],
  options: { readonly trainer?: Trainer; readonly data?: string | undefined } = {},
): Promise<Run> {
  const directory = new RunDirectory(path);
  directory.recover();
  const stored = directory.description();
  const trainer = await storedTrainer(directory, options.trainer);
  const movedTo = options.data === undefined ? undefined : resolve(options.data);
  if (changes.length === 0 && movedTo === undefined) return new Run(directory, stored, trainer);
  for (const change of changes) {
    const key = change.split("=")[0]!.split(".")[0]!;
    if (!changeableKeys.includes(key) && !changesNothing(trainer, change)) {
      throw new UserError(
        `\`${change}\`: a resumed run can change ${changeableKeys.join(", ")}; anything else makes another run: start one with \`gantry train\``,
      );
    }
  }
  const moved = movedTo === undefined ? [] : movedData(stored, movedTo);
  const changed = trainer.amended([...moved, ...changes]);
  const { settings } = changed;
  const reached = listCheckpoints(directory.checkpoints).at(-1)?.step ?? 0;
  if (settings.steps !== undefined && settings.steps < reached) {
    throw new UserError(`steps (=${settings.steps}): ${path} has reached step ${reached} already; give more than that`);
  }
  const description = {
    ...stored,
    overrides: [...stored.overrides, ...moved, ...changes],
    recipe: storedSettings(changed),
    hash: recipeHash(settings),
  };
  return new Run(directory, description, changed, movedTo);
}

/** Whether an override gives a setting the value that it has. */
function changesNothing(trainer: Trainer, change: string): boolean {
  // Left out of a recipe, these have their defaults.
  const whole = (of: Trainer): string => canonicalJson({ precision: "float32", tf32: false, ...storedSettings(of) });
  try {
    return whole(trainer.amended([change])) === whole(trainer);
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/**
 * The overrides that say where the data of a run are now, and their label file.
 * @throws UserError when they are in no files, or the run knows too little of them to compare.
 */
function movedData({ recipe, data }: RunDescription, path: string): string[] {
  const { kind, options } = recipe.data as PlainDescriptor;
  const schema = schemaOf("data", kind);
  if (!(schema instanceof z.ZodObject) || !("path" in schema.shape)) {
    throw new UserError(`--data ${path}: the data of this run (\`${kind}\`) are not read from a folder or file`);
  }
  if (data !== undefined && data.contents === undefined) {
    throw new UserError(
      `--data ${path}: this run was begun by a Gantry that did not store the key of its data's contents, so they cannot be ` +
        "compared; put the data where they were and resume the run once, which stores the key",
    );
  }
  const labelFile = movedLabelFile(options, path);
  return [
    `data.path=${JSON.stringify(path)}`,
    ...(labelFile === undefined ? [] : [`data.labelFile=${JSON.stringify(labelFile)}`]),
  ];
}
