/**
 * Overrides: changes a recipe by `key=value` texts, as `--set` and sweeps give them.
 *
 *     batchSize=128                     a key of the recipe
 *     samples.every=100                 a key inside a key
 *     generator.width=32                an option of a part
 *     optimizers.generator.lr=1e-4      likewise
 *     techniques.topK.floor=0.5         an option of a technique, found by its kind
 *     loss=wasserstein                  another part in its place, with its own defaults
 *     techniques+=topK  techniques-=topK  techniques=[topK,r1]
 *                                       a technique more, one less, exactly these (those that stay keep their options)
 *     evaluate.metrics+=kid             likewise for the metrics
 *     schedule=null                     back to the default
 *     labels=100                        an option by its name alone, where one part of the recipe has such an option (and
 *                                       takes such a value) and the recipe has no key of that name
 *
 * They act from left to right, and one that takes out what an earlier one has set is refused. The result is checked as a whole only at the end, so that a part which needs an option
 * can be put in place first and given its option next.
 */
import type { z } from "zod";
import { canonicalJson } from "../base/canonical-json.ts";
import { fromPlain, kindsOf, type PlainDescriptor, schemaOf, toPlain } from "../base/descriptor.ts";
import { suggestion, UserError } from "../base/errors.ts";
import { accepted, isScalar, keysOf, schemaAt, shown, validationMessage } from "../base/validation-message.ts";
import type { PartRole } from "./part-types.ts";
import { at, partsOf } from "./parts.ts";
import { toPlainRecipe } from "./plain.ts";
import { defineRecipe, type Recipe, type RecipeInput } from "./recipe.ts";
import { examples, named, type Places, recipePlaces } from "./schema.ts";
import { isAsWritten, parseTexts, parseValue } from "./value.ts";

type Schema = z.core.$ZodType;
type Draft = Record<string, unknown>;

/** One parsed override. */
export interface Setting {
  /** The text it came from. */
  readonly text: string;
  readonly path: readonly string[];
  readonly operator: "=" | "+=" | "-=";
  readonly raw: string;
}

function refuse(message: string): UserError {
  return new UserError(`--set: ${message}`);
}

/**
 * Parses `key=value`, `key+=value` or `key-=value`.
 *
 * @throws UserError when the text is none of them.
 *
 * @example
 * parseSetting("techniques.topK.floor=0.5").path; // ["techniques", "topK", "floor"]
 */
export function parseSetting(text: string): Setting {
  const match = /^\s*([A-Za-z_][\w.-]*?)\s*([+-]?=)(.*)$/s.exec(text);
  if (!match) throw refuse(`\`${text}\` must be written key=value, such as batchSize=128`);
  return { text, path: match[1]!.split("."), operator: match[2] as Setting["operator"], raw: match[3]!.trim() };
}

function write(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let here = target;
  for (const step of path.slice(0, -1)) {
    if (typeof here[step] !== "object" || here[step] === null) here[step] = {};
    here = here[step] as Record<string, unknown>;
  }
  if (value === undefined) delete here[path.at(-1)!];
  else here[path.at(-1)!] = value;
}

/**
 * Where it does not say, the check of the whole part will.
 * @throws when the schema says that there is no such key.
 */
function refuseUnknown(schema: Schema, path: readonly string[], root: readonly string[]): void {
  for (let depth = 0; depth < path.length; depth++) {
    const holder = schemaAt(schema, path.slice(0, depth));
    if (holder === undefined) return;
    const keys = keysOf(holder);
    const name = [...root, ...path.slice(0, depth + 1)].join(".");
    if (keys.length > 0 && !keys.includes(path[depth]!))
      throw refuse(`unknown key \`${name}\`${suggestion(path[depth]!, keys)}`);
    if (keys.length > 0) continue;
    const outer = [...root, ...path.slice(0, depth)].join(".");
    if (isScalar(holder)) throw refuse(`unknown key \`${name}\`: \`${outer}\` is ${accepted(holder)}`);
    if (depth === 0) throw refuse(`unknown key \`${name}\`: \`${outer}\` has no options`);
  }
}

/**
 * The value of the text: parsed if the parsed value fits, else as plain text (a folder may be called `2024`). Where both
 * fit, it is parsed only if that loses nothing: a class called `01` is not the class `1`. `null` restores the default, unless null is itself a value of the key.
 */
function valueFor(schema: Schema | undefined, setting: Setting, name: string): unknown {
  const parsed = parseValue(setting.raw);
  if (schema === undefined) return parsed;
  const fits = (value: unknown) =>
    "safeParse" in schema && (schema as { safeParse(v: unknown): { success: boolean } }).safeParse(value).success;
  const texts = parseTexts(setting.raw);
  if (fits(parsed)) {
    const free = ["any", "unknown"].includes(schema._zod.def.type);
    return free || isAsWritten(parsed, texts) || !fits(texts) ? parsed : texts;
  }
  if (parsed === null) return undefined;
  if (fits(texts)) return texts;
  if (fits(setting.raw)) return setting.raw;
  const result = (schema as z.ZodType).safeParse(parsed);
  throw refuse(validationMessage(result.error!, schema, parsed, name));
}

/**
 * The value of a part's option that is given as text, outside of a recipe: as `--set` reads it, so a class called `01` stays that
 * text. An option that the part does not have is left to the check of the whole part.
 *
 * @throws UserError when the value does not fit.
 *
 * @example
 * optionValue("data", "imageFolder", "classes", "[01,cat]"); // ["01", "cat"]
 */
export function optionValue(role: PartRole, kind: string, key: string, raw: string): unknown {
  const setting = { text: `${key}=${raw}`, path: [key], operator: "=", raw: raw.trim() } as const;
  return valueFor(schemaAt(schemaOf(role, kind), [key]), setting, key);
}

function newPart(role: PartRole, setting: Setting, name: string): PlainDescriptor {
  const kinds = kindsOf(role);
  if (kinds.includes(setting.raw)) return { role, kind: setting.raw, options: {} };
  const help =
    suggestion(setting.raw, kinds) +
    "; one of your own is known only in the file that defines it (docs/tutorials/your-first-technique.md)";
  throw refuse(`\`${name}\` (=${shown(setting.raw)}) must be the name of ${named(role)}${help}`);
}

function setOption(part: PlainDescriptor, path: readonly string[], root: string[], setting: Setting): PlainDescriptor {
  const schema = schemaOf(part.role, part.kind);
  refuseUnknown(schema, path, root);
  const options = structuredClone(part.options) as Record<string, unknown>;
  write(options, path, valueFor(schemaAt(schema, path), setting, [...root, ...path].join(".")));
  return { ...part, options };
}

/** Changes a list of parts, each of another kind: the techniques, or the metrics of the evaluation. */
function setList(draft: Draft, setting: Setting, name: string, role: PartRole): void {
  const { path, operator, raw } = setting;
  const root = name.split(".");
  const list = (at(draft, root) ?? []) as readonly PlainDescriptor[];
  const present = list.map(({ kind }) => kind);
  const here = present.length > 0 ? `this recipe has ${present.join(", ")}` : "this recipe has none";
  if (path.length === root.length && operator === "+=") {
    if (present.includes(raw)) throw refuse(`\`${name}\` already holds \`${raw}\``);
    write(draft, root, [...list, newPart(role, setting, name)]);
  } else if (path.length === root.length && operator === "-=") {
    if (!present.includes(raw)) throw refuse(`\`${name}\` does not hold \`${raw}\`; ${here}`);
    write(
      draft,
      root,
      list.filter(({ kind }) => kind !== raw),
    );
  } else if (path.length === root.length) {
    const kinds = parseValue(raw);
    if (!Array.isArray(kinds)) {
      const example = examples[role].replace("()", "");
      throw refuse(
        `\`${name}\` (=${shown(raw)}) must be a list such as [${example}]; ${name}+=${example} adds one, ${name}-=${example} removes one`,
      );
    }
    const wanted = kinds.map((kind) => {
      const one = { ...setting, raw: String(kind) };
      return list.find((part) => part.kind === kind) ?? newPart(role, one, name);
    });
    write(draft, root, wanted);
  } else {
    const kind = path[root.length]!;
    const index = present.indexOf(kind);
    if (index < 0) {
      if (kindsOf(role).includes(kind))
        throw refuse(
          `\`${name}.${kind}\`: ${here}; to add it, put --set ${name}+=${kind} first; for a part of a sweep's runs, give the values names (docs/how-to/sweep.md)`,
        );
      throw refuse(`unknown ${role} \`${kind}\`; ${here}${present.length > 0 ? suggestion(kind, present) : ""}`);
    }
    const inner = path.slice(root.length + 1);
    if (inner.length === 0)
      throw refuse(
        `\`${path.join(".")}\` needs an option, as in ${name}.${kind}.<option>=<value>; ${name}-=${kind} removes it`,
      );
    write(draft, root, list.with(index, setOption(list[index]!, inner, [...root, kind], setting)));
  }
}

function setPart(draft: Draft, setting: Setting, schema: Schema, slot: string, role: PartRole): void {
  const place = slot.split(".");
  if (setting.path.length === place.length) {
    const optional = schemaAt(schema, place)?._zod.optin === "optional";
    write(draft, place, optional && setting.raw === "null" ? undefined : newPart(role, setting, slot));
    return;
  }
  const part = at(draft, place) as PlainDescriptor | undefined;
  if (!part) {
    const kinds = kindsOf(role).join(", ");
    throw refuse(`\`${setting.path.join(".")}\`: this recipe has no ${slot}; choose one first: ${kinds}`);
  }
  write(draft, place, setOption(part, setting.path.slice(place.length), place, setting));
}

/**
 * A setting whose key is the bare name of an option gets that option's full path; other settings stay as they are. If
 * several parts have an option of that name, only those that accept the value count.
 */
function located(draft: Draft, setting: Setting, places: Places): Setting {
  const [name, ...inner] = setting.path;
  if (inner.length > 0 || setting.operator !== "=" || keysOf(places.schema).includes(name!)) return setting;
  const having = partsOf(draft, places).filter(([, { role, kind }]) => keysOf(schemaOf(role, kind)).includes(name!));
  const taking = having.filter(([path, { role, kind }]) =>
    takes(schemaAt(schemaOf(role, kind), [name!]), setting, path),
  );
  const fitting = taking.length > 0 ? taking : having;
  if (fitting.length === 0) return setting;
  const paths = fitting.map(([path]) => `${path}.${name}`);
  if (paths.length > 1) {
    throw refuse(`\`${name}\` is an option of several parts of this recipe; write one of: ${paths.join(", ")}`);
  }
  return { ...setting, path: paths[0]!.split(".") };
}

function takes(schema: Schema | undefined, setting: Setting, name: string): boolean {
  try {
    valueFor(schema, setting, name);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** Keys of which setting one removes the other. */
const EXCLUSIVE: Readonly<Record<string, string>> = { steps: "epochs", epochs: "steps" };

/**
 * A setting that takes out what an earlier one has set would make that one idle without a word. Lists of parts are not
 * meant: `techniques=[]` says what stays, and a sweep's arm without a technique comes after the settings of all arms.
 * @throws UserError that names both.
 */
function refuseIdle(earlier: readonly Setting[], { path, text }: Setting, { slots, lists }: Places): void {
  const name = path.join(".");
  const idle = earlier.find((one) => {
    const place = one.path.join(".");
    if (EXCLUSIVE[name] === place) return one.raw !== "null";
    return place.startsWith(`${name}.`) && !(name in lists);
  });
  if (idle === undefined) return;
  if (name in slots) {
    throw refuse(`\`${text}\` puts another part in place and drops \`${idle.text}\`; put \`${text}\` first`);
  }
  const remedy = EXCLUSIVE[name] === undefined ? "put it first, or leave one of them out" : "leave one of them out";
  throw refuse(`\`${text}\` comes after \`${idle.text}\` and takes it out again; ${remedy}`);
}

/** Applies a setting to the draft; gives it with its whole path. */
function set(draft: Draft, given: Setting, places: Places, earlier: readonly Setting[]): Setting {
  const setting = located(draft, given, places);
  refuseIdle(earlier, setting, places);
  const { schema, slots, lists } = places;
  const { path, operator } = setting;
  const leadsTo = ([name]: [string, PartRole]) => name.split(".").every((step, i) => step === path[i]);
  const slot = Object.entries(slots).find(leadsTo);
  const list = Object.entries(lists).find(leadsTo);
  if (list) setList(draft, setting, ...list);
  else if (operator !== "=")
    throw refuse(
      `\`${setting.text}\`: only ${Object.keys(lists)
        .map((name) => `\`${name}\``)
        .join(" and ")} can be added to or removed from`,
    );
  else if (slot) setPart(draft, setting, schema, ...slot);
  else {
    refuseUnknown(schema, path, []);
    const siblings = Object.keys(slots).filter((name) => name.startsWith(`${path[0]}.`));
    if (path.length > 1 && siblings.length > 0 && schemaAt(schema, path.slice(0, 2)) === undefined)
      throw refuse(`unknown key \`${path.slice(0, 2).join(".")}\`; accepted: ${siblings.join(", ")}`);
    write(draft, path, valueFor(schemaAt(schema, path), setting, path.join(".")));
    // The two exclude each other: setting one removes the other.
    if (path[0] === "steps") delete draft.epochs;
    if (path[0] === "epochs") delete draft.steps;
  }
  return setting;
}

function rebuild(part: PlainDescriptor, path: string): unknown {
  const schema = schemaOf(part.role, part.kind);
  const parsed = schema.safeParse(part.options);
  if (!parsed.success) throw refuse(validationMessage(parsed.error, schema, part.options, path));
  return fromPlain(part);
}

/**
 * The recipe with the overrides applied, checked by the same schemas as a recipe that was written by hand.
 *
 * @param settings - texts of the forms listed at the head of this file
 * @throws UserError naming the key, the value and what is accepted; a misspelt key is answered with the nearest one.
 *
 * @example
 * applyOverrides(recipe, ["batchSize=32", "techniques.topK.floor=0.75"]);
 */
export function applyOverrides(recipe: Recipe, settings: readonly string[]): Recipe {
  if (settings.length === 0) return recipe;
  return defineRecipe(amended(recipe, settings, recipePlaces) as unknown as RecipeInput);
}

/**
 * Applies overrides to a recipe or to a trainer's settings, whose parts stand in `places`. A part that no override
 * touches is kept as it is.
 *
 * @throws UserError as {@link applyOverrides} does. The result as a whole is not checked yet.
 */
export function amended(whole: object, settings: readonly string[], places: Places): Record<string, unknown> {
  const before = new Map(partsOf(whole, places));
  const draft = structuredClone(toPlainRecipe(whole)) as Draft;
  const done: Setting[] = [];
  for (const text of settings) done.push(set(draft, parseSetting(text), places, done));
  const rebuilt = (part: PlainDescriptor, path: string): unknown => {
    const old = before.get(path);
    return old !== undefined && canonicalJson(toPlain(old)) === canonicalJson(part) ? old : rebuild(part, path);
  };
  for (const slot of Object.keys(places.slots)) {
    const part = at(draft, slot.split(".")) as PlainDescriptor | undefined;
    if (part) write(draft, slot.split("."), rebuilt(part, slot));
  }
  for (const name of Object.keys(places.lists)) {
    const list = at(draft, name.split(".")) as readonly PlainDescriptor[] | undefined;
    const parts = list?.map((part) => rebuilt(part, `${name}.${part.kind}`));
    if (parts) write(draft, name.split("."), parts);
  }
  return draft;
}
