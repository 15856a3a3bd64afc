/**
 * The public names. Each entry point's are stored in names.txt, so that adding or removing one is a decision:
 *
 *     npm test -- test/entry -u     # stores them as they are
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { kindsOf, type Role } from "../../src/base/descriptor.ts";
import * as gantry from "../../src/entry/gantry.ts";

const entry = join(import.meta.dirname, "../../src/entry");
const files: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === "string" ? [] : [[`gantry${path.slice(1)}`, /(\w+)\.js$/.exec(target.default)![1]!]],
  ),
);

/**
 * The names in the file's `export { ... } from` lists. Types carry a mark. A registry of parts stands for its parts
 * (`export * from "../techniques/registry.ts"`), so that a part more is a line in the registry alone.
 */
function namesOf(file: string): string[] {
  const text = readFileSync(join(entry, `${file}.ts`), "utf8");
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  const statement = /export (type )?(?:\{([^}]*)\}|\*) from "([^"]+)";/g;
  expect(code.replace(statement, "").trim(), `${file}.ts holds nothing else`).toBe("");
  const names = [...code.matchAll(statement)].flatMap(([, type = "", list, from = ""]) => {
    if (list === undefined) return [`all of ${from.replace("../", "src/")}`];
    const inList = list.split(",").map((name) => name.trim());
    return inList.filter((name) => name !== "").map((name) => `${type}${name}`);
  });
  return names.sort();
}

const names = Object.fromEntries(Object.entries(files).map(([path, file]) => [path, namesOf(file)]));

describe("the entry points", () => {
  it("export the stored names", async () => {
    const listed = Object.entries(names)
      .map(([path, list]) => `${path}: ${list.length} names\n\n${list.join("\n")}\n`)
      .join("\n");
    await expect(listed).toMatchFileSnapshot("names.txt");
  });

  it("keep `gantry` small enough to be read", () => {
    const types = names.gantry!.filter((name) => name.startsWith("type "));
    expect(types.length + Object.keys(gantry).length).toBeLessThanOrEqual(200);
  });

  it("name nothing twice in one list, and mean the same thing by a name wherever it stands", async () => {
    const meanings = new Map<string, unknown>();
    for (const [path, file] of Object.entries(files)) {
      expect(new Set(names[path]).size, path).toBe(names[path]!.length);
      const exported = (await import(`../../src/entry/${file}.ts`)) as Record<string, unknown>;
      const values = names[path]!.filter((name) => !/^type |^all of /.test(name));
      expect(Object.keys(exported), path).toEqual(expect.arrayContaining(values));
      for (const [name, value] of Object.entries(exported)) {
        if (meanings.has(name)) expect(meanings.get(name), `${path}: ${name}`).toBe(value);
        meanings.set(name, value);
      }
    }
  });
});

describe("every part that a command line can name", () => {
  const exported: Readonly<Record<string, unknown>> = gantry;
  const partsOf = (roles: readonly Role[]) => roles.flatMap((role) => kindsOf(role).map((kind) => [role, kind]));

  it.each(partsOf(["data", "loss", "technique", "optimizer", "schedule", "metric"]))(
    "is exported: the %s %s",
    (_, kind) => {
      expect(exported[kind!]).toBeTypeOf("function");
    },
  );

  it.each(partsOf(["generator", "discriminator"]))("is exported: the %s %s", (role, kind) => {
    expect((exported[kind!] as Record<string, unknown> | undefined)?.[role!]).toBeTypeOf("function");
  });
});
