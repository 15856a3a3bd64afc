/** Makes the controls visible that a text from a file may hold. */

/**
 * Text that may come from a file, for a terminal or a picture: what a terminal would act on, and what XML does not take, as
 * `\\u001b`, a new line as `\\n`.
 *
 * @example
 * visible("cat\u0007"); // "cat\\u0007"
 */
export function visible(text: string): string {
  const escaped = (c: string) => escapes.get(c) ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return text.replace(controls, escaped).replace(lone, escaped);
}

/** {@link visible} of a text whose lines stay lines, such as a chart's SVG. */
export const visibleLines = (text: string): string => text.split("\n").map(visible).join("\n");

/** {@link visibleLines} of a message. Of a longer one than anybody reads, the middle is left out. */
export const visibleMessage = (text: string): string => visibleLines(clipped(text));

/** Letters of a message that are shown. */
const LONGEST_MESSAGE = 8_000;

function clipped(text: string): string {
  if (text.length <= LONGEST_MESSAGE) return text;
  const half = LONGEST_MESSAGE / 2;
  return `${text.slice(0, half)} ... (${text.length - 2 * half} characters left out) ... ${text.slice(-half)}`;
}

// The C0 and C1 controls and DEL, which terminals act on, Unicode's line and direction marks, and what is no character.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern looks for control characters
const controls = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/g;

/** Halves of a pair of code units without the other half. */
const lone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const escapes: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);
