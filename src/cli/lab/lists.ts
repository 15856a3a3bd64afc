/** Flags that take a list, such as `--modes 25,64`. */
import { suggestion } from "../../base/errors.ts";
import { UsageError } from "../errors.ts";

/** The parts of a list. */
export function listOf(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/**
 * The listed names, all of them known.
 * @throws UsageError for one that is not, and for an empty list.
 */
export function namesOf<T extends string>(flag: string, text: string, known: readonly T[]): T[] {
  const words = listOf(text);
  if (words.length === 0) throw new UsageError(`${flag} (=${text}) must name at least one of ${known.join(", ")}`);
  return words.map((word) => {
    const found = known.find((name) => name === word);
    if (found !== undefined) return found;
    throw new UsageError(`${flag}: there is no \`${word}\`${suggestion(word, known)}`);
  });
}
