/**
 * Files that a user wrote, imported so that they share this very process's Gantry.
 *
 * A user's file says `import { describe } from "gantry"`. Resolved the usual way that could find another copy (the one in
 * the user's node_modules while the command runs from a clone, or none at all), whose classes and registry of parts are
 * not ours. So jiti, which also takes TypeScript, is handed our own module object for that name.
 */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { createJiti, type Jiti } from "jiti";
import { nearest, UserError } from "../base/errors.ts";

let shared: Promise<Jiti> | undefined;

/** A named import that does not exist would be `undefined` in translated code, and fail far from its cause. */
function strict(library: Record<string, unknown>): Record<string, unknown> {
  return new Proxy(library, {
    get(target, key) {
      if (typeof key === "symbol" || key in target || ["default", "then", "__esModule"].includes(key)) {
        return Reflect.get(target, key);
      }
      const likely = nearest(key, Object.keys(target));
      throw new UserError(`"gantry" has no export \`${key}\`${likely ? `; did you mean \`${likely}\`?` : ""}`);
    },
  });
}

async function create(): Promise<Jiti> {
  // Not a static import: the public module exports this folder, and would wait for it while it waits for the other.
  const library = (await import("../index.ts")) as Record<string, unknown>;
  return createJiti(import.meta.url, {
    virtualModules: { gantry: strict(library) },
    interopDefault: false,
    // jiti keeps translated sources in a folder of the system's temporary directory where others could plant theirs.
    fsCache: false,
  });
}

/** Where in the user's file an error arose, as `file:line`, or just the file when the trace does not lead there. */
function place(file: string, error: Error): string {
  for (const line of error.stack?.split("\n") ?? []) {
    const start = line.indexOf(`${file}:`);
    if (start >= 0) return `${file}:${Number.parseInt(line.slice(start + file.length + 1), 10)}`;
  }
  return file;
}

function explained(file: string, thrown: unknown): UserError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const options = { cause: thrown };
  const syntax = /^ParseError:\s*([\s\S]*?)\s*\n\s*(\S.*?):(\d+):(\d+)/.exec(error.message);
  if (syntax) {
    // The parser counts columns from 0, editors from 1.
    const [, message, path, line, column] = syntax;
    return new UserError(`${path}:${line}:${Number(column) + 1}: syntax error: ${message}`, options);
  }
  if (error instanceof SyntaxError) return new UserError(`${file}: syntax error: ${error.message}`, options);
  const code = "code" in error ? error.code : undefined;
  if (code === "MODULE_NOT_FOUND" || code === "ERR_MODULE_NOT_FOUND") {
    const [, missing = "a module"] = /'([^']+)'/.exec(error.message) ?? [];
    const [, importer = file] = /- (.+)$/m.exec(error.message) ?? [];
    return new UserError(`${importer}: cannot find \`${missing}\`, which this file imports`, options);
  }
  if (error instanceof UserError) return new UserError(`${place(file, error)}: ${error.message}`, options);
  return new UserError(`${place(file, error)}: ${error.name}: ${error.message.split("\n")[0]}`, options);
}

/**
 * Imports a TypeScript or JavaScript file of the user's and gives its exports.
 *
 * @throws UserError with the path, and the line where there is one, when the file is missing, is not valid, or throws.
 *
 * @example
 * await importModule("my-techniques.ts"); // its calls of describe() have now registered their kinds
 */
export async function importModule(path: string): Promise<Record<string, unknown>> {
  const file = resolve(path);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) throw new UserError(`${file} does not exist`);
  if (!stats.isFile()) throw new UserError(`${file} is not a file`);
  if (!/\.[cm]?[jt]s$/.test(file))
    throw new UserError(`${file} is no TypeScript or JavaScript file (.ts, .mts, .js, .mjs)`);
  shared ??= create();
  const jiti = await shared;
  try {
    return await jiti.import<Record<string, unknown>>(file);
  } catch (error) {
    throw explained(file, error);
  }
}

/**
 * Imports the modules that a stored run names, so that the kinds they define are known again.
 *
 * @throws UserError when one is no longer there.
 */
export async function importModules(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (!existsSync(path)) {
      throw new UserError(
        `${path} does not exist; it defines parts of the run's recipe, which cannot be built without it`,
      );
    }
    await importModule(path);
  }
}
