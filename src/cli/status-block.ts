/** Several passing lines at the foot of a terminal, redrawn in place, while lasting lines stay above them. */
import type { Stream } from "./progress.ts";

/** The lines below everything else. Where nothing can be redrawn, only lasting lines are written. */
export class StatusBlock {
  readonly #stream: Stream & { readonly rows?: number | undefined };
  readonly terminal: boolean;
  #drawn: readonly string[] = [];

  constructor(
    stream: Stream & { readonly rows?: number | undefined },
    terminal: boolean = stream.isTTY === true && process.env.TERM !== "dumb",
  ) {
    this.#stream = stream;
    this.terminal = terminal;
  }

  /** How many letters a line may have: one that wraps would be two, and the block could not be erased. */
  get columns(): number {
    return (this.#stream.columns || 80) - 1;
  }

  /** The cursor to the start of the drawn lines. */
  #back(): string {
    return this.#drawn.length > 1 ? `\r\u001b[${this.#drawn.length - 1}A` : "\r";
  }

  /** Draws the block anew, as much of it as the terminal is high. Nothing happens where there is no terminal. */
  draw(lines: readonly string[]): void {
    if (!this.terminal) return;
    const fitting = lines.slice(0, (this.#stream.rows || 24) - 1).map((line) => line.slice(0, this.columns));
    if (fitting.join("\n") === this.#drawn.join("\n")) return;
    // Each line is written over before its rest is erased: a block that was erased first would flicker.
    this.#stream.write(`${this.#back()}${fitting.map((line) => `${line}\u001b[K`).join("\n")}\u001b[J`);
    this.#drawn = fitting;
  }

  /** Writes a line that stays, above the block. */
  lasting(text: string): void {
    if (this.#drawn.length === 0) this.#stream.write(`${text}\n`);
    else this.#stream.write(`${this.#back()}\u001b[J${text}\n${this.#drawn.join("\n")}`);
  }

  /** Removes the block: what comes next stands in its place. */
  clear(): void {
    if (this.#drawn.length > 0) this.#stream.write(`${this.#back()}\u001b[J`);
    this.#drawn = [];
  }
}
