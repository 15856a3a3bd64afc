/** The page docs/reference/options.md, made of the schemas that check what a recipe says. */
import { z } from "zod";
import { kindsOf, type Role, schemaOf } from "../../src/base/descriptor.ts";
import { metricDescription } from "../../src/metrics/index.ts";
import "../../src/entry/gantry.ts";

/** The part of a JSON schema that Gantry's options use. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** Titles, and the folder of docs/ whose pages say what the parts do; data have one page for all. */
const SECTIONS: readonly (readonly [role: Role, title: string, place: string])[] = [
  ["data", "Data", "../how-to/data/README.md"],
  ["generator", "Generators", "../models"],
  ["discriminator", "Discriminators", "../models"],
  ["loss", "Losses", "../losses"],
  ["technique", "Techniques", "../techniques"],
  ["optimizer", "Optimizers", "../optimizers"],
  ["schedule", "Schedules", "../optimizers"],
  ["metric", "Scores", "../scores"],
];

const HEAD = `# Options

This page lists every part of a recipe with its options, what each accepts, and its default. A
dash means that an option may be left out. The page that a section names says what happens then.

In a recipe you write \`topK({ gamma: 0.99 })\`, on the command line
\`--set techniques.topK.gamma=0.99\` ([recipe](recipe.md#overrides)). Both networks are named after
their architecture: \`dcgan.generator({ ... })\`.

This page is made from the schemas that check recipes:
\`npm test -- test/recipe/options-page.test.ts -u\`.
`;

const UNBOUNDED = Number.MAX_SAFE_INTEGER;

function numberInWords(schema: Schema): string {
  const noun = schema.type === "integer" ? "whole number" : "number";
  const [above, below] = [schema.exclusiveMinimum, schema.exclusiveMaximum];
  const least = schema.minimum === -UNBOUNDED ? undefined : schema.minimum;
  const most = schema.maximum === UNBOUNDED ? undefined : schema.maximum;
  const bounds = [
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(least === undefined ? [] : [`from ${least}`]),
    ...(most === undefined ? [] : [least === undefined ? `at most ${most}` : `to ${most}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  return [noun, ...bounds].join(" ");
}

/** What a schema accepts, in words. */
function accepted(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(accepted).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.prefixItems) {
    const each = schema.prefixItems.map(accepted);
    return new Set(each).size === 1 && each.length > 2
      ? `list of ${each.length}, each ${each[0]}`
      : `list of ${each.length}: ${each.join("; ")}`;
  }
  if (schema.type === "array") return `list of: ${accepted(schema.items as Schema)}`;
  if (schema.type === "string")
    return schema.examples === undefined ? "text" : `text such as \`${schema.examples[0]}\``;
  if (schema.properties) return `\`{ ${Object.keys(schema.properties).join(", ")} }\``;
  if (schema.type === "boolean") return "`true`, `false`";
  if (Array.isArray(schema.type)) return schema.type.map((type) => accepted({ type })).join(" or ");
  if (schema.type === "integer" || schema.type === "number") return numberInWords(schema);
  throw new Error(`no words for ${JSON.stringify(schema)}`);
}

/** The default of an option whose text form is parsed: it is not in the schema of what is written. */
const defaultOf = (option: unknown): unknown => (option instanceof z.ZodDefault ? option.def.defaultValue : undefined);

/** The file of a part's page: `topK` has top-k.md. */
export const pageOf = (kind: string): string => `${kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.md`;

function partOf(role: Role, kind: string, place: string): string[] {
  const schema = z.toJSONSchema(schemaOf(role, kind), { io: "input" }) as { properties?: Record<string, Schema> };
  const options = Object.entries(schema.properties ?? {});
  const { shape } = schemaOf(role, kind) as z.ZodObject;
  const isNetwork = role === "generator" || role === "discriminator";
  const page = place.endsWith(".md") ? undefined : `[What it does](${place}/${pageOf(kind)}).`;
  const about = [
    ...(role === "metric" ? [`${sentence(metricDescription(kind))}.`] : []),
    ...(options.length === 0 ? ["No options."] : []),
    ...(page === undefined ? [] : [page]),
  ];
  const rows = options.map(([name, option]) => {
    const value = option.default ?? defaultOf(shape[name]);
    const usual = value === undefined ? "–" : `\`${JSON.stringify(value)}\``;
    return `| \`${name}\` | ${accepted(option)} | ${usual} |`;
  });
  return [
    `### ${isNetwork ? `${kind}.${role}` : kind}`,
    "",
    ...(about.length === 0 ? [] : [about.join(" "), ""]),
    ...(rows.length === 0 ? [] : ["| option | accepts | default |", "| --- | --- | --- |", ...rows, ""]),
  ];
}

const sentence = (words: string): string => words[0]!.toUpperCase() + words.slice(1);

/** The page as it should be. */
export function optionsPage(): string {
  const sections = SECTIONS.flatMap(([role, title, place]) => [
    `## ${title}`,
    "",
    place.endsWith(".md") ? `What they do: [data](${place}).` : `What they do: [overview](${place}/README.md).`,
    "",
    ...kindsOf(role)
      .sort()
      .flatMap((kind) => partOf(role, kind, place)),
  ]);
  return `${[HEAD, ...sections].join("\n").trimEnd()}\n`;
}
