/** Finds what comes twice in a list of names. */

/** The first name that came before; undefined where all differ. */
export function firstTwice(names: Iterable<string>): string | undefined {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}
