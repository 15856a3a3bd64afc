/** The programs of the pages: `ts` blocks, each with the `continued` ones that follow it, as the files of one project. */
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Block, fileNameOf, type Page, root } from "./pages.ts";

/** A file made of blocks of a page. */
export interface Module {
  readonly page: string;
  /** Relative to the page's folder. */
  readonly file: string;
  readonly blocks: Block[];
}

/** The modules of a page. A block that is `continued` is appended to the one before it. */
export function modulesOf(page: Page): Module[] {
  const modules: Module[] = [];
  for (const block of page.blocks.filter(({ lang }) => lang === "ts")) {
    const last = modules.at(-1);
    if (block.words.includes("continued") && last !== undefined) last.blocks.push(block);
    else modules.push({ page: page.path, file: fileNameOf(block) ?? `block-${block.line}.ts`, blocks: [block] });
  }
  return modules;
}

export const textOfModule = ({ blocks }: Module): string => `${blocks.map(({ text }) => text).join("\n")}\n`;

/** The line of the page that a line of a module is. */
function pageLine({ blocks }: Module, line: number): number {
  let rest = line - 1;
  for (const block of blocks) {
    const count = block.text.split("\n").length;
    if (rest < count) return block.line + rest;
    rest -= count;
  }
  return blocks.at(-1)!.line;
}

/** A folder in which `gantry` is an installed package. */
export function project(folder: string): void {
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(root, join(folder, "node_modules/gantry"), "junction");
  symlinkSync(join(root, "node_modules/@types"), join(folder, "node_modules/@types"), "junction");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "reader", private: true, type: "module" }));
}

const compilerOptions = {
  ...{ target: "es2023", lib: ["es2023", "esnext.disposable", "dom"], module: "nodenext", strict: true, noEmit: true },
  ...{ types: ["node"], skipLibCheck: true, exactOptionalPropertyTypes: true, allowImportingTsExtensions: true },
};

/** Type-checks the modules of all pages in one program against the built package; gives `page:line: reason` for each error. */
export function typeFaults(pages: readonly Page[], folder: string): string[] {
  project(folder);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["pages"] }));
  const byFile = new Map<string, Module>();
  for (const module of pages.flatMap(modulesOf)) {
    const path = `pages/${module.page.replace(/\.md$/, "")}/${module.file}`;
    if (byFile.has(path)) throw new Error(`${module.page} has two blocks that are ${module.file}`);
    byFile.set(path, module);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), textOfModule(module));
  }
  if (byFile.size === 0) return [];
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const args = [compiler, "-p", folder, "--pretty", "false", "--preserveSymlinks"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  const faults = [...stdout.matchAll(/^(pages\/[^(]+)\((\d+),\d+\): error (.*(?:\n .*)*)/gm)].map(
    ([, path, line, text]) => {
      const module = byFile.get(path!)!;
      return `${module.page}:${pageLine(module, Number(line))}: ${text}`;
    },
  );
  if (status !== 0 && faults.length === 0) throw new Error(`the compiler said:\n${stdout}${stderr}`);
  return faults;
}
