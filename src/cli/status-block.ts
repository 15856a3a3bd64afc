/** Several passing lines at the foot of a terminal, redrawn in place, while lasting lines stay above them. */
import type { Stream } from "./progress.ts";

/** The lines below everything else. Where nothing can be redrawn, only lasting lines are written. */
export class StatusBlock {
  readonly #stream: Stream;
  readonly terminal: boolean;
  #drawn: readonly string[] = [];

  constructor(stream: Stream, terminal: boolean = stream.isTTY === true && process.env.TERM !== "dumb") {
    this.#stream = stream;
    this.terminal = terminal;
  }

  /** How many letters a line may have: one that wraps would be two, and the block could not be erased. */
  get columns(): number {
    return (this.#stream.columns || 80) - 1;
  }

  /** The start of the drawn lines and everything below it erased; the cursor stands there. */
  #erase(): string {
    return this.#drawn.length === 0 ? "" : `\r${up(this.#drawn.length - 1)}\u001b[J`;
  }

  /** Draws the block anew. Nothing happens where there is no terminal. */
  draw(lines: readonly string[]): void {
    if (!this.terminal) return;
    const fitting = lines.map((line) => line.slice(0, this.columns));
    this.#stream.write(`${this.#erase()}${fitting.join("\n")}`);
    this.#drawn = fitting;
  }

  /** Writes a line that stays, above the block. */
  lasting(text: string): void {
    this.#stream.write(`${this.#erase()}${text}\n${this.#drawn.join("\n")}`);
  }

  /** Removes the block: what comes next stands in its place. */
  clear(): void {
    this.#stream.write(this.#erase());
    this.#drawn = [];
  }
}

const up = (lines: number): string => (lines > 0 ? `\u001b[${lines}A` : "");
