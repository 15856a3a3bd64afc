/** How many columns of a terminal a text takes: Chinese letters and most emoji take two, accents of their own none (UAX #11). */
import { eastAsianWidth } from "get-east-asian-width";

/** Accents and other marks, and letters without a width: joiners and selectors of variants. */
const NO_WIDTH = /[\p{Mark}\u200b-\u200d\u2060\ufeff]/u;

const widthOf = (letter: string): number => (NO_WIDTH.test(letter) ? 0 : eastAsianWidth(letter.codePointAt(0)!));

/** The columns that a text without controls takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const letter of text) width += widthOf(letter);
  return width;
}

/** The beginning of a text that fits into a number of columns. */
export function cut(text: string, columns: number): string {
  let width = 0;
  let end = 0;
  for (const letter of text) {
    width += widthOf(letter);
    if (width > columns) return text.slice(0, end);
    end += letter.length;
  }
  return text;
}

/** A text with spaces after it, up to a number of columns. */
export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - textWidth(text)));
}
