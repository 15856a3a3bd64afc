/** Named entries of several owners in one flat list: each name begins with its owner's prefix. */

/** The entries with the prefix added to their names. */
export function prefixed<T>(prefix: string, entries: Iterable<readonly [string, T]>): [string, T][] {
  return Array.from(entries, ([name, value]) => [prefix + name, value]);
}

/** The entries of a flat list whose names begin with the prefix, with the prefix removed. */
export function unprefixed<T>(prefix: string, entries: Iterable<readonly [string, T]>): Map<string, T> {
  const own = [...entries].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, value]) => [name.slice(prefix.length), value]));
}
