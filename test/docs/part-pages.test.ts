/**
 * docs/techniques, losses, models, scores and optimizers have one page for each part that ships, in one form: what it is, its
 * formula as the code's own comments have it, when to use it, an example, its options, what was measured, pitfalls.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { kindsOf, type Role } from "../../src/base/descriptor.ts";
import { pageOf } from "../recipe/options-page.ts";
import "../../src/entry/gantry.ts";

const root = join(import.meta.dirname, "../..");
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");
const filesBelow = (folder: string, ending: string): string[] =>
  (readdirSync(join(root, folder), { recursive: true }) as string[])
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));

/** A folder's roles, and its pages on what several parts share. */
const folders: Readonly<Record<string, { readonly roles: readonly Role[]; readonly shared: readonly string[] }>> = {
  losses: { roles: ["loss"], shared: [] },
  models: {
    roles: ["generator", "discriminator"],
    shared: ["conditions", "other-projects", "self-attention", "sizes", "spectral-norm", "truncation"],
  },
  optimizers: { roles: ["optimizer", "schedule"], shared: ["schedules"] },
  scores: { roles: ["metric"], shared: ["classifiers", "features", "protocols"] },
  techniques: { roles: ["technique"], shared: [] },
};

const partsOf = (folder: string): string[] =>
  [...new Set(folders[folder]!.roles.flatMap((role) => kindsOf(role)))].sort();

/** Text with single blanks, to find a line in another. */
const flat = (text: string): string => text.replace(/\s+/g, " ").trim();

/** Every comment of the code, as text. */
const comments = ["techniques", "losses", "models", "metrics", "optim", "nn"]
  .flatMap((folder) => filesBelow(`src/${folder}`, ".ts"))
  .flatMap((file) => [...textOf(file).matchAll(/\/\*\*(.*?)\*\//gs)].map(([, body]) => body!))
  .map((body) => flat(body.replace(/^\s*\*/gm, "")));

const intervals = (text: string): string[] =>
  [...text.matchAll(/[+-]?\d[\d.,]* ± \d[\d.]*\d|[+-]?\d ± \d/g)].map(([of]) => of);
const results = filesBelow("docs/results", ".md").map(textOf).join("\n");

describe.each(Object.keys(folders))("docs/%s", (folder) => {
  const parts = partsOf(folder);

  it("has a page for each part, and no other", () => {
    const wanted = [...parts.map(pageOf), ...folders[folder]!.shared.map((name) => `${name}.md`), "README.md"];
    expect(readdirSync(join(root, "docs", folder)).sort()).toEqual(wanted.sort());
  });

  it("has all of them in the table of its README, one row each", () => {
    const rows = [...textOf(`docs/${folder}/README.md`).matchAll(/^\| \[`(\w+)`\]\(([\w-]+\.md)\) \| ./gm)];
    expect(rows.map(([, name]) => name).sort()).toEqual(parts);
    for (const [, name, page] of rows) expect(page).toBe(pageOf(name!));
    expect(textOf(`docs/${folder}/README.md`)).toContain("## Which one do I want?");
    for (const name of folders[folder]!.shared) {
      expect(textOf(`docs/${folder}/README.md`)).toContain(`](${name}.md)`);
    }
  });

  it.each(parts)("%s: its page has the form of all", (name) => {
    const page = textOf(join("docs", folder, pageOf(name)));
    expect(page.split("\n")[0]).toBe(`# ${name}`);
    const [formula, ...others] = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(formula).toBe(folder === "models" ? "Structure" : "Formula");
    expect(others).toEqual(["Use", "Example", "Measured", "Pitfalls", "Related"]);
    const example = page.split("## Example")[1]!.split("\n## ")[0]!;
    expect(example).toMatch(/```sh( run.*)?\n(gantry .*\n( .*\n)*)+```/);
    const anchors = folder === "models" ? [`${name}generator`, `${name}discriminator`] : [name];
    for (const anchor of anchors) expect(example).toContain(`../reference/options.md#${anchor.toLowerCase()})`);
  });

  it.each(parts)("%s: its formula is that of the code's comments", (name) => {
    const section = textOf(join("docs", folder, pageOf(name)))
      .split(/^## (?:Formula|Structure)$/m)[1]!
      .split("\n## ")[0]!;
    const lines = [...section.matchAll(/```text\n(.*?)```/gs)].flatMap(([, body]) => body!.trim().split("\n"));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(
        comments.some((comment) => comment.includes(flat(line))),
        `no comment in src/ has: ${line}`,
      ).toBe(true);
    }
  });

  it.each(parts)("%s: its intervals are in docs/results", (name) => {
    const section = textOf(join("docs", folder, pageOf(name)))
      .split("## Measured")[1]!
      .split("\n## ")[0]!;
    for (const interval of intervals(flat(section))) expect(results).toContain(interval);
    // What was measured has a link to its page; what was not says so.
    expect(section).toMatch(/\]\(|[Nn]ot (been )?measured|not compared/);
  });
});
