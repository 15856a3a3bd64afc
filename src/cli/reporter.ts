/** What a training run tells while it goes: for people, as JSON lines, or (quietly) nothing but where the run is. */
import { join } from "node:path";
import type { RunResult, Tick, TrainingEvents } from "../training/index.ts";
import { programName, quoted } from "./program.ts";
import { progressLine, Remaining, StatusLine, type Stream, spoken } from "./progress.ts";

/** How a command reports. */
export interface Reporter {
  /** The run begins, or continues, in `directory`. */
  start(run: RunStart): void;
  readonly events: TrainingEvents;
  /** A signal asked to stop. */
  stopping(): void;
  end(result: RunResult): void;
}

/** What is known before the first step. */
export interface RunStart {
  readonly recipe: string;
  readonly directory: string;
  /** The last step. */
  readonly steps: number;
  /** Steps already made, when a run continues. */
  readonly from: number;
}

/** The output flags of a command. */
export interface OutputFlags {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

/** The flags that go with a {@link Reporter}. */
export const outputFlags = {
  quiet: { type: "boolean", description: "print only the run directory, when it is done" },
  json: { type: "boolean", description: "print one JSON object a line instead of text" },
} as const;

/** The reporter that the flags ask for. */
export function reporterFor(flags: OutputFlags, out: Stream = process.stdout): Reporter {
  if (flags.json) return new JsonReporter(out);
  return flags.quiet ? new QuietReporter(out) : new TextReporter(out);
}

/** One object a line: `event` is start, tick, saved, note, stopping or end. */
class JsonReporter implements Reporter {
  readonly #out: Stream;
  readonly events: TrainingEvents;

  constructor(out: Stream) {
    this.#out = out;
    this.events = {
      tick: (tick) => this.#line("tick", tick),
      saved: (file, kind) => this.#line("saved", { kind, file }),
      note: (message) => this.#line("note", { message }),
    };
  }

  #line(event: string, content: object): void {
    this.#out.write(`${JSON.stringify({ event, ...content })}\n`);
  }

  start(run: RunStart): void {
    this.#line("start", run);
  }

  stopping(): void {
    this.#line("stopping", {});
  }

  end(result: RunResult): void {
    this.#line("end", result);
  }
}

class QuietReporter implements Reporter {
  readonly #out: Stream;
  readonly events: TrainingEvents = {};

  constructor(out: Stream) {
    this.#out = out;
  }

  start(): void {}

  stopping(): void {}

  end(result: RunResult): void {
    this.#out.write(`${result.directory}\n`);
  }
}

class TextReporter implements Reporter {
  readonly #out: Stream;
  readonly #status: StatusLine;
  readonly #remaining = new Remaining();
  #total = 0;
  readonly events: TrainingEvents;

  constructor(out: Stream) {
    this.#out = out;
    this.#status = new StatusLine(out);
    this.events = {
      tick: (tick) => this.#tick(tick),
      note: (message) => this.#status.lasting(message),
    };
  }

  #tick(tick: Tick): void {
    const left = this.#remaining.update(tick.step, this.#total, tick.seconds);
    this.#status.passing(progressLine(tick, this.#total, left, this.#status.columns));
  }

  start(run: RunStart): void {
    this.#total = run.steps;
    const doing = run.from > 0 ? `Continuing ${run.recipe} at step ${run.from} of` : `Training ${run.recipe} for`;
    this.#out.write(`${doing} ${run.steps} steps in ${run.directory}\n`);
  }

  stopping(): void {
    this.#status.lasting("Stopping after this step; once more Ctrl-C ends at once, without saving.");
  }

  end(result: RunResult): void {
    this.#status.end();
    this.#out.write(`${endText(result, this.#total)}\n`);
  }
}

/** The last words: where everything is, and what to type next. */
function endText(result: RunResult, total: number): string {
  const gantry = programName();
  const directory = quoted(result.directory);
  const rows: [string, string][] = [
    ...(result.samples ? [["samples", result.samples] as [string, string]] : []),
    ["log", join(result.directory, "metrics.jsonl")],
    ...(result.checkpoint ? [["checkpoint", result.checkpoint] as [string, string]] : []),
  ];
  const next: [string, string][] = result.finished
    ? [
        [`${gantry} sample ${directory}`, "draw new images"],
        [`${gantry} resume ${directory} --set steps=${total * 2}`, "train for longer"],
      ]
    : [[`${gantry} resume ${directory}`, `go on to step ${total}`]];
  const done = result.finished
    ? `Finished ${result.step} steps`
    : `Stopped and saved at step ${result.step} of ${total}`;
  return [
    `${done} after ${spoken(result.seconds)}.`,
    ...rows.map(([name, path]) => `  ${name.padEnd(10)}  ${path}`),
    "Next:",
    ...next.flatMap(([line, does]) => [`  ${line}`, `      ${does}`]),
  ].join("\n");
}
