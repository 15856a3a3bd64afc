/** Texts from files inside error messages: keeps an error on one line, whatever names a file holds. */
import { visible } from "../base/visible.ts";

/** Text that may come from a file as part of a one-line message: controls escaped, at most `limit` characters. */
export function oneLine(text: string, limit = 200): string {
  return visible(text.length > limit ? `${text.slice(0, limit - 3)}...` : text);
}

/** A name from a file in a message: {@link oneLine}, in backquotes, at most 80 characters. */
export const quoted = (text: string): string => `\`${oneLine(text, 80)}\``;
