/** Checks that the options of a part can be stored as JSON, because every run stores its recipe. */

/**
 * The dotted path of the first value that JSON would lose (a function, a tensor, a class instance, NaN), or undefined
 * if there is none.
 *
 * @example
 * unstorable({ slope: 0.2, layers: [{ init: Math.random }] }); // "layers.0.init"
 */
export function unstorable(value: unknown, path = ""): string | undefined {
  if (value === null || value === undefined || typeof value === "string" || typeof value === "boolean")
    return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : path;
  if (typeof value !== "object") return path;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return path;
  for (const [key, inner] of Object.entries(value)) {
    const found = unstorable(inner, path ? `${path}.${key}` : key);
    if (found !== undefined) return found;
  }
  return undefined;
}
