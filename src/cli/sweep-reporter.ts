/** How a sweep reports: a live view on a terminal, few lines in a log, JSON lines, or nothing. */
import { counted } from "../base/counted.ts";
import { workingSeconds } from "../base/working-time.ts";
import type {
  CellDifference,
  GridRun,
  PlannedRun,
  RunState,
  SweepEvents,
  SweepOutcome,
  SweepTable,
} from "../experiments/index.ts";
import { duration, jsonLines, type Stream } from "./progress.ts";
import type { OutputFlags } from "./reporter.ts";
import { StatusLines } from "./status-lines.ts";
import { SweepProgress } from "./sweep-progress.ts";

/** How a sweep is reported. */
export interface SweepReporter {
  readonly events: SweepEvents;
  start(directory: string, cells: number, runs: number): void;
  stopping(): void;
  /** Ends the live view, also after an error. */
  close(): void;
  end(
    directory: string,
    outcome: SweepOutcome,
    table: string,
    data: SweepTable,
    differences?: readonly CellDifference[],
  ): void;
}

/** The reporter that the flags ask for. */
export function sweepReporter(flags: OutputFlags, jobs: number, out: Stream = process.stdout): SweepReporter {
  if (flags.json) return jsonReporter(out);
  return flags.quiet ? quietReporter(out) : new TextReporter(jobs, out);
}

function quietReporter(out: Stream): SweepReporter {
  return {
    events: {},
    start: () => {},
    stopping: () => {},
    close: () => {},
    end: (directory) => void out.write(`${directory}\n`),
  };
}

/** One object per line: `event` is start, plan, started, held, child, ended, stopping or end. */
function jsonReporter(out: Stream): SweepReporter {
  const line = jsonLines(out);
  return {
    events: {
      plan: (runs) => line("plan", { runs: runs.map(({ run, state }) => ({ run: run.name, state: state.kind })) }),
      started: (run, from) => line("started", { run: run.name, from }),
      held: (run, message) => line("held", { run: run.name, message }),
      child: (run, child) => line("child", { run: run.name, child }),
      ended: (run, state) => {
        const reason = "reason" in state ? { reason: state.reason } : {};
        line("ended", { run: run.name, state: state.kind, ...reason });
      },
    },
    start: (directory, cells, runs) => line("start", { directory, cells, runs }),
    stopping: () => line("stopping"),
    close: () => {},
    end: (directory, outcome, _table, { columns, notes }, differences) =>
      line("end", {
        directory,
        ...outcome,
        scores: columns.map(({ name }) => name),
        notes,
        differences: differences?.map(({ arm, measure, tested, p, seeds }) => {
          const { mean, halfWidth } = tested;
          return { cell: arm, score: measure, seeds, mean, halfWidth, p };
        }),
      }),
  };
}

/** Milliseconds between two views: on a terminal, and in a log. */
const REDRAW = 200;
const LOG_INTERVAL = 60_000;

const seconds = workingSeconds;
const labelOf = (run: GridRun) => `${run.cell.label}, seed ${run.seed}`;

class TextReporter implements SweepReporter {
  readonly #out: Stream;
  readonly #block: StatusLines;
  readonly #progress: SweepProgress;
  readonly #timer: NodeJS.Timeout;
  readonly #began = new Map<string, number>();
  readonly events: SweepEvents;

  constructor(jobs: number, out: Stream) {
    this.#out = out;
    this.#block = new StatusLines(out);
    this.#progress = new SweepProgress(jobs);
    // The clock runs on between the reports of children.
    this.#timer = this.#block.terminal
      ? setInterval(() => this.#draw(), REDRAW)
      : setInterval(() => this.#log(), LOG_INTERVAL);
    this.#timer.unref();
    this.events = {
      plan: (runs) => this.#plan(runs),
      started: (run, from) => {
        this.#begin(run, from === "start", "starting");
        if (!this.#block.terminal) this.#block.print(`${from === "start" ? "began" : "resumed"}  ${labelOf(run)}`);
      },
      held: (run, message) => {
        this.#begin(run, false, "trained by a process of an earlier sweep");
        this.#block.print(`waiting  ${labelOf(run)}: ${message}`);
      },
      child: (run, event) => {
        this.#progress.take(run, event, seconds());
        if (event.event === "note") this.#block.print(`${labelOf(run)}: ${event.message}`);
      },
      ended: (run, state) => this.#ended(run, state),
    };
  }

  #plan(runs: readonly PlannedRun[]): void {
    const progress = this.#progress;
    const done = runs.filter(({ todo }) => !todo);
    progress.total = runs.length;
    progress.failed = done.filter(({ state }) => state.kind === "failed").length;
    progress.finished = done.length - progress.failed;
    progress.waiting = runs.length - done.length;
    const failed = progress.failed > 0 ? `, ${progress.failed} have failed (--retry tries them again)` : "";
    if (done.length > 0)
      this.#block.print(`${progress.finished} of ${counted(runs.length, "run")} are finished already${failed}`);
  }

  #begin(run: GridRun, whole: boolean, text: string): void {
    if (!this.#began.has(run.name)) this.#progress.waiting--;
    this.#began.set(run.name, seconds());
    this.#progress.start(run, labelOf(run), whole, seconds(), text);
    this.#draw();
  }

  #ended(run: GridRun, state: RunState | { readonly kind: "elsewhere"; readonly reason: string }): void {
    const progress = this.#progress;
    const began = this.#began.get(run.name);
    if (began === undefined) progress.waiting--;
    progress.end(run, state.kind === "finished", seconds());
    if (state.kind === "finished") progress.finished++;
    if (state.kind === "failed") progress.failed++;
    if (state.kind === "elsewhere") progress.elsewhere++;
    const after = began === undefined ? "" : ` after ${duration(seconds() - began)}`;
    const words = {
      waiting: () => undefined,
      begun: () => `stopped   ${labelOf(run)}: it can be resumed`,
      finished: () => `finished  ${labelOf(run)}${after}`,
      failed: () => `failed    ${labelOf(run)}: ${"reason" in state ? state.reason : ""}`,
      elsewhere: () => `left      ${labelOf(run)}: ${"reason" in state ? state.reason : ""}`,
    }[state.kind]();
    if (words !== undefined) this.#block.print(words);
    this.#draw();
  }

  #draw(): void {
    if (this.#progress.running === 0) this.#block.clear();
    else this.#block.draw(this.#progress.lines(this.#block.columns, seconds()));
  }

  #log(): void {
    if (this.#progress.running === 0) return;
    for (const line of this.#progress.lines(Number.POSITIVE_INFINITY, seconds())) this.#block.print(line);
  }

  start(directory: string, cells: number, runs: number): void {
    const seeds = runs / cells;
    this.#out.write(`${directory}: ${counted(cells, "cell")} x ${counted(seeds, "seed")}, ${counted(runs, "run")}\n`);
  }

  stopping(): void {
    this.#progress.stopping = true;
    this.#block.print(
      "Stopping: every run finishes its step and saves; Ctrl-C once more ends at once, without saving.",
    );
  }

  close(): void {
    clearInterval(this.#timer);
    this.#block.clear();
  }

  end(_directory: string, _outcome: SweepOutcome, table: string): void {
    this.#out.write(`\n${table}`);
  }
}
