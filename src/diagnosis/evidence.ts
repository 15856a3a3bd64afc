/** What a run has written, read once for all checks. What needs the data or a checkpoint is opened when it is asked for. */
import { basename, join } from "node:path";
import { noneOf } from "../base/counted.ts";
import { UserError } from "../base/errors.ts";
import type { AnyDataDescriptor, Dataset, Mixture, VectorData } from "../data/index.ts";
import { namesIn, type PixelBatch } from "../formats/index.ts";
import {
  changedData,
  type LogLine,
  listCheckpoints,
  type OutputsEvent,
  RunDirectory,
  type ScoresEvent,
  storedTrainer,
  type Tick,
  testSplit,
} from "../training/index.ts";
import { imagesOfGrid } from "./images.ts";

/** Space between the images of a run's grids. */
const PADDING = 2;

/** A sample grid. */
export interface Grid {
  readonly step: number;
  readonly file: string;
}

export class Evidence {
  readonly directory: RunDirectory;
  readonly description: ReturnType<RunDirectory["description"]>;
  readonly lines: readonly LogLine[];
  /** How many lines of the log nobody can read. */
  readonly unreadable: number;
  readonly ticks: readonly Tick[];
  readonly outputs: readonly OutputsEvent[];
  readonly evaluations: readonly ScoresEvent[];
  /** Sample grids up to the newest line of the log, oldest first. */
  readonly grids: readonly Grid[];
  #data: Promise<Dataset | VectorData> | undefined;

  /** @throws UserError when the folder is no run, or its log has lines and none can be read. */
  constructor(path: string) {
    this.directory = new RunDirectory(path);
    this.description = this.directory.description();
    this.lines = this.directory.lines();
    this.unreadable = this.directory.unreadable();
    if (this.lines.length === 0 && this.unreadable > 0) {
      const all = noneOf(this.unreadable, "line");
      throw new UserError(`${this.directory.metrics}: ${all} be read, so nothing can be said of this run`);
    }
    this.ticks = this.directory.ticks();
    this.outputs = this.directory.outputs();
    this.evaluations = this.directory.evaluations();
    this.grids = namesIn(this.directory.samples)
      .filter((name) => /^\d+\.png$/.test(name))
      .map((name) => ({ step: Number.parseInt(name, 10), file: join(this.directory.samples, name) }))
      .filter(({ step }) => step <= this.step)
      .sort((a, b) => a.step - b.step);
  }

  /** Steps done at the newest line of the log. */
  get step(): number {
    return Math.max(0, ...[this.ticks.at(-1), this.outputs.at(-1)].map((line) => line?.step ?? 0));
  }

  /** The kind of a part of the recipe, such as `hinge` of `loss`. */
  kindOf(key: string): string | undefined {
    return (this.description.recipe[key] as { kind?: string } | undefined)?.kind;
  }

  /** The options of a technique of the recipe; undefined where it has none of that kind. */
  technique(kind: string): Readonly<Record<string, unknown>> | undefined {
    const list = this.description.recipe.techniques as readonly { kind: string; options: object }[] | undefined;
    return list?.find((one) => one.kind === kind)?.options as Readonly<Record<string, unknown>> | undefined;
  }

  /** Whether the run makes images. */
  get isOfImages(): boolean {
    return this.description.data !== undefined && !("features" in this.description.data.sample);
  }

  /** The images of a grid. @throws UserError when the file is no grid of this run. */
  images({ file }: Grid): Promise<PixelBatch> {
    const { sample } = this.description.data!;
    if ("features" in sample) throw new UserError(`${basename(file)}: this run makes vectors`);
    const { count, columns } = this.description.recipe.samples as { count: number; columns: number };
    return imagesOfGrid(file, { count, columns, padding: PADDING, ...sample });
  }

  /** The data that it was trained on. @throws UserError when they are not there, or are others now. */
  async data(): Promise<Dataset | VectorData> {
    this.#data ??= this.#openData();
    return this.#data;
  }

  async #openData(): Promise<Dataset | VectorData> {
    const { settings } = await storedTrainer(this.directory);
    const data = (await (settings.data as AnyDataDescriptor).build({})) as Dataset | VectorData;
    const changed = "images" in data ? changedData("the run", this.description.data, data) : undefined;
    if (changed !== undefined) throw new UserError(changed);
    return data;
  }

  /** The images that it was trained on. @throws UserError when they are not there, or the data are vectors. */
  async dataset(): Promise<Dataset> {
    const data = await this.data();
    if ("images" in data) return data;
    throw new UserError("the data are vectors");
  }

  /** The mixture that the data are drawn from; undefined where they are none. */
  async mixture(): Promise<Mixture | undefined> {
    const data = await this.data();
    return "images" in data ? undefined : data.mixture;
  }

  /** Images that were held out from training: those of the test split. @throws UserError when there is none. */
  async heldOut(): Promise<Dataset> {
    return testSplit((await storedTrainer(this.directory)).settings);
  }

  /** The steps of its checkpoints, oldest first. */
  get checkpoints(): readonly number[] {
    return listCheckpoints(this.directory.checkpoints).map(({ step }) => step);
  }
}
