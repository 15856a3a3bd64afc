/** metrics.jsonl: one line for each stretch of steps, and one for each beginning and end of a sitting. */
import { appendFileSync, closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { fileError } from "../formats/atomic.ts";

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
  readonly event: "start" | "resume" | "stop" | "finish" | "fail";
  readonly step: number;
  readonly time: string;
  /** Versions and settings of this sitting that the bits depend on; of `start` and `resume`. */
  readonly engine?: Readonly<Record<string, string | number>>;
  /** Why it failed. */
  readonly message?: string;
}

/** The log of one run. Lines are only ever added. */
export class RunLog {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Adds a line. Throws UserError when the disk refuses; the lines before it stay as they are. */
  append(line: Tick | RunEvent): void {
    try {
      // A crash or a full disk can have left half a line: what follows must not be joined to it.
      const separator = endsWithNewline(this.path) ? "" : "\n";
      appendFileSync(this.path, `${separator}${JSON.stringify(line)}\n`);
    } catch (error) {
      throw fileError(error, "write", this.path);
    }
  }

  /** The ticks, each step once: after a resume the later line counts, and what lay beyond the checkpoint is left out. */
  ticks(): Tick[] {
    if (!existsSync(this.path)) return [];
    let ticks: Tick[] = [];
    for (const text of readFileSync(this.path, "utf8").split("\n")) {
      const line = parseLine(text);
      if (line === undefined) continue;
      if (!("event" in line)) ticks.push(line);
      else if (line.event === "start" || line.event === "resume") {
        const { step } = line;
        ticks = ticks.filter((tick) => tick.step <= step);
      }
    }
    return ticks;
  }
}

/** Half a line, as a crash leaves it, is passed over. */
function parseLine(text: string): Tick | RunEvent | undefined {
  try {
    const line: unknown = JSON.parse(text);
    if (typeof line === "object" && line !== null && "step" in line && typeof line.step === "number") {
      return line as Tick | RunEvent;
    }
  } catch {
    // Not JSON: half a line.
  }
  return undefined;
}

/** Whether a file is empty, absent or ends with a newline. */
function endsWithNewline(path: string): boolean {
  if (!existsSync(path)) return true;
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const last = new Uint8Array(1);
    return size === 0 || (readSync(file, last, 0, 1, size - 1) === 1 && last[0] === 0x0a);
  } finally {
    closeSync(file);
  }
}
