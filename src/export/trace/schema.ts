/** What an operator's schema says: names, types and defaults of its arguments, and what its results share. */

/** An argument. */
export interface SchemaArgument {
  readonly name: string;
  readonly type: string;
  /** Whether Python takes it by its name only. */
  readonly keyword: boolean;
  /** undefined where there is none. */
  readonly fallback: string | number | boolean | null | readonly number[] | undefined;
}

/** The parts of a schema that a description of a call needs. */
export interface Schema {
  readonly arguments: readonly SchemaArgument[];
  /** Whether the results may be views of the first argument. */
  readonly views: boolean;
  /** Whether the operator draws from a random generator. */
  readonly draws: boolean;
}

const known = new Map<string, Schema>();

/**
 * Reads a schema as libtorch prints it: "aten::flatten.using_ints(Tensor(a) self, int start_dim=0) -> Tensor(a)".
 *
 * @example
 * schemaOf("aten::relu(Tensor self) -> Tensor").arguments[0].name; // "self"
 */
export function schemaOf(text: string): Schema {
  let schema = known.get(text);
  if (schema === undefined) {
    schema = parse(text);
    known.set(text, schema);
  }
  return schema;
}

function parse(text: string): Schema {
  const arrow = text.lastIndexOf(" -> ");
  const list = text.slice(text.indexOf("(") + 1, arrow).replace(/\)$/, "");
  const results = text.slice(arrow + 4);
  const all = cut(list).filter((part) => part !== "");
  const mark = all.indexOf("*");
  const parsed = all.flatMap((part, i): SchemaArgument[] => {
    if (part === "*") return [];
    const [, type, name, value] = /^(.+?) (\w+)(?:=(.*))?$/s.exec(part)!;
    const keyword = mark >= 0 && i > mark;
    return [{ name: name!, type: type!, keyword, fallback: value === undefined ? undefined : defaultOf(value) }];
  });
  return {
    arguments: parsed,
    views: /Tensor\(\w+\)/.test(results),
    draws: parsed.some(({ type }) => type.startsWith("Generator")),
  };
}

/** The parts between commas that are in no brackets. */
function cut(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const letter of list) {
    if ("([".includes(letter)) depth++;
    if (")]".includes(letter)) depth--;
    if (letter === "," && depth === 0) {
      parts.push(part.trim());
      part = "";
    } else part += letter;
  }
  parts.push(part.trim());
  return parts;
}

function defaultOf(text: string): NonNullable<SchemaArgument["fallback"]> | null {
  if (text === "None") return null;
  if (text === "True" || text === "False") return text === "True";
  if (text.startsWith("["))
    return cut(text.slice(1, -1))
      .filter((part) => part !== "")
      .map(Number);
  const number = Number(text);
  return Number.isNaN(number) ? text.replace(/^["']|["']$/g, "") : number;
}
