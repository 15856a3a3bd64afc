/** A stored recipe as a flat list of settings: `optimizers.generator.lr`, `techniques.topK.gamma`. */

/** A setting that tables can hold. */
export type Setting = string | number | boolean;

interface Part {
  readonly role: string;
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}

const isPart = (value: unknown): value is Part =>
  typeof value === "object" && value !== null && "role" in value && "kind" in value && "options" in value;

/**
 * The settings by the names that `--set` takes. A part is its kind, and its options below its name; of a list, the kinds.
 * What has no value is left out; other lists are JSON.
 */
export function flatSettings(recipe: Readonly<Record<string, unknown>>): Record<string, Setting> {
  const found: Record<string, Setting> = {};
  const add = (key: string, value: unknown): void => {
    if (value === undefined || value === null) return;
    if (typeof value === "string" || typeof value === "boolean" || typeof value === "number") found[key] = value;
    else if (isPart(value)) addPart(key, value);
    else if (!Array.isArray(value)) addAll(key, value);
    else if (value.length > 0 && value.every(isPart)) {
      found[key] = value.map(({ kind }) => kind).join(", ");
      for (const part of value) addAll(`${key}.${part.kind}`, part.options);
    } else found[key] = JSON.stringify(value);
  };
  const addAll = (key: string, values: object): void => {
    for (const [name, value] of Object.entries(values)) add(`${key}.${name}`, value);
  };
  const addPart = (key: string, { kind, options }: Part): void => {
    found[key] = kind;
    addAll(key, options);
  };
  for (const [key, value] of Object.entries(recipe)) add(key, value);
  return found;
}
