/** One run as the studio follows it: its folder is read again whenever it has changed. */
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import type { RunNow } from "../../export/index.ts";
import { lockHolder } from "../../formats/index.ts";
import { isStopRequested, totalSteps } from "../../training/index.ts";
import type { Curves, RatedTest, RunDetails, RunState, RunSummary, Setting } from "../api.ts";
import { RatingsLog } from "../rating/ratings-log.ts";
import { LineReader } from "./line-reader.ts";
import { LogSummary } from "./log-summary.ts";
import { OutputsLog } from "./outputs-log.ts";
import { scoreSeries, scoreTrend } from "./scores.ts";
import { Series } from "./series.ts";
import { settingsOf } from "./settings.ts";

/** A larger recipe.json is not read. */
const LARGEST_DESCRIPTION = 4 << 20;
/** More files of one kind are not listed. */
const MOST_FILES = 20_000;

/** What the studio needs of recipe.json. Everything else may be as it likes. */
const descriptionSchema = z.object({
  source: z.string().catch(""),
  overrides: z.array(z.string()).catch([]),
  recipe: z.record(z.string(), z.unknown()),
  hash: z.string().catch(""),
  from: z.string().optional().catch(undefined),
  engine: z.record(z.string(), z.union([z.string(), z.number()])).catch({}),
  data: z
    .object({
      name: z.string(),
      count: z.number(),
      sample: z.object({
        size: z.union([z.number(), z.object({ height: z.number(), width: z.number() })]).optional(),
        channels: z.number().optional(),
        features: z.number().optional(),
      }),
      classes: z.array(z.string()),
    })
    .optional()
    .catch(undefined),
});

type Description = z.output<typeof descriptionSchema>;

/** What tells whether a file or folder has changed. */
function stampOf(path: string): string {
  try {
    const { ino, size, mtimeMs } = lstatSync(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return "";
  }
}

/** Whether a living process trains the run. */
function isHeld(run: string): boolean {
  try {
    return lockHolder(join(run, "running.json")) !== undefined;
  } catch {
    return false;
  }
}

/** The numbers in a folder's names, in order: of `000500.png` or `step-000500`. Links are left out. */
function stepsIn(folder: string, pattern: RegExp): number[] {
  try {
    if (!lstatSync(folder).isDirectory()) return [];
    const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => !entry.isSymbolicLink());
    const steps = names.flatMap(({ name }) => Number(pattern.exec(name)?.[1] ?? []));
    return steps.sort((a, b) => a - b).slice(-MOST_FILES);
  } catch {
    return [];
  }
}

/** A reader of the log, and what it gives the lines to. */
interface Followed<T> {
  readonly sink: T;
  readonly reader: LineReader;
}

/** A run in the studio's folder. */
export class FollowedRun {
  readonly id: string;
  readonly path: string;
  /** Grows with every change. */
  version = 0;
  #stamp = "";
  #stamps: Record<string, string> = {};
  #description: Description | undefined;
  #unreadable: string | undefined;
  #settings: readonly Setting[] = [];
  #samples: readonly number[] = [];
  #checkpoints: readonly number[] = [];
  #state: RunState = "untrained";
  readonly #log = new LogSummary();
  readonly #reader: LineReader;
  #series: Followed<Series> | undefined;
  #outputs: Followed<OutputsLog> | undefined;
  #ratings: Followed<RatingsLog> | undefined;
  #reading: Promise<unknown> = Promise.resolve();

  /** @param path of its folder, which is no link */
  constructor(id: string, path: string) {
    this.id = id;
    this.path = path;
    this.#reader = new LineReader(join(path, "metrics.jsonl"));
  }

  /** Reads what has changed. True where something has. */
  async refresh(): Promise<boolean> {
    return this.#inTurn(async () => {
      const files = ["recipe.json", "metrics.jsonl", "samples", "checkpoints"];
      const stamps = Object.fromEntries(files.map((name) => [name, stampOf(join(this.path, name))]));
      const changed = (name: string) => stamps[name] !== this.#stamps[name];
      if (changed("recipe.json")) this.#describe();
      if (changed("samples")) this.#samples = stepsIn(join(this.path, "samples"), /^(\d{1,15})\.png$/);
      if (changed("checkpoints")) this.#checkpoints = stepsIn(join(this.path, "checkpoints"), /^step-(\d{1,15})$/);
      if (changed("metrics.jsonl")) await this.#reader.read(this.#log);
      this.#stamps = stamps;
      this.#state = this.#stateNow();
      const stamp = `${Object.values(stamps).join("|")} ${this.#state}`;
      if (stamp === this.#stamp) return false;
      this.#stamp = stamp;
      this.version += 1;
      return true;
    });
  }

  /** Its newest numbers, for monitoring. */
  now(): RunNow {
    const { newest, step, evaluations } = this.#log;
    return {
      name: this.id,
      state: this.#state,
      steps: this.summary().total,
      tick: newest.size === 0 ? undefined : { step, ...Object.fromEntries(newest) },
      scores: evaluations.at(-1),
    };
  }

  /** The curves of its log, from point `from` on if the reader knows this generation. */
  async curves(generation: number, from: number): Promise<Curves> {
    return this.#inTurn(async () => {
      this.#series ??= this.#follow(new Series());
      await this.#series.reader.read(this.#series.sink);
      return this.#series.sink.curves(generation, from);
    });
  }

  /** D's outputs over time. */
  async outputs(): Promise<OutputsLog> {
    return this.#inTurn(async () => {
      this.#outputs ??= this.#follow(new OutputsLog());
      await this.#outputs.reader.read(this.#outputs.sink);
      return this.#outputs.sink;
    });
  }

  /** The blind tests that people took. */
  async ratings(): Promise<readonly RatedTest[]> {
    return this.#inTurn(async () => {
      this.#ratings ??= { sink: new RatingsLog(), reader: new LineReader(join(this.path, "ratings.jsonl")) };
      await this.#ratings.reader.read(this.#ratings.sink);
      return this.#ratings.sink.tests;
    });
  }

  /** Frees curves and outputs. They are read again when they are asked for. */
  forget(): void {
    this.#series = undefined;
    this.#outputs = undefined;
    this.#ratings = undefined;
  }

  #follow<T>(sink: T): Followed<T> {
    return { sink, reader: new LineReader(join(this.path, "metrics.jsonl")) };
  }

  get samples(): readonly number[] {
    return this.#samples;
  }

  get checkpoints(): readonly number[] {
    return this.#checkpoints;
  }

  get state(): RunState {
    return this.#state;
  }

  get data(): Description["data"] {
    return this.#description?.data;
  }

  /** What the list of runs shows. */
  summary(): RunSummary {
    const { step, seconds, marks, events } = this.#log;
    const name = this.#description?.recipe.name;
    const failure = this.#state === "failed" ? events.findLast(({ event }) => event === "fail")?.message : undefined;
    return {
      id: this.id,
      name: typeof name === "string" ? name : basename(this.path),
      source: this.#description?.source ?? "",
      state: this.#state,
      why: this.#unreadable ?? failure,
      step,
      total: this.#total(),
      eta: this.#eta(),
      imagesPerSecond: marks.at(-1)?.imagesPerSecond,
      seconds,
      began: events.findLast(({ event }) => event === "start" || event === "resume")?.time,
      score: scoreTrend(this.#log.evaluations),
      newestSamples: this.#samples.at(-1),
      settings: Object.fromEntries(this.#settings.map(({ path, value }) => [path, value])),
      version: this.version,
    };
  }

  /** Everything about the run but its curves. */
  details(): RunDetails {
    const description = this.#description;
    const samples = description?.recipe.samples as { columns?: unknown; count?: unknown } | undefined;
    const whole = (value: unknown, standard: number) => (Number.isInteger(value) ? (value as number) : standard);
    const data = description?.data;
    return {
      summary: this.summary(),
      path: this.path,
      settings: this.#settings,
      hash: (description?.hash ?? "").slice(0, 12),
      overrides: description?.overrides ?? [],
      from: description?.from,
      engine: Object.fromEntries(Object.entries(description?.engine ?? {}).map(([key, value]) => [key, `${value}`])),
      data: data && { name: data.name, count: data.count, classes: data.classes, ...data.sample },
      scores: scoreSeries(this.#log.evaluations),
      events: this.#log.events,
      samples: this.#samples,
      checkpoints: this.#checkpoints,
      columns: whole(samples?.columns, 8),
      samplesPerGrid: whole(samples?.count, 64),
    };
  }

  /** One piece of reading after the other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#reading.then(work);
    this.#reading = done.catch(() => undefined);
    return done;
  }

  #describe(): void {
    const path = join(this.path, "recipe.json");
    this.#description = undefined;
    this.#unreadable = undefined;
    try {
      const stat = lstatSync(path);
      if (!stat.isFile() || stat.size > LARGEST_DESCRIPTION) throw new Error("it is no file of a run");
      this.#description = descriptionSchema.parse(JSON.parse(readFileSync(path, "utf8")));
      this.#settings = settingsOf(this.#description.recipe);
    } catch (error) {
      this.#settings = [];
      const reason = error instanceof z.ZodError ? "it is not the recipe of a run" : (error as Error).message;
      this.#unreadable = `recipe.json cannot be read: ${reason}`;
    }
  }

  #stateNow(): RunState {
    const { events, marks } = this.#log;
    const last = events.at(-1)?.event;
    if (isHeld(this.path)) {
      if (isStopRequested(this.path)) return "stopping";
      const over = last === undefined || last === "stop" || last === "finish" || last === "fail";
      return over ? "preparing" : "training";
    }
    if (last === "finish") return "finished";
    if (last === "stop") return "stopped";
    if (last === "fail") return "failed";
    return last === undefined && marks.length === 0 ? "untrained" : "lost";
  }

  /** Steps of the whole run; undefined while the data is not known, and for a recipe without a length. */
  #total(): number | undefined {
    const recipe = this.#description?.recipe as unknown as Parameters<typeof totalSteps>[0] | undefined;
    if (recipe === undefined) return undefined;
    try {
      const total = totalSteps(recipe, this.#description?.data?.count || undefined);
      return Number.isFinite(total) && total > 0 ? total : undefined;
    } catch {
      return undefined;
    }
  }

  #eta(): number | undefined {
    const { marks, step } = this.#log;
    const [first, last, total] = [marks[0], marks.at(-1), this.#total()];
    if (this.#state !== "training" || first === undefined || last === undefined || total === undefined)
      return undefined;
    const eta = ((total - step) * (last.seconds - first.seconds)) / (last.step - first.step);
    return Number.isFinite(eta) && eta >= 0 ? eta : undefined;
  }
}
