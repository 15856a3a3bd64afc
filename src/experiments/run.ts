/**
 * The runner of all experiments: it measures what is missing in a folder, keeps each record as soon as it is there, and
 * makes the page.
 *
 *     records.jsonl              what was measured: see records.ts
 *     tables.md figures/         the page, made of the records
 *     sweep.json runs/ logs/ ... the runs, where the experiment trains some: see sweep/folder.ts
 */
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { canonicalJson } from "../base/canonical-json.ts";
import { UserError } from "../base/errors.ts";
import { makeFolder, takeLock } from "../formats/index.ts";
import { loadRecipe } from "../recipe/index.ts";
import type {
  MeasuredExperiment,
  Measurement,
  OptionShape,
  OptionsOf,
  RecordedExperiment,
  TrainedExperiment,
} from "./experiment.ts";
import { writePage } from "./page.ts";
import { adoptOldRecords, appendRecord, keyOf, RECORDS, readRecords, requireRecords } from "./records.ts";
import {
  expandGrid,
  type GridRun,
  type RunSweepOptions,
  runSweep,
  SweepFolder,
  type SweepOutcome,
  stateOf,
  whenFinished,
} from "./sweep/index.ts";

/** How to run an experiment. */
export interface RunOptions<R = object> extends RunSweepOptions {
  /** Called with the present activity. */
  readonly progress?: (text: string) => void;
  /** Called with notes. */
  readonly note?: (text: string) => void;
  /** Called with each record, new or existing. */
  readonly measured?: (record: R, done: number, total: number) => void;
}

/** The result. */
export interface Outcome<R> {
  readonly records: readonly R[];
  /** The tables as Markdown; empty while there is no record. */
  readonly tables: string;
  /** Of the runs, where the experiment trains some. */
  readonly sweep?: SweepOutcome | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: the fields that are the key of any record
type Key = any;

/** The records of one folder, and the fields that they must share. */
class Kept<R extends object> {
  readonly #path: string;
  readonly #experiment: RecordedExperiment<R>;
  readonly #records = new Map<string, R>();

  constructor(folder: string, experiment: RecordedExperiment<R>) {
    adoptOldRecords(folder, experiment);
    this.#path = join(folder, RECORDS);
    this.#experiment = experiment;
    this.#read();
  }

  find(about: object): R | undefined {
    const key = keyOf(this.#experiment, about);
    // Another process may have added it meanwhile.
    if (!this.#records.has(key)) this.#read();
    return this.#records.get(key);
  }

  #read(): void {
    for (const record of readRecords(this.#path, this.#experiment)) {
      this.#records.set(keyOf(this.#experiment, record), record);
    }
  }

  add(record: R): void {
    const checked = this.#experiment.record.parse(record);
    appendRecord(this.#path, checked);
    this.#records.set(keyOf(this.#experiment, checked), checked);
  }

  /**
   * A page compares what was measured alike. @throws UserError naming the first field that is not as it would be now
   */
  refuseOthers(shared: object = {}, differs: (record: R) => string | undefined = () => undefined): void {
    for (const record of this.#records.values()) {
      const found = firstChange(record as Fields, shared as Fields) ?? differs(record);
      if (found === undefined) continue;
      throw new UserError(`${this.#path} holds a record that ${found}; choose another folder with --out`);
    }
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** The first field of `wanted` whose value in `record` is another, in words; fields of fields are looked into. */
function firstChange(record: Fields, wanted: Fields): string | undefined {
  for (const [name, value] of Object.entries(wanted)) {
    const before = record[name];
    if (canonicalJson(before ?? null) === canonicalJson(value ?? null)) continue;
    const deeper = isFields(before) && isFields(value) ? firstChange(before, value) : undefined;
    return deeper ?? `was measured with \`${name}\` ${before}, not ${value}`;
  }
  return undefined;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Measures the missing records of an experiment in a folder, and makes its page.
 *
 * @param options - of the experiment, as its schemas give them
 *
 * @throws UserError when the folder holds another experiment, or records that were measured in another way; the reason
 * of `stop` when it is raised during a measurement. A run that fails does not end the others.
 *
 * @example
 * const { tables } = await runExperiment(mine, { dimensions: [1], rhos: [0.5], seeds: 2, pairs: 40_000, steps: 3_000 }, "lab/mine");
 */
export async function runExperiment<S extends OptionShape, R extends object>(
  experiment: RecordedExperiment<R, S>,
  options: OptionsOf<S>,
  folder: string,
  how: RunOptions<R> = {},
): Promise<Outcome<R>> {
  const run =
    "sweep" in experiment ? train(experiment, options, folder, how) : measure(experiment, options, folder, how);
  const sweep = await run;
  const records = readRecords(join(folder, RECORDS), experiment);
  return { sweep, records, tables: records.length > 0 ? await makePage(experiment, records, folder) : "" };
}

/** Makes the page of records, which may lie elsewhere, in a folder, and gives the tables. */
export async function makePage<R extends object>(
  experiment: RecordedExperiment<R>,
  records: readonly R[] | string,
  folder: string,
): Promise<string> {
  const found = typeof records === "string" ? requireRecords(records, experiment) : records;
  const page = await experiment.page(found);
  await writePage(folder, page, experiment.file);
  return page.tables;
}

async function measure<S extends OptionShape, R extends object>(
  experiment: MeasuredExperiment<S, R, Key>,
  options: OptionsOf<S>,
  folder: string,
  { stop, progress = () => {}, note = () => {}, measured }: RunOptions<R>,
): Promise<undefined> {
  const kept = new Kept(folder, experiment);
  makeFolder(folder);
  const release = takeLock(join(folder, "running.json"));
  if (typeof release !== "function") {
    throw new UserError(`gantry lab ${experiment.name} is running in ${folder} already; wait for it or stop it`);
  }
  try {
    const session = await experiment.prepare(options, { folder, stop, progress, note });
    try {
      kept.refuseOthers(session.shared, session.differs);
      for (const [i, cell] of session.cells.entries()) {
        // Signals are handled between two turns of the event loop.
        await setImmediate();
        stop?.throwIfAborted();
        let record = experiment.repeat ? undefined : kept.find(cell);
        if (record === undefined) {
          record = await session.measure(cell);
          kept.add(record);
        }
        measured?.(record, i + 1, session.cells.length);
      }
    } finally {
      session.dispose?.();
    }
  } finally {
    release();
  }
}

async function train<S extends OptionShape, R extends object>(
  experiment: TrainedExperiment<S, R, Key>,
  options: OptionsOf<S>,
  path: string,
  how: RunOptions<R>,
): Promise<SweepOutcome> {
  const sweep = experiment.sweep(options);
  const { recipe: base, source } = await loadRecipe(sweep.recipe);
  const grid = expandGrid(sweep, base);
  const folder = new SweepFolder(path);
  folder.define(sweep, base);
  const kept = new Kept(path, experiment);
  // Before anything is trained.
  kept.refuseOthers(experiment.shared?.(options));
  const keep = async <T>({ about, measure }: Measurement<T, R, Key, OptionsOf<S>>, of: T): Promise<void> => {
    if (kept.find(about(of)) === undefined) kept.add(await measure(of, options));
  };
  const withPath = (run: GridRun) => ({ ...run, path: folder.run(run.name) });
  // One at a time; the next runs are trained meanwhile.
  let measuring: Promise<void> = Promise.resolve();
  const inTurn = (run: GridRun) => {
    // A measurement that fails is tried again below, and reported there: the other runs must not end with it.
    measuring = measuring.then(() => keep(experiment.run, withPath(run)).catch(() => {}));
  };
  const outcome = await runSweep(folder, grid, source, whenFinished(how, inTurn));
  await measuring;
  const finished = (run: GridRun): boolean => stateOf(folder, run).kind === "finished";
  // Also those that another process has finished.
  for (const run of grid.runs.filter(finished)) {
    if (!how.stop?.aborted) await keep(experiment.run, withPath(run));
  }
  for (const cell of experiment.cell ? grid.cells : []) {
    const own = grid.runs.filter((run) => run.cell === cell);
    if (own.length > 1 && own.every(finished) && !how.stop?.aborted) await keep(experiment.cell!, own.map(withPath));
  }
  return outcome;
}
