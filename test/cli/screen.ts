/** What a terminal shows: the few controls that Gantry writes carried out, with lines that wrap, also when it is resized. */
import { textWidth } from "../../src/cli/text-width.ts";

export const ESCAPE = "\u001b";

/** The lines of progress in an output, as they were drawn one over the other. */
export function drawnIn(output: string): string[] {
  return output
    .split(`${ESCAPE}[J`)
    .slice(0, -1)
    .map((before) => {
      const drawn = before.slice(before.lastIndexOf("\r") + 1);
      return drawn.startsWith(ESCAPE) ? drawn.slice(drawn.indexOf("A") + 1) : drawn;
    });
}

/** A line of the screen as it was written; it takes several rows where it is longer than the terminal is wide. */
interface Line {
  text: string;
}

/** A terminal that wraps its lines again when it is resized, as most do. */
export class Screen {
  columns: number;
  readonly #lines: Line[] = [{ text: "" }];
  /** Line and letter of the cursor. */
  #line = 0;
  #at = 0;

  constructor(columns: number) {
    this.columns = columns;
  }

  /** The lines, as a person would copy them. */
  get lines(): string[] {
    return this.#lines.map(({ text }) => text.trimEnd());
  }

  write(text: string): void {
    for (let i = 0; i < text.length; ) {
      const control = text[i] === ESCAPE ? /^\[(\d*)([AKJm])/.exec(text.slice(i + 1, i + 12)) : null;
      if (control !== null) {
        this.#control(control[2]!, Number(control[1] || 0));
        i += 1 + control[0].length;
        continue;
      }
      this.#letter(text[i]!);
      i++;
    }
  }

  #control(what: string, count: number): void {
    const line = this.#lines[this.#line]!;
    if (what === "K" || what === "J") line.text = line.text.slice(0, this.#at);
    if (what === "J") this.#lines.splice(this.#line + 1);
    if (what === "A") this.#up(count);
  }

  #letter(letter: string): void {
    const line = this.#lines[this.#line]!;
    if (letter === "\r") this.#at = this.#rowStart();
    else if (letter === "\n") {
      this.#line++;
      this.#at = 0;
      if (this.#line === this.#lines.length) this.#lines.push({ text: "" });
    } else {
      line.text = line.text.slice(0, this.#at) + letter + line.text.slice(this.#at + 1);
      this.#at++;
    }
  }

  /** A carriage return goes to the start of the row, not of the line. */
  #rowStart(): number {
    const column = this.#at === 0 ? 0 : (this.#at - 1) % this.columns;
    return this.#at === 0 ? 0 : this.#at - 1 - column;
  }

  /** Up by rows, from the start of a row. */
  #up(rows: number): void {
    for (let left = rows; left > 0; left--) {
      if (this.#at >= this.columns) this.#at -= this.columns;
      else if (this.#line > 0) {
        this.#line--;
        const width = textWidth(this.#lines[this.#line]!.text);
        this.#at = Math.max(0, Math.ceil(width / this.columns) - 1) * this.columns;
      }
    }
  }
}
