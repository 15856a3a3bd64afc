/** Several lines of progress at the foot of a terminal, redrawn in place, below the lines that were printed. */
import { visible, visibleMessage } from "../base/visible.ts";
import { whenContinued } from "../base/working-time.ts";
import { backTo, canRedraw, type Stream } from "./progress.ts";
import { cut } from "./text-width.ts";

/** The lines of progress. Where nothing can be redrawn, only printed lines are written. */
export class StatusLines {
  readonly #stream: Stream & { readonly rows?: number | undefined };
  readonly terminal: boolean;
  #drawn: readonly string[] = [];
  #unwatch: (() => void) | undefined;

  constructor(stream: Stream & { readonly rows?: number | undefined }, terminal: boolean = canRedraw(stream)) {
    this.#stream = stream;
    this.terminal = terminal;
  }

  /** The most columns of a line: a line that wraps would be two, and the lines could not be erased. */
  get columns(): number {
    return (this.#stream.columns || 80) - 1;
  }

  /** Moves the cursor to the start of the drawn lines. */
  #back(): string {
    return backTo(this.#drawn, this.#stream.columns || 80);
  }

  /** Redraws the lines, as many as fit on the terminal. Does nothing without a terminal. */
  draw(lines: readonly string[]): void {
    if (!this.terminal) return;
    const fitting = lines.slice(0, (this.#stream.rows || 24) - 1).map((line) => cut(visible(line), this.columns));
    if (fitting.join("\n") === this.#drawn.join("\n")) return;
    // Each line is overwritten before its rest is erased: erasing first would flicker.
    this.#stream.write(`${this.#back()}${fitting.map((line) => `${line}\u001b[K`).join("\n")}\u001b[J`);
    this.#drawn = fitting;
    // The shell has written below the lines meanwhile: they are drawn again where the cursor is.
    this.#unwatch ??= whenContinued(() => {
      this.#drawn = [];
    });
  }

  /** Writes a line that stays, above the lines of progress. */
  print(given: string): void {
    const text = visibleMessage(given);
    if (this.#drawn.length === 0) this.#stream.write(`${text}\n`);
    else {
      const back = this.#back();
      this.#drawn = this.#drawn.map((line) => cut(line, this.columns));
      this.#stream.write(`${back}\u001b[J${text}\n${this.#drawn.join("\n")}`);
    }
  }

  /** Removes the lines: what is written next takes their place. */
  clear(): void {
    if (this.#drawn.length > 0) this.#stream.write(`${this.#back()}\u001b[J`);
    this.#drawn = [];
    this.#unwatch?.();
    this.#unwatch = undefined;
  }
}
