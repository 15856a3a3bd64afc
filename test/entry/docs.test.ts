/** Programs in the documentation and in examples/ import names that exist, from the entry point that has them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const pages = ["docs", "examples"].flatMap((folder) =>
  readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
);

/** The exports of an entry point, types included, as its source lists them. */
async function exportsOf(entry: string): Promise<Set<string>> {
  const file = entry === "gantry" ? "gantry" : entry.slice("gantry/".length);
  const text = readFileSync(join(root, `src/entry/${file}.ts`), "utf8");
  const listed = [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list = ""]) => list.split(","));
  const values = Object.keys((await import(`../../src/entry/${file}.ts`)) as object);
  return new Set([...listed.map((name) => name.trim().replace(/^type /, "")), ...values]);
}

it.each(["README.md", ...pages].filter((page) => /\.(md|ts)$/.test(page)))("%s", async (page) => {
  const text = readFileSync(join(root, page), "utf8");
  for (const [, list = "", entry = ""] of text.matchAll(/import (?:type )?\{([^}]*)\} from "(gantry[^"]*)"/g)) {
    const names = list.split(",").map((name) =>
      name
        .trim()
        .replace(/^type /, "")
        .replace(/ as .*/, ""),
    );
    const exported = await exportsOf(entry);
    for (const name of names.filter((name) => name !== "")) expect(exported, `${entry}: ${name}`).toContain(name);
  }
});
