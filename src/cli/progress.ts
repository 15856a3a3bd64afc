/**
 * The progress of a training run: one line that a terminal redraws in place, or one line per tick where there is none.
 *
 *     1200/2000  D 1.23  G 0.87  D(real) 0.71  D(fake) 0.30  k 58  1240 img/s  ETA 1:23
 */

import { visible, visibleMessage } from "../base/visible.ts";
import { whenContinued, workingSeconds } from "../base/working-time.ts";
import { cut, textWidth } from "./text-width.ts";

export { duration } from "../base/duration.ts";

/** What a progress line shows of a tick: as in metrics.jsonl. */
export interface Shown {
  readonly step: number;
  readonly imagesPerSecond: number;
  readonly [name: string]: number | undefined;
}

/** How a recipe's numbers are shown. Others are shown by their own names. */
const LABELS: Readonly<Record<string, string>> = { lossD: "D", lossG: "G", dReal: "D(real)", dFake: "D(fake)" };

/** Numbers that are shown elsewhere in the line, or not at all. */
const HIDDEN = ["event", "step", "epoch", "imagesPerSecond", "seconds", "gradNormD", "gradNormG"];

/** Seconds as `m:ss`, or `h:mm:ss` from an hour on. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "--:--";
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(rest).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** A score with four significant digits; whole numbers as they are, and NaN as what it says: undefined. */
export function significant(value: number): string {
  if (Number.isNaN(value)) return "undefined";
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

/** A value with its spread, `7.904 ± 0.083`: the spread has two significant digits. */
export function valueText({ value, std }: { readonly value: number; readonly std?: number | undefined }): string {
  return std === undefined ? significant(value) : `${significant(value)} ± ${std.toPrecision(2)}`;
}

/** The remaining time from the recent speed: a run's first steps are slow (packing data, choosing kernels). */
export class Remaining {
  readonly #times: { step: number; at: number }[] = [];

  /** Seconds left, NaN before the first measurement. `at` is a time in seconds; default: now. */
  update(step: number, total: number, at: number = workingSeconds()): number {
    this.#times.push({ step, at });
    if (this.#times.length > 10) this.#times.shift();
    const first = this.#times[0]!;
    return step > first.step ? ((total - step) * (at - first.at)) / (step - first.step) : Number.NaN;
  }
}

/** A number in about five letters: 0.71, 12.3, 1.2e+5, 2.0e-4. */
function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e5) return value.toExponential(1);
  if (Number.isInteger(value)) return String(value);
  // A learning rate, not a loss that has become 0.
  if (size < 0.005) return value.toExponential(1);
  return value.toFixed(size < 10 ? 2 : size < 1000 ? 1 : 0);
}

/**
 * The progress line of a tick, without an ending.
 *
 * In a narrow terminal it has less space, then no speed, then fewer numbers. A line that is cut off would lose digits
 * of the remaining time.
 */
export function progressLine(
  tick: Shown,
  total: number,
  secondsLeft: number,
  columns = Number.POSITIVE_INFINITY,
): string {
  const numbers = Object.entries(tick).flatMap(([name, value]) =>
    value === undefined || HIDDEN.includes(name) ? [] : [`${LABELS[name] ?? name} ${short(value)}`],
  );
  const losses = [`${String(tick.step).padStart(String(total).length)}/${total}`, ...numbers];
  const speed = `${Math.round(tick.imagesPerSecond)} img/s`;
  const left = `ETA ${clock(secondsLeft)}`;
  const wide = [...losses, speed, left].join("  ");
  if (wide.length <= columns) return wide;
  const close = [...losses, speed, left].join(" ");
  if (close.length <= columns) return close;
  while (losses.length > 1 && [...losses, left].join(" ").length > columns) losses.pop();
  return [...losses, left].join(" ");
}

/** Where lines go; `isTTY` and `columns` as of a `tty.WriteStream`. */
export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Writes events as JSON, one object per line. */
export const jsonLines =
  (out: Stream) =>
  (event: string, content: object = {}) =>
    void out.write(`${JSON.stringify({ event, ...content })}\n`);

/** Prints notes above a line of progress, each once. */
export function noteOnce(status: StatusLine): (message: string) => void {
  const noted = new Set<string>();
  return (message) => {
    if (!noted.has(message)) status.print(`note: ${message}`);
    noted.add(message);
  };
}

/** Shows how far downloads are, each with the time that is left. */
export function showDownloads(status: StatusLine): (file: string, done: number, total: number) => void {
  const started = new Map<string, Remaining>();
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const show = throttled(({ file, done, total }: { file: string; done: number; total: number }) => {
    const remaining = started.get(file) ?? new Remaining();
    started.set(file, remaining);
    const left = clock(remaining.update(done, total));
    status.update(`${file}: ${megabytes(done)} of ${megabytes(total)} MB, ${left} left`);
  });
  return (file, done, total) => show({ file, done, total });
}

/** Erases the rest of the line and all lines below. */
const TO_END = "\u001b[J";

/** Whether lines can be redrawn: not in a file or pipe, nor where TERM says that the terminal cannot. */
export const canRedraw = ({ isTTY }: Pick<Stream, "isTTY">): boolean => isTTY === true && process.env.TERM !== "dumb";

/**
 * What moves the cursor to the start of the first of these lines, from the end of the last. Terminals wrap lines again when
 * they become narrower, so a line may take several rows now.
 */
export function backTo(lines: readonly string[], columns: number): string {
  const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(textWidth(line) / columns)), 0);
  return rows > 1 ? `\r\u001b[${rows - 1}A` : "\r";
}

/** A line of progress that is redrawn in place on a terminal, below the lines that were printed. */
export class StatusLine {
  readonly #stream: Stream;
  readonly #terminal: boolean;
  #drawn = "";
  #unwatch: (() => void) | undefined;

  constructor(stream: Stream, terminal: boolean = canRedraw(stream)) {
    this.#stream = stream;
    this.#terminal = terminal;
  }

  /** The most columns of the line of progress: a line that wraps could not be erased with one carriage return. */
  get columns(): number {
    return this.#terminal ? (this.#stream.columns || 80) - 1 : Number.POSITIVE_INFINITY;
  }

  /** Replaces the line of progress. Where nothing can be redrawn, the text becomes a line of its own. */
  update(given: string): void {
    const text = visible(given);
    if (!this.#terminal) {
      this.#stream.write(`${text}\n`);
      return;
    }
    const fitting = cut(text, this.columns);
    this.#stream.write(`${this.#back()}${fitting}${TO_END}`);
    this.#drawn = fitting;
    // The shell has written below the line meanwhile: it is drawn again where the cursor is.
    this.#unwatch ??= whenContinued(() => {
      this.#drawn = cut(this.#drawn, this.columns);
      this.#stream.write(`\r${this.#drawn}${TO_END}`);
    });
  }

  /** Writes a line that stays, above the line of progress. */
  print(given: string): void {
    const text = visibleMessage(given);
    if (this.#drawn === "") this.#stream.write(`${text}\n`);
    else {
      const back = this.#back();
      this.#drawn = cut(this.#drawn, this.columns);
      this.#stream.write(`${back}${TO_END}${text}\n${this.#drawn}`);
    }
  }

  /** Ends the line of progress: what is written next begins below it. */
  end(): void {
    if (this.#drawn !== "") this.#stream.write("\n");
    this.#drawn = "";
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  #back(): string {
    return backTo([this.#drawn], this.#stream.columns || 80);
  }
}

/** Milliseconds between two updates: a tenth of a second on a terminal, ten seconds in a log. */
export const lineInterval = (): number => (canRedraw(process.stderr) ? 100 : 10_000);

/** Calls `show` at most every `interval` milliseconds; the first call goes through, those between are left out. */
export function throttled<T>(show: (value: T) => void, interval = lineInterval()): (value: T) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (value) => {
    const now = performance.now();
    if (now - last < interval) return;
    last = now;
    show(value);
  };
}
