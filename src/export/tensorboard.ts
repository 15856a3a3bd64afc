/**
 * A run as event files for TensorBoard: the numbers of the log and the scores as scalars, D's outputs as histograms,
 * sample grids and batches as images, the recipe as text and as hyperparameters.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { fileError } from "../base/file-error.ts";
import {
  type Event,
  type EventValue,
  eventFileStart,
  eventRecord,
  namesIn,
  SETTINGS_TAG,
  writeFileAtomic,
} from "../formats/index.ts";
import type { OutputsEvent, RunDirectory, ScoresEvent, Tick } from "../training/index.ts";
import { history, type Timed } from "./history.ts";
import { flatSettings } from "./settings.ts";

const OWN_FILE = /^events\.out\.tfevents\.\d+\.gantry$/;

/**
 * Writes the run so far as one event file into a folder, in place of the one that an earlier call wrote there. Returns
 * its path.
 *
 * @throws UserError when the folder is no run or cannot be written.
 */
export function exportTensorBoard(run: RunDirectory, folder: string): string {
  const seconds = Math.floor(Date.now() / 1000);
  const path = join(folder, `events.out.tfevents.${String(seconds).padStart(10, "0")}.gantry`);
  const before = namesIn(folder).filter((name) => OWN_FILE.test(name));
  writeFileAtomic(path, records(run));
  for (const name of before) if (name !== basename(path)) rmSync(join(folder, name), { force: true });
  return path;
}

/** The file of a run that is being trained. Each session begins a new one, which then grows. */
export class TensorBoardLog {
  readonly #run: RunDirectory;
  readonly #file: string;

  /** @throws UserError when the folder cannot be written. */
  constructor(run: RunDirectory) {
    this.#run = run;
    this.#file = exportTensorBoard(run, join(run.path, "tensorboard"));
  }

  /** Adds a line of the log. @throws UserError when the disk refuses. */
  add(line: Timed["line"]): void {
    this.#append(eventsOf(this.#run, { line, time: Date.now() / 1000 }));
  }

  /** Adds a sample grid. @throws UserError when the disk refuses. */
  addSamples(file: string): void {
    this.#append(picture("samples", file, stepOf(basename(file)), Date.now() / 1000));
  }

  #append(events: readonly Event[]): void {
    try {
      for (const event of events) appendFileSync(this.#file, eventRecord(event));
    } catch (error) {
      throw fileError(error, "write", this.#file);
    }
  }
}

function* records(run: RunDirectory): Generator<Uint8Array> {
  const { recipe } = run.description();
  const lines = history(run);
  const first = lines[0]?.time ?? 0;
  yield eventFileStart(first);
  const text = `    ${JSON.stringify(recipe, null, 2).replaceAll("\n", "\n    ")}`;
  yield eventRecord({ wallTime: first, step: 0, values: { recipe: { text } } });
  yield eventRecord({ wallTime: first, step: 0, values: { [SETTINGS_TAG]: { settings: flatSettings(recipe) } } });
  const grids = namesIn(run.samples)
    .filter((name) => /^\d+\.png$/.test(name))
    .sort((a, b) => stepOf(a) - stepOf(b));
  let next = 0;
  for (const timed of lines) {
    for (const event of eventsOf(run, timed)) yield eventRecord(event);
    // A grid of a step that the log does not reach is left from before a resumption.
    for (; next < grids.length && stepOf(grids[next]!) <= timed.line.step; next++) {
      const name = grids[next]!;
      const events = picture("samples", join(run.samples, name), stepOf(name), timed.time);
      for (const event of events) yield eventRecord(event);
    }
  }
}

const stepOf = (name: string): number => Number.parseInt(name, 10);

/** The events of a line; D's outputs have a picture too. */
function eventsOf(run: RunDirectory, { line, time }: Timed): Event[] {
  const values = !("event" in line)
    ? scalarsOf(line as Tick)
    : line.event === "scores"
      ? scoresOf(line as ScoresEvent)
      : histogramsOf(line as OutputsEvent);
  const event = { wallTime: time, step: line.step, values };
  const file = "batch" in line ? (line as OutputsEvent).batch.images?.file : undefined;
  // A path of the log leads nowhere else than into the folder of batches.
  const images = file === undefined ? [] : picture("batch", join(run.batches, basename(file)), line.step, time);
  return Object.keys(values).length === 0 ? images : [event, ...images];
}

function scalarsOf({ step: _, ...numbers }: Tick): Record<string, EventValue> {
  const finite = Object.entries(numbers).filter(([, value]) => typeof value === "number" && Number.isFinite(value));
  return Object.fromEntries(finite.map(([name, value]) => [name, { scalar: value! }]));
}

function scoresOf({ scores }: ScoresEvent): Record<string, EventValue> {
  const defined = scores.filter(({ value }) => Number.isFinite(value));
  return Object.fromEntries(defined.map(({ name, value }) => [`scores/${name}`, { scalar: value }]));
}

function histogramsOf({ histogram: { from, to, real, fake } }: OutputsEvent): Record<string, EventValue> {
  const limits = real.map((_, i) => (i === real.length - 1 ? to : from + ((i + 1) * (to - from)) / real.length));
  const one = (counts: readonly number[]): EventValue =>
    from < to
      ? { histogram: { min: from, max: to, limits, counts } }
      : { histogram: { min: from, max: to, limits: [to], counts: [counts.reduce((sum, count) => sum + count, 0)] } };
  return { "D/real": one(real), "D/generated": one(fake) };
}

/** A PNG file as an event; nothing where it is gone, or is none. */
function picture(tag: string, file: string, step: number, time: number): Event[] {
  if (!existsSync(file)) return [];
  const png = readFileSync(file);
  if (png.length < 26 || png.toString("latin1", 1, 4) !== "PNG") return [];
  return [{ wallTime: time, step, values: { [tag]: { png } } }];
}
