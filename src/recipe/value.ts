/** Values as they are typed on a command line: `128`, `1e-4`, `2_000`, `true`, `null`, `[0,0.9]`, `hinge`, `"64"`. */

const number = /^[+-]?(\d+(_\d+)*(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Splits at the commas that stand outside brackets, braces and quotes.
 *
 * @example
 * splitList("[],[topK,r1]"); // ["[]", "[topK,r1]"]
 */
export function splitList(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (letter === '"' && text[i - 1] !== "\\") quoted = !quoted;
    else if (quoted) continue;
    else if (letter === "[" || letter === "{") depth++;
    else if (letter === "]" || letter === "}") depth--;
    else if (letter === "," && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/**
 * Like {@link parseValue}, but every scalar stays the text that it is written as: `01`, `1e5`, `true`. Text in quotes loses
 * them.
 *
 * @example
 * parseTexts("[01, cat]"); // ["01", "cat"]
 */
export function parseTexts(raw: string): unknown {
  const text = raw.trim();
  if (text.startsWith('"')) return fromJson(text);
  if (!text.startsWith("[") || !text.endsWith("]")) return text;
  const inner = text.slice(1, -1).trim();
  return inner === "" ? [] : splitList(inner).map(parseTexts);
}

/** Whether a parsed value, as text again, is what was written: `12` is, `012` and `1e5` are not. */
export function isAsWritten(parsed: unknown, texts: unknown): boolean {
  if (Array.isArray(parsed) && Array.isArray(texts)) return parsed.every((value, i) => isAsWritten(value, texts[i]));
  return typeof parsed === "object" || String(parsed) === texts;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * The value of a text: a number, true, false, null, a list, an object (as JSON), or else the text itself. Text in quotes
 * stays text.
 *
 * @example
 * parseValue("[0, 0.9]"); // [0, 0.9]
 * parseValue("[topK, r1]"); // ["topK", "r1"]
 */
export function parseValue(raw: string): unknown {
  const text = raw.trim();
  if (number.test(text)) return Number(text.replaceAll("_", ""));
  if (text === "true") return true;
  if (text === "false") return false;
  if (text === "null") return null;
  if (text.startsWith("[") && text.endsWith("]")) {
    const inner = text.slice(1, -1).trim();
    return inner === "" ? [] : splitList(inner).map(parseValue);
  }
  if (text.startsWith("{") || text.startsWith('"')) return fromJson(text);
  return text;
}
