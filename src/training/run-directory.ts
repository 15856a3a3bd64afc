/**
 * A run's folder: what it was asked to do, its log, and where its samples and checkpoints are.
 *
 *     recipe.json  metrics.jsonl  samples/000500.png  checkpoints/  report.md
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { fileError } from "../formats/atomic.ts";
import { writeFileAtomic } from "../formats/index.ts";
import type { PlainRecipe } from "../recipe/plain.ts";

const FORMAT = 1;

const sampleShape = z.union([z.object({ channels: z.int(), size: z.int() }), z.object({ features: z.int() })]);

const descriptionSchema = z.object({
  format: z.literal(FORMAT),
  /** Shipped name or file of the recipe. */
  source: z.string(),
  /** What the command line changed. */
  overrides: z.array(z.string()),
  /** Files of the user's own parts, to import before the recipe can be rebuilt. */
  modules: z.array(z.string()),
  recipe: z.record(z.string(), z.unknown()),
  hash: z.string(),
  /** Versions and settings that the bits depend on. */
  engine: z.record(z.string(), z.union([z.string(), z.number()])),
  /** What the networks were built for; written once the data is known. */
  data: z
    .object({
      name: z.string(),
      count: z.int(),
      sample: sampleShape,
      classes: z.array(z.string()),
      note: z.string().optional(),
    })
    .optional(),
});

/** The contents of recipe.json. */
export type RunDescription = z.output<typeof descriptionSchema> & { recipe: PlainRecipe };

/** One line of metrics.jsonl for a stretch of steps. */
export interface Tick {
  /** Generator updates done. */
  readonly step: number;
  readonly epoch: number;
  /** Means over the steps since the last line. */
  readonly lossD: number;
  readonly lossG: number;
  readonly dReal: number;
  readonly dFake: number;
  /** Real images seen a second. */
  readonly imagesPerSecond: number;
  /** Seconds of training so far, over all sittings. */
  readonly seconds: number;
  /** What techniques report, such as top-k's `k`. */
  readonly [extra: string]: number | undefined;
}

/** A line of metrics.jsonl that is no tick: a sitting of the run began or ended. */
export interface RunEvent {
  readonly event: "start" | "resume" | "stop" | "finish";
  readonly step: number;
  readonly time: string;
}

/** Paths and files of one run. */
export class RunDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  get metrics(): string {
    return join(this.path, "metrics.jsonl");
  }
  get samples(): string {
    return join(this.path, "samples");
  }
  get checkpoints(): string {
    return join(this.path, "checkpoints");
  }
  get report(): string {
    return join(this.path, "report.md");
  }
  get #description(): string {
    return join(this.path, "recipe.json");
  }
  get #lock(): string {
    return join(this.path, "running.pid");
  }

  /** Makes the folder. Throws UserError when something is there already: a run is never overwritten. */
  create(description: RunDescription): void {
    if (existsSync(this.path) && readdirSync(this.path).length > 0) {
      const remedy = existsSync(this.#description) ? `continue it with \`gantry resume ${this.path}\`, or ` : "";
      throw new UserError(`${this.path} exists and is not empty; ${remedy}choose another folder with --out`);
    }
    try {
      mkdirSync(this.samples, { recursive: true });
      mkdirSync(this.checkpoints, { recursive: true });
    } catch (error) {
      throw fileError(error, "write", this.path);
    }
    this.describe(description);
  }

  /** Writes recipe.json. */
  describe(description: RunDescription): void {
    writeFileAtomic(this.#description, [`${JSON.stringify(description, null, 2)}\n`]);
  }

  /** Reads recipe.json. Throws UserError when the folder is no run or the file is damaged. */
  description(): RunDescription {
    if (!existsSync(this.#description)) {
      throw new UserError(`${this.path} is not a run: it has no recipe.json; name a folder that \`gantry train\` made`);
    }
    let json: unknown;
    try {
      json = JSON.parse(readFileSync(this.#description, "utf8"));
    } catch (error) {
      if (error instanceof SyntaxError) throw new UserError(`${this.#description} is not JSON: ${error.message}`);
      throw fileError(error, "read", this.#description);
    }
    const parsed = descriptionSchema.safeParse(json);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw new UserError(`${this.#description}: \`${issue.path.join(".")}\`: ${issue.message}`);
    }
    return parsed.data;
  }

  /** Adds a line to metrics.jsonl; lines are never changed or removed. */
  append(line: Tick | RunEvent): void {
    appendFileSync(this.metrics, `${JSON.stringify(line)}\n`);
  }

  /** The ticks, each step once: after a resume the later line counts, and what lay beyond the checkpoint is left out. */
  ticks(): Tick[] {
    if (!existsSync(this.metrics)) return [];
    let ticks: Tick[] = [];
    for (const text of readFileSync(this.metrics, "utf8").split("\n")) {
      const line = parseLine(text);
      if (line === undefined) continue;
      if ("event" in line) ticks = ticks.filter((tick) => tick.step <= (line as RunEvent).step);
      else ticks.push(line as Tick);
    }
    return ticks;
  }

  /**
   * Marks the run as being trained by this process; the returned function ends that.
   *
   * Throws UserError when another living process trains it.
   */
  lock(): () => void {
    const pid = existsSync(this.#lock) ? Number(readFileSync(this.#lock, "utf8")) : 0;
    if (pid > 0 && pid !== process.pid && isAlive(pid)) {
      throw new UserError(`${this.path} is being trained by process ${pid}; wait for it or stop it`);
    }
    writeFileSync(this.#lock, String(process.pid));
    return () => rmSync(this.#lock, { force: true });
  }
}

/** A crash can leave half a line at the end; it is passed over. */
function parseLine(text: string): object | undefined {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
