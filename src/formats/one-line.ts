/** Texts from files inside error messages: keeps an error on one line, whatever names a file holds. */

/** Text that may come from a file as part of a one-line message: controls escaped, at most `limit` characters. */
export function oneLine(text: string, limit = 200): string {
  const short = text.length > limit ? `${text.slice(0, limit - 3)}...` : text;
  // The C0 and C1 controls and DEL, which terminals act on, and Unicode's line and direction marks.
  return short.replace(controls, (c) => escapes.get(c) ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern looks for control characters
const controls = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

const escapes: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** A name from a file in a message: {@link oneLine}, in backquotes, at most 80 characters. */
export const quoted = (text: string): string => `\`${oneLine(text, 80)}\``;
