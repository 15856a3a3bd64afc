/** Lists of names on the command line. */
import { parseValue, splitList } from "../recipe/index.ts";

/**
 * The names of a list that is divided by commas. A name with a comma in it, or with spaces around it, stands in quotes.
 *
 * @example
 * listedNames('cat, "a, b",01'); // ["cat", "a, b", "01"]
 */
export function listedNames(list: string): string[] {
  return splitList(list).map((part) => {
    const name = part.trim();
    return name.startsWith('"') ? String(parseValue(name)) : name;
  });
}
