/**
 * An experiment of the laboratory: a definition from which everything else follows.
 *
 *     definition  ->  records (one JSON Lines file)  ->  tables and figures (one page)
 *
 * A definition says what can be chosen (its options are the flags of `gantry lab <name>`), what is measured, what a
 * record holds, and how a page is made of records. The runner (`run.ts`) owns the rest: the folder, existing
 * records, several runs at a time, progress, Ctrl-C, writing.
 */
import type { z } from "zod";
import type { GridRun, Sweep } from "./sweep/index.ts";

/** A figure of a page. */
export interface Figure {
  /** Of its files, without the ending. */
  readonly name: string;
  readonly svg: string;
  /** What it shows; default: its name. */
  readonly title?: string;
}

/** The page of records. */
export interface Page {
  /** Markdown. */
  readonly tables: string;
  readonly figures?: readonly Figure[];
  /** Further files by name, such as the points of a curve as JSON. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What a measurement may report while it runs, and when it must stop. */
export interface Context {
  /** The folder of the results. */
  readonly folder: string;
  readonly stop?: AbortSignal | undefined;
  /** The present activity. */
  progress(text: string): void;
  /** A note for the user, given once. */
  note(text: string): void;
}

/** The keys of any record, where there are records of several kinds. */
type KeyOf<R> = R extends unknown ? keyof R & string : never;
/** The fields of a record that are known before it is measured: its key. */
type Cell<R, K> = R extends unknown ? Pick<R, K & keyof R> : never;
/** Fields that all records of a folder share; a folder whose records have others is refused. */
type Shared<R> = R extends unknown ? Partial<R> : never;

/** Measurements in this process, one after the other. */
export interface Session<R, K> {
  /** The measurements, in this order. */
  readonly cells: readonly Cell<R, K>[];
  readonly shared?: Shared<R>;
  /** Another difference of a record in the folder, such as "was played with --lr 1"; then the folder is refused. */
  differs?(record: R): string | undefined;
  measure(cell: Cell<R, K>): R | Promise<R>;
  dispose?(): void;
}

/** One finished run of a sweep. */
export interface FinishedRun extends GridRun {
  /** Its directory. */
  readonly path: string;
}

/** Measurements on the runs of a sweep; `about` are the fields of the record's key. */
export interface Measurement<T, R, K, O> {
  about(of: T): Cell<R, K>;
  measure(of: T, options: O): R | Promise<R>;
}

/** The flags of an experiment: names with their schemas. */
export type OptionShape = Readonly<Record<string, z.ZodType>>;
/** The options that a shape of schemas gives. */
export type OptionsOf<S extends OptionShape> = {
  readonly [N in keyof S]: z.output<S[N]> extends (infer E)[] ? readonly E[] : z.output<S[N]>;
};

/** What every experiment has. */
interface Common<S extends OptionShape> {
  /** The sub-command of `gantry lab`. */
  readonly name: string;
  /** One sentence. */
  readonly description: string;
  /** Commands with descriptions; the first says how long the defaults take. */
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  /** The options, each with a description: the flags. One with the meta `{ argument: true }` has no flag. */
  readonly options: S;
}

/** Records, and the page that is made of them. */
interface Recorded<R extends object, K> {
  readonly record: z.ZodType<R>;
  /** The fields that tell one record from another; a later record of the same key replaces the earlier one. */
  readonly key: readonly K[];
  /** Records are sorted by these numbers or texts. */
  order(record: R): readonly (number | string)[];
  page(records: readonly R[]): Page | Promise<Page>;
  /** The page's file; default: tables.md. */
  readonly file?: string;
}

/** An experiment that measures in this process. */
export interface MeasuredExperiment<S extends OptionShape, R extends object, K extends KeyOf<R>>
  extends Common<S>,
    Recorded<R, K> {
  prepare(options: OptionsOf<S>, context: Context): Session<R, K> | Promise<Session<R, K>>;
  /** CPU threads where more would be slower; default: all cores, or --threads. */
  readonly threads?: number;
  /** Measure existing records again. */
  readonly repeat?: boolean;
}

/** An experiment whose runs are trained as a sweep, each measured when it has finished. */
export interface TrainedExperiment<S extends OptionShape, R extends object, K extends KeyOf<R>>
  extends Common<S>,
    Recorded<R, K> {
  sweep(options: OptionsOf<S>): Sweep;
  readonly run: Measurement<FinishedRun, R, K, OptionsOf<S>>;
  /** Measurements on all finished runs of a cell together. */
  readonly cell?: Measurement<readonly FinishedRun[], R, K, OptionsOf<S>>;
  /** Fields from the options that all records of a folder share. */
  shared?(options: OptionsOf<S>): Shared<R>;
}

/** A sweep with options, whose page is the sweep's own table of scores. */
export interface SweptExperiment<S extends OptionShape> extends Common<S> {
  sweep(options: OptionsOf<S>): Sweep;
}

/** A comparison of existing results, without training. */
export interface Report<S extends OptionShape> extends Common<S> {
  report(options: OptionsOf<S>): string;
}

// biome-ignore lint/suspicious/noExplicitAny: a list of experiments holds many types of options and records
type Any = any;
/** An experiment that keeps records. */
export type RecordedExperiment<R extends object = Any, S extends OptionShape = Any> =
  | MeasuredExperiment<S, R, Any>
  | TrainedExperiment<S, R, Any>;
/** Any experiment. */
export type Experiment = RecordedExperiment | SweptExperiment<Any> | Report<Any>;

/**
 * Defines an experiment; types of options and records follow from the schemas. It becomes a sub-command of `gantry lab`
 * by its line in `registry.ts`.
 *
 * @example
 * export const dice = defineExperiment({
 *   name: "dice",
 *   description: "How far the mean of N dice lies from 3.5.",
 *   examples: [{ line: "gantry lab dice", does: "three numbers of dice, five seeds: no time at all" }],
 *   options: { dice: z.array(whole()).default([1, 10, 100]).describe("numbers of dice"), seeds: seeds(5) },
 *   record: z.strictObject({ dice: z.int(), seed: z.int(), mean: z.number() }),
 *   key: ["dice", "seed"],
 *   order: ({ dice, seed }) => [dice, seed],
 *   prepare: ({ dice, seeds }) => ({
 *     cells: dice.flatMap((count) => range(seeds).map((seed) => ({ dice: count, seed }))),
 *     measure: ({ dice, seed }) => ({ dice, seed, mean: meanOfDice(dice, seed) }),
 *   }),
 *   page: (records) => ({
 *     tables: markdownTable(["dice", "mean"], records.map(({ dice, mean }) => [`${dice}`, `${mean}`])),
 *   }),
 * });
 */
export function defineExperiment<S extends OptionShape, R extends object, const K extends KeyOf<R>>(
  experiment: MeasuredExperiment<S, R, K> | TrainedExperiment<S, R, K>,
): RecordedExperiment<R, S> {
  return experiment;
}

/** Defines a sweep with options. */
export function defineSweepExperiment<S extends OptionShape>(experiment: SweptExperiment<S>): SweptExperiment<S> {
  return experiment;
}

/** Defines a comparison of existing results. */
export function defineReport<S extends OptionShape>(report: Report<S>): Report<S> {
  return report;
}
