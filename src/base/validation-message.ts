/**
 * Says in one sentence what is wrong with a value: the full path of the key, the value, and what would be accepted.
 *
 * zod reports where and why a value does not fit. This file words it for the author of a recipe or a `--set`. It looks up
 * in the schema what is accepted there, so that "expected number" becomes "must be a number from 0 to 1".
 */
import { z } from "zod";
import { suggestion } from "./errors.ts";

/** Removes the wrappers (optional, default, nullable ...) around a schema. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema;
  while ("innerType" in inner._zod.def) inner = inner._zod.def.innerType as z.core.$ZodType;
  return inner;
}

/** The objects that a value may be: the schema's own, or those among the members of a union. */
function objectsIn(schema: z.core.$ZodType): z.ZodObject[] {
  if (schema instanceof z.ZodObject) return [schema];
  return schema instanceof z.ZodUnion ? schema.options.filter((option) => option instanceof z.ZodObject) : [];
}

/** The schema of the value at `path` inside `schema`; undefined where the schema does not say (a record). */
export function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  let here: z.core.$ZodType | undefined = schema;
  for (const step of path) {
    const inner: z.core.$ZodType = unwrap(here);
    const [object] = objectsIn(inner);
    if (object !== undefined) here = object.shape[step as string] as z.core.$ZodType | undefined;
    else if (inner instanceof z.ZodArray) here = inner.element as z.core.$ZodType;
    else if (inner instanceof z.ZodTuple) here = inner.def.items[Number(step)];
    else return undefined;
    if (here === undefined) return undefined;
  }
  return here;
}

/** The keys of an object schema; empty for other schemas. */
export function keysOf(schema: z.core.$ZodType | undefined): string[] {
  const inner = schema && unwrap(schema);
  const [object] = inner === undefined ? [] : objectsIn(inner);
  return object === undefined ? [] : Object.keys(object.shape);
}

/** Whether the schema is of a single value, which has no keys. */
export function isScalar(schema: z.core.$ZodType): boolean {
  return ["number", "string", "boolean", "enum", "literal"].includes(unwrap(schema)._zod.def.type);
}

/** The part of JSON Schema that {@link accepted} reads. */
interface Shape {
  type?: string | undefined;
  const?: unknown;
  enum?: unknown[] | undefined;
  anyOf?: Shape[] | undefined;
  minimum?: number | undefined;
  maximum?: number | undefined;
  exclusiveMinimum?: number | undefined;
  exclusiveMaximum?: number | undefined;
  prefixItems?: Shape[] | undefined;
  items?: Shape | undefined;
  properties?: Record<string, unknown> | undefined;
  examples?: unknown[] | undefined;
}

/** A bound for a message. zod bounds integers by the largest that a double holds exactly; those are left out. */
const limit = (bound: number | undefined) =>
  bound === undefined || Math.abs(bound) >= Number.MAX_SAFE_INTEGER ? undefined : bound;

function range(shape: Shape, noun: string): string {
  const [low, high] = [limit(shape.minimum), limit(shape.maximum)];
  const [above, below] = [limit(shape.exclusiveMinimum), limit(shape.exclusiveMaximum)];
  if (low !== undefined && high !== undefined) return `${noun} from ${low} to ${high}`;
  const lower = low !== undefined ? `of at least ${low}` : above !== undefined ? `above ${above}` : "";
  const upper = high !== undefined ? `at most ${high}` : below !== undefined ? `below ${below}` : "";
  return [noun, [lower, upper].filter(Boolean).join(" and ")].filter(Boolean).join(" ");
}

function words(shape: Shape): string {
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.enum) return `one of ${shape.enum.join(", ")}`;
  if (shape.anyOf) return shape.anyOf.map(words).join(" or ");
  if (shape.type === "integer") return range(shape, "a whole number");
  if (shape.type === "number") return range(shape, "a number");
  if (shape.type === "string") return shape.examples === undefined ? "a text" : `a text such as ${shape.examples[0]}`;
  if (shape.type === "boolean") return "true or false";
  if (shape.type === "null") return "null";
  if (shape.type === "array") {
    if (shape.prefixItems) return `a list of ${shape.prefixItems.length}: [${shape.prefixItems.map(words).join(", ")}]`;
    return shape.items?.type || shape.items?.enum ? `a list, each entry ${words(shape.items)}` : "a list";
  }
  if (shape.properties) return `an object of ${Object.keys(shape.properties).join(", ")}`;
  return "something else";
}

/**
 * What a schema accepts, in words.
 *
 * @example
 * accepted(z.number().min(0).max(1)); // "a number from 0 to 1"
 */
export function accepted(schema: z.core.$ZodType): string {
  return words(z.toJSONSchema(schema as z.ZodType, { unrepresentable: "any", io: "input" }) as Shape);
}

/** A value as text for a message; long ones are cut. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** zod's own messages. Any other message was written by the author of the schema and is kept. */
const generic = /^(Invalid|Too (small|big)|Unrecognized)/;

/**
 * The first thing that is wrong with `input`, as one sentence.
 *
 * @param root - the dotted path at which `input` stands in the recipe, "" for the recipe itself
 */
export function validationMessage(error: z.ZodError, schema: z.core.$ZodType, input: unknown, root = ""): string {
  const issue = error.issues[0]!;
  const name = [...(root ? [root] : []), ...issue.path.map(String)].join(".");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0]!;
    const known = keysOf(schemaAt(schema, issue.path));
    return `unknown key \`${[...(name ? [name] : []), key].join(".")}\`${suggestion(key, known)}`;
  }
  let value: unknown = input;
  for (const step of issue.path) value = (value as Record<PropertyKey, unknown> | undefined)?.[step];
  const there = schemaAt(schema, issue.path);
  const written = generic.test(issue.message) && there ? `must be ${accepted(there)}` : issue.message;
  const subject = name === "" ? "the recipe" : `\`${name}\``;
  const sentence = /^(must|cannot|holds|needs|has|is) /.test(written);
  if (value === undefined) return `${subject} is missing: ${sentence ? "it " : ""}${written}`;
  // A function or a whole object would be shown as source code or as a page of JSON.
  const hidden = typeof value === "function" || (issue.code === "custom" && typeof value === "object");
  return `${subject}${hidden ? "" : ` (=${shown(value)})`}${sentence ? " " : ": "}${written}`;
}
