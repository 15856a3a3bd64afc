/** The settings of a run by dotted path, and which of them differ from their defaults. */
import { schemaOf } from "../../base/descriptor.ts";
import { canonicalJson, recipeSchema, schemaAt } from "../../recipe/index.ts";
import type { Setting } from "../api.ts";

/** A longer value is cut. */
const LONGEST_VALUE = 300;
/** More settings than this are no recipe. */
const MOST_SETTINGS = 400;

/** A part as recipe.json has it. */
interface PlainPart {
  readonly role: string;
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}

function isPart(value: unknown): value is PlainPart {
  if (typeof value !== "object" || value === null) return false;
  const { kind, options } = value as Record<string, unknown>;
  return typeof kind === "string" && typeof options === "object" && options !== null;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const shown = (value: unknown): string => {
  const text = typeof value === "string" ? value : (canonicalJson(value) ?? "");
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}...` : text;
};

/** What a schema gives where nothing was written; undefined where something must be. */
function standardOf(schema: unknown, path: readonly string[]): unknown {
  try {
    const there = schemaAt(schema as Parameters<typeof schemaAt>[0], path);
    const { data } =
      (there as { safeParse(value: unknown): { data?: unknown } } | undefined)?.safeParse(undefined) ?? {};
    return data;
  } catch {
    // The kind is not known here: a part of the user's own.
    return undefined;
  }
}

function schemaOfPart({ role, kind }: PlainPart): unknown {
  try {
    return schemaOf(role as Parameters<typeof schemaOf>[0], kind);
  } catch {
    return undefined;
  }
}

/**
 * The settings of a stored recipe, one for each value. A part stands under its place with its kind, and its options
 * below it; a technique under `techniques.<kind>`.
 *
 * @example
 * settingsOf({ loss: { role: "loss", kind: "hinge", options: {} }, batchSize: 32 });
 * // [{ path: "loss", value: "hinge" }, { path: "batchSize", value: "32", standard: "64" }]
 */
export function settingsOf(recipe: Readonly<Record<string, unknown>>): Setting[] {
  const found: Setting[] = [];
  const add = (path: string, value: unknown, standard: unknown): void => {
    if (found.length >= MOST_SETTINGS) return;
    const [text, other] = [shown(value), standard === undefined ? undefined : shown(standard)];
    found.push({ path, value: text, ...(other === undefined || other === text ? {} : { standard: other }) });
  };
  const walk = (path: readonly string[], value: unknown, schema: unknown, within: readonly string[]): void => {
    if (value === undefined) return;
    if (isPart(value)) {
      add(path.join("."), value.kind, undefined);
      const own = schemaOfPart(value);
      for (const [key, inner] of Object.entries(value.options)) walk([...path, key], inner, own, [key]);
    } else if (Array.isArray(value) && value.some(isPart)) {
      for (const part of value) if (isPart(part)) walk([...path, part.kind], part, undefined, []);
    } else if (isObject(value) && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value)) walk([...path, key], inner, schema, [...within, key]);
    } else {
      add(path.join("."), value, standardOf(schema, within));
    }
  };
  for (const [key, value] of Object.entries(recipe)) walk([key], value, recipeSchema, [key]);
  return found;
}
