/** What several owners keep, in one flat list of names: each name begins with its owner's prefix. */

/** The entries with the prefix before their names. */
export function prefixed<T>(prefix: string, entries: Iterable<readonly [string, T]>): [string, T][] {
  return Array.from(entries, ([name, value]) => [prefix + name, value]);
}

/** Of a flat list the entries whose names begin with the prefix, without it. */
export function unprefixed<T>(prefix: string, entries: Iterable<readonly [string, T]>): Map<string, T> {
  const own = [...entries].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, value]) => [name.slice(prefix.length), value]));
}
