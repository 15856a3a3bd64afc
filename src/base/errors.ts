/** Errors that a user can act on, and the suggestion of the nearest name. */

/**
 * An error caused by input from outside (a flag, a recipe, a file), not by a defect of Gantry.
 *
 * The message is one sentence that says what is wrong, where, which value was given and what would be accepted;
 * the command line prints it without a stack trace.
 *
 * @example
 * throw new UserError("`batchSize` (=0) must be a positive whole number");
 */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** Settings that do not go together, or not with the data or the machine. It is found before the first step. */
export class SettingsError extends UserError {}

/** Runs `body`: a UserError from it becomes one of a more precise kind. */
export function withErrorsAs<T>(Kind: typeof UserError, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new Kind(error.message, { cause: error });
  }
}

/** Runs what settings describe: a UserError from it becomes a {@link SettingsError}. */
export const asSettings = <T>(build: () => T): T => withErrorsAs(SettingsError, build);

/** The time for a distance grows with the product of the lengths. */
const LONGEST_NAME = 100;

/** Levenshtein's edit distance, counting a swap of neighbours as one edit (the most common typing error). */
function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)]);
  for (let j = 0; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const substitution = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(substitution, rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = best;
    }
  }
  return rows[a.length]![b.length]!;
}

/**
 * The candidate most like `word`, ignoring case. Undefined when none is near enough: at most a third of the word's
 * letters, and at least one, may differ. A text of more than 100 letters is no name, and nothing is like it.
 *
 * @example
 * nearest("batchsiez", ["batchSize", "steps"]); // "batchSize"
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST_NAME) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    // The distance is at least the difference of the lengths.
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** "; did you mean `x`?" when a likely candidate exists, else "; accepted: a, b, c", or that there are none. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const best = nearest(word, candidates);
  if (candidates.length === 0) return "; it takes none";
  return best === undefined ? `; accepted: ${candidates.join(", ")}` : `; did you mean \`${best}\`?`;
}
