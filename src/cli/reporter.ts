/** How a training run reports: text, JSON lines, or (quietly) only the run folder at the end. */
import { join, resolve } from "node:path";
import { counted } from "../base/counted.ts";
import type { RunResult, ScoresEvent, Tick, TrainOptions } from "../training/index.ts";
import { near, programName, quoted } from "./program.ts";
import {
  canRedraw,
  duration,
  jsonLines,
  progressLine,
  Remaining,
  StatusLine,
  type Stream,
  significant,
  throttled,
  valueText,
} from "./progress.ts";

/** How a command reports. */
export interface Reporter {
  /** A run of this recipe begins, or continues, in this folder. */
  start(recipe: string, directory: string): void;
  /** A studio shows the run at this address. */
  studio(address: string): void;
  readonly events: RunEvents;
  /** A signal asked to stop. */
  stopping(): void;
  /** The session is over. `workers` is what the user gave as `--workers`; resuming needs it again. */
  end(result: RunResult, workers?: string): void;
}

type RunEvents = NonNullable<TrainOptions["events"]>;

/** The output flags of a command. */
export interface OutputFlags {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

/** The flags that go with a {@link Reporter}. */
export const outputFlags = {
  quiet: { type: "boolean", description: "print only the run folder, when it is done" },
  json: { type: "boolean", description: "print one JSON object per line instead of text" },
} as const;

/** The reporter that the flags ask for. */
export function reporterFor(flags: OutputFlags, out: Stream = process.stdout): Reporter {
  if (flags.json) return jsonReporter(out);
  return flags.quiet ? quietReporter(out) : new TextReporter(out);
}

/** Milliseconds between two updates of one kind. */
const intervalOf = (out: Stream): number => (canRedraw(out) ? 500 : 10_000);

/** One object per line: `event` is start, studio, preparing, begin, tick, evaluating, scored, saved, note, stopping or end. */
function jsonReporter(out: Stream): Reporter {
  const line = jsonLines(out);
  const rarely = (event: string) => throttled((progress: object) => line(event, progress), intervalOf(out));
  return {
    events: {
      preparing: rarely("preparing"),
      begin: (from, to) => line("begin", { from, to }),
      tick: (tick) => line("tick", tick),
      evaluating: rarely("evaluating"),
      scored: ({ step, scores }, best) => line("scored", { step, best, scores }),
      saved: (file, kind) => line("saved", { kind, file }),
      note: (message) => line("note", { message }),
    },
    start: (recipe, directory) => line("start", { recipe, directory: resolve(directory) }),
    studio: (address) => line("studio", { address }),
    stopping: () => line("stopping"),
    end: (result) => line("end", result),
  };
}

function quietReporter(out: Stream): Reporter {
  const end = ({ directory }: RunResult) => void out.write(`${directory}\n`);
  return { events: {}, start: () => {}, studio: () => {}, stopping: () => {}, end };
}

class TextReporter implements Reporter {
  readonly #out: Stream;
  readonly #status: StatusLine;
  readonly #remaining = new Remaining();
  #total = 0;
  readonly events: RunEvents;

  constructor(out: Stream) {
    this.#out = out;
    this.#status = new StatusLine(out);
    this.events = {
      preparing: throttled(
        ({ name, done, total }) => this.#status.update(`Preparing ${name}: ${done} of ${counted(total, "image")}`),
        intervalOf(out),
      ),
      begin: (from, to) => {
        this.#total = to;
        this.#remaining.update(from, to);
        // A run that has reached its end says so in a note.
        if (from === 0) this.#status.print(`Training for ${counted(to, "step")}`);
        else if (from < to) this.#status.print(`Continuing from step ${from} to ${to}`);
      },
      tick: (tick) => this.#tick(tick),
      evaluating: throttled(
        ({ name, done, total }) => this.#status.update(`Evaluating: ${done} of ${counted(total, "image")} of ${name}`),
        intervalOf(out),
      ),
      scored: (evaluation, best) => this.#status.print(scoresLine(evaluation, best)),
      note: (message) => this.#status.print(message),
    };
  }

  #tick(tick: Tick): void {
    // Wall-clock time, which includes samples and checkpoints.
    const left = this.#remaining.update(tick.step, this.#total);
    this.#status.update(progressLine(tick, this.#total, left, this.#status.columns));
  }

  start(recipe: string, directory: string): void {
    this.#out.write(`${recipe}: ${directory}\n`);
  }

  studio(address: string): void {
    this.#out.write(
      `Watch it in the browser: ${address}\n  (the page stays when training ends, until it has been closed for a minute)\n`,
    );
  }

  stopping(): void {
    const when = this.#total > 0 ? "Stopping after this step" : "Stopping";
    this.#status.print(`${when}; Ctrl-C once more ends at once, without saving.`);
  }

  end(result: RunResult, workers?: string): void {
    this.#status.end();
    this.#out.write(`${endText(result, this.#total, workers)}\n`);
  }
}

/** `Step 1000: fid@mnist-classifier 31.2, inceptionScore@mnist-classifier 7.90 ± 0.08; the best so far`. */
function scoresLine({ step, scores }: ScoresEvent, best: boolean): string {
  const list = scores.map((score) => `${score.name} ${valueText(score)}`);
  return `Step ${step}: ${list.join(", ")}${best ? "; the best so far" : ""}`;
}

/** The text at the end: where everything is, and what to type next. `total` is 0 if training did not begin. */
function endText(result: RunResult, total: number, workers: string | undefined): string {
  const begun = total > 0;
  const gantry = programName();
  const directory = quoted(near(result.directory));
  const rows: [string, string | undefined][] = [
    ["samples", result.samples && near(result.samples)],
    ["log", begun ? near(join(result.directory, "metrics.jsonl")) : undefined],
    ["checkpoint", result.checkpoint && near(result.checkpoint)],
    ["best", result.best && `${near(result.best.checkpoint)}, ${result.best.name} ${significant(result.best.value)}`],
  ];
  const resume = `${gantry} resume ${directory}${workers === undefined ? "" : ` --workers ${workers}`}`;
  const next: [string, string][] = result.finished
    ? [
        [`${gantry} sample ${directory}`, "draw new images"],
        [`${resume} --set steps=${total * 2}`, "train for as long again"],
      ]
    : [[resume, begun ? `continue to step ${total}` : "continue"]];
  const after = `after ${duration(result.seconds)} of training`;
  const stopped = begun
    ? `Stopped and saved at step ${result.step} of ${total} ${after}.`
    : "Stopped while the data was being prepared; what is prepared is kept.";
  return [
    result.finished ? `Finished ${counted(result.step, "step")} ${after}.` : stopped,
    ...rows.flatMap(([name, path]) => (path === undefined ? [] : [`  ${name.padEnd(10)}  ${path}`])),
    "Next:",
    ...next.flatMap(([line, does]) => [`  ${line}`, `      ${does}`]),
  ].join("\n");
}
