/** Progress of a sweep, from the reports of its children, with the remaining time. */
import { counted } from "../base/counted.ts";
import type { ChildEvent, GridRun } from "../experiments/index.ts";
import { clock, progressLine, Remaining, type Shown } from "./progress.ts";

/** One running child, from its events. */
class Running {
  readonly label: string;
  readonly #began: number;
  readonly #remaining = new Remaining();
  #text: string;
  #tick: Shown | undefined;
  #total = Number.NaN;
  #left = Number.NaN;
  /** Seconds that the run took in earlier sessions do not count: only whole runs tell how long one takes. */
  readonly whole: boolean;

  constructor(label: string, whole: boolean, text: string, at: number) {
    this.label = label;
    this.whole = whole;
    this.#text = text;
    this.#began = at;
  }

  take(event: ChildEvent, at: number): void {
    const number = (key: string) => Number(event[key]);
    if (event.event === "begin") {
      this.#total = number("to");
      this.#remaining.update(number("from"), this.#total, at);
      this.#text = "beginning";
    } else if (event.event === "tick") {
      this.#tick = event as unknown as Shown;
      this.#left = this.#remaining.update(this.#tick.step, this.#total, at);
    } else if (event.event === "preparing" || event.event === "evaluating") {
      this.#text = `${event.event} ${event.done} of ${counted(Number(event.total), "image")} of ${event.name}`;
      this.#tick = undefined;
    } else if (event.event === "stopping") {
      this.#text = "stopping";
      this.#tick = undefined;
    }
  }

  /** Seconds left, from the recent speed; NaN before the first measurement. */
  left(): number {
    return this.#left;
  }

  /** Seconds of the whole run; NaN where they are not known. */
  length(at: number): number {
    return this.whole ? at - this.#began + this.#left : Number.NaN;
  }

  line(columns: number): string {
    const head = `  ${this.label}  `;
    if (this.#tick === undefined) return head + this.#text;
    return head + progressLine(this.#tick, this.#total, this.#left, Math.max(0, columns - head.length));
  }
}

/** The sweep as a whole. Times are in seconds. */
export class SweepProgress {
  readonly #jobs: number;
  readonly #running = new Map<string, Running>();
  readonly #lengths: number[] = [];
  readonly #starts = new Map<string, number>();
  total = 0;
  finished = 0;
  failed = 0;
  elsewhere = 0;
  /** Whether the children were asked to stop. */
  stopping = false;
  /** Runs that have not begun here. */
  waiting = 0;

  constructor(jobs: number) {
    this.#jobs = jobs;
  }

  start(run: GridRun, label: string, whole: boolean, at: number, text = "starting"): void {
    this.#running.set(run.name, new Running(label, whole, text, at));
    this.#starts.set(run.name, at);
  }

  take(run: GridRun, event: ChildEvent, at: number): void {
    this.#running.get(run.name)?.take(event, at);
  }

  /** A run is over; `finished` tells whether its duration is that of a run. */
  end(run: GridRun, finished: boolean, at: number): void {
    const running = this.#running.get(run.name);
    this.#running.delete(run.name);
    if (finished && running?.whole) this.#lengths.push(at - this.#starts.get(run.name)!);
  }

  get running(): number {
    return this.#running.size;
  }

  /** Estimated seconds until everything is done: later runs are taken to be as long as earlier ones. */
  left(at: number): number {
    const running = [...this.#running.values()];
    const own = running.map((run) => run.left());
    const lengths = [...this.#lengths, ...running.map((run) => run.length(at))].filter(Number.isFinite);
    const each = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    const known = own.map((left) => (Number.isFinite(left) ? left : each));
    const work = known.reduce((sum, left) => sum + left, 0) + (this.waiting > 0 ? this.waiting * each : 0);
    return Math.max(work / Math.max(1, Math.min(this.#jobs, running.length + this.waiting)), ...known);
  }

  /** `3 of 12 done, 2 running, 1 failed  ETA 12:04`. */
  overall(at: number): string {
    const parts = [
      `${this.finished + this.failed} of ${this.total} done`,
      ...(this.running > 0 ? [`${this.running} running`] : []),
      ...(this.failed > 0 ? [`${this.failed} failed`] : []),
      ...(this.elsewhere > 0 ? [`${this.elsewhere} with other processes`] : []),
    ];
    return `${parts.join(", ")}  ${this.stopping ? "stopping" : `ETA ${clock(this.left(at))}`}`;
  }

  /** The overall line and one for each running child. */
  lines(columns: number, at: number): string[] {
    return [this.overall(at), ...[...this.#running.values()].map((run) => run.line(columns))];
  }
}
