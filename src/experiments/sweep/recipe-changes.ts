/** The differences of two recipes, by the keys that a user would set. */
import { canonicalJson } from "../../base/canonical-json.ts";

/** A key whose value is not the same. */
export interface RecipeChange {
  readonly key: string;
  readonly before: string;
  readonly after: string;
}

type Fields = Readonly<Record<string, unknown>>;
interface Part {
  readonly kind: string;
  readonly options: Fields;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isPart = (value: unknown): value is Part => isFields(value) && "role" in value && "options" in value;
const isParts = (value: unknown): value is readonly Part[] => Array.isArray(value) && value.every(isPart);

function text(value: unknown): string {
  if (value === undefined) return "not set";
  if (isPart(value)) return value.kind;
  if (isParts(value)) return `[${value.map(({ kind }) => kind).join(",")}]`;
  return typeof value === "string" ? value : canonicalJson(value);
}

/**
 * The differences of two recipes in their stored form; empty when they are the same.
 *
 * @example
 * recipeChanges(toPlainRecipe(a), toPlainRecipe(b)); // [{ key: "generator.width", before: "32", after: "64" }]
 */
export function recipeChanges(before: unknown, after: unknown, key = ""): RecipeChange[] {
  if (canonicalJson(before ?? null) === canonicalJson(after ?? null)) return [];
  const inner = (name: string) => (key === "" ? name : `${key}.${name}`);
  if (isPart(before) && isPart(after) && before.kind === after.kind)
    return recipeChanges(before.options, after.options, key);
  if (isParts(before) && isParts(after) && text(before) === text(after))
    return before.flatMap((part, i) => recipeChanges(part, after[i], inner(part.kind)));
  if (isFields(before) && isFields(after) && !isPart(before) && !isPart(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => recipeChanges(before[name], after[name], inner(name)));
  }
  return [{ key, before: text(before), after: text(after) }];
}
