/** The page docs/reference/tensor.md, made of the documentation that stands over every method in its table. */
import { readFileSync } from "node:fs";

const TABLES: readonly [file: string, title: string][] = [
  ["pointwise", "Element by element"],
  ["reduction", "Reductions, order, counts"],
  ["shape", "Shape, layout, type"],
  ["indexing", "Indexing"],
  ["linear-algebra", "Linear algebra"],
  ["layers", "Layers"],
  ["losses", "Losses"],
  ["inplace", "In place"],
  ["tensor", "Making, joining, reading"],
];

/** [name, signature or "", documentation] of what a source file documents at the depth of a method. */
function documented(file: string): [string, string][] {
  const source = readFileSync(new URL(`../../src/tensor/${file}.ts`, import.meta.url), "utf8");
  const found = source.matchAll(
    /\n {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}(?:override )?((?:static |get )?[A-Za-z]\w*)\s*[:(]/g,
  );
  return [...found].map(([, text, name]) => [
    name!.replace("static ", "Tensor.").replace("get ", ""),
    text!
      .replace(/\n\s*\*/g, " ")
      .replace(/@example[\s\S]*/, "")
      .replaceAll("@throws", "Throws")
      .replace(/\{@link (\w+)\}/g, "`$1`")
      .replace(/\s+/g, " ")
      .replaceAll("|", "\\|")
      .trim(),
  ]);
}

export function methodsPage(): string {
  const sections = TABLES.map(([file, title]) => {
    const rows = documented(file).map(([name, text]) => `| \`${name}\` | ${text} |`);
    return `## ${title}\n\n\`src/tensor/${file}.ts\`\n\n| | |\n| --- | --- |\n${rows.join("\n")}\n`;
  });
  return `# Methods of Tensor

This page lists every method of \`Tensor\`. Names and defaults are PyTorch's, in camel case. Your
editor shows the signatures. [engine.md](engine.md) lists what differs from PyTorch, and what is
left out. The page is made from the source:
\`npm test -- test/tensor/methods-page.test.ts -u\`.

${sections.join("\n")}`;
}
