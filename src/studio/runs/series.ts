/**
 * The numbers of a log over its steps in bounded memory. When there are too many points, each two neighbours become
 * their mean, and from then on a point is the mean of twice as many lines.
 */
import type { Curves } from "../api.ts";
import type { LineSink } from "./line-reader.ts";
import { type NumbersLine, parseLines } from "./log-lines.ts";

/** The most points; an even number. */
const MOST_POINTS = 2_000;
/** The most names. A log can hold any. */
const MOST_NAMES = 120;

/** Sums of the lines that make the next point. */
class Pending {
  lines = 0;
  step = 0;
  readonly #sums = new Map<string, [sum: number, count: number]>();

  add({ step, numbers }: NumbersLine): void {
    this.lines += 1;
    this.step = step;
    for (const [name, value] of numbers) {
      const [sum, count] = this.#sums.get(name) ?? [0, 0];
      this.#sums.set(name, [sum + value, count + 1]);
    }
  }

  mean(name: string): number {
    const [sum, count] = this.#sums.get(name) ?? [0, 0];
    return sum / count;
  }
}

/** The curves of one run. NaN stands where a line has no such number. */
export class Series implements LineSink {
  #generation = 0;
  #stride = 1;
  #steps: number[] = [];
  readonly #columns = new Map<string, number[]>();
  readonly #omitted = new Set<string>();
  #pending = new Pending();

  /** Lines that were read. */
  get length(): number {
    return this.#steps.length;
  }

  restart(): void {
    this.#generation += 1;
    this.#stride = 1;
    this.#steps = [];
    this.#columns.clear();
    this.#omitted.clear();
    this.#pending = new Pending();
  }

  lines(chunk: Buffer): void {
    for (const line of parseLines(chunk)) {
      if ("numbers" in line) this.#add(line);
      else if (line.event === "start" || line.event === "resume") this.#cutAfter(line.step);
    }
  }

  /**
   * The points from number `from` on; all of them where `generation` is not the newest. The last point may grow, so a
   * reader that has n points asks from n - 1.
   */
  curves(generation: number, from: number): Curves {
    const first = generation === this.#generation ? Math.max(0, Math.min(from, this.#steps.length)) : 0;
    const values = Array.from(
      this.#columns,
      ([name, column]) => [name, column.slice(first).map(finiteOrNull)] as const,
    );
    return {
      generation: this.#generation,
      from: first,
      stride: this.#stride,
      steps: this.#steps.slice(first),
      values: Object.fromEntries(values),
      omitted: this.#omitted.size,
    };
  }

  #add(line: NumbersLine): void {
    for (const name of line.numbers.keys()) this.#introduce(name);
    // A point that is not complete yet stands in the curves with the lines that it has.
    if (this.#pending.lines > 0) this.#pop();
    this.#pending.add(line);
    this.#push();
    if (this.#pending.lines === this.#stride) this.#pending = new Pending();
    if (this.#steps.length >= MOST_POINTS && this.#pending.lines === 0) this.#thin();
  }

  #introduce(name: string): void {
    if (this.#columns.has(name) || this.#omitted.has(name)) return;
    if (this.#columns.size < MOST_NAMES) this.#columns.set(name, Array<number>(this.#steps.length).fill(Number.NaN));
    else if (this.#omitted.size < MOST_NAMES) this.#omitted.add(name);
  }

  #push(): void {
    this.#steps.push(this.#pending.step);
    for (const [name, column] of this.#columns) column.push(this.#pending.mean(name));
  }

  #pop(): void {
    this.#steps.pop();
    for (const column of this.#columns.values()) column.pop();
  }

  #thin(): void {
    this.#generation += 1;
    this.#stride *= 2;
    this.#steps = this.#steps.filter((_, i) => i % 2 === 1);
    for (const [name, column] of this.#columns) {
      this.#columns.set(
        name,
        this.#steps.map((_, i) => meanOf(column[2 * i]!, column[2 * i + 1]!)),
      );
    }
  }

  /** Steps after a checkpoint are made again: their points do not count any more. */
  #cutAfter(step: number): void {
    this.#pending = new Pending();
    const kept = this.#steps.findIndex((one) => one > step);
    if (kept < 0) return;
    this.#generation += 1;
    this.#steps.length = kept;
    for (const column of this.#columns.values()) column.length = kept;
  }
}

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** The mean of those of two values that are there. */
function meanOf(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : (a + b) / 2;
}
