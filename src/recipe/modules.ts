/**
 * Imports files that a user wrote, so that they share the Gantry of this process.
 *
 * A user's file says `import { defineLoss } from "gantry"`. Node's usual lookup could find another copy (the one in the
 * user's node_modules while the command runs from a clone) or none at all. The classes and the registry of parts of
 * another copy are not ours. So jiti, which also takes TypeScript, gets our own module objects for these names.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Jiti } from "jiti";
import { nearest, UserError } from "../base/errors.ts";
import { type Hashes, requireCompared, requireTrust } from "./trust.ts";

type Exports = Record<string, unknown>;

let shared: Promise<Jiti> | undefined;

/** Exports of version 0.1 that files of users call. */
const renamed: Readonly<Record<string, string>> = {
  describe: "`defineTechnique`, `defineLoss` and so on, one function for each role",
  describeImages: "`defineImageDataset`",
  meetingOf: "`torchrunRendezvous`",
};

/** The name to write instead of one that an entry point does not export, or "" when none is near. */
function remedy(key: string, exports: Exports, all: Readonly<Record<string, Exports>>): string {
  if (key in renamed) return `; since version 0.2 it is ${renamed[key]}`;
  const elsewhere = Object.keys(all).find((entry) => key in all[entry]!);
  if (elsewhere !== undefined) return `; \`${key}\` is in "${elsewhere}"`;
  const likely = nearest(key, Object.keys(exports));
  return likely ? `; did you mean \`${likely}\`?` : "";
}

/** A named import that does not exist would be `undefined` in translated code, and fail far from its cause. */
function strict(name: string, exports: Exports, all: Readonly<Record<string, Exports>>): Exports {
  return new Proxy(exports, {
    get(target, key) {
      if (typeof key === "symbol" || key in target || ["default", "then", "__esModule"].includes(key)) {
        return Reflect.get(target, key);
      }
      throw new UserError(`"${name}" has no export \`${key}\`${remedy(key, target, all)}`);
    },
  });
}

/** Every entry point of the package, by the name that a user imports it by. */
async function entryPoints(): Promise<Record<string, Exports>> {
  const file = new URL("../../package.json", import.meta.url);
  const manifest = JSON.parse(readFileSync(file, "utf8")) as { name: string; exports: Exports };
  const all: Record<string, Exports> = {};
  for (const path of Object.keys(manifest.exports).filter((path) => !path.endsWith(".json"))) {
    const name = manifest.name + path.slice(1);
    // The package imports itself by name: Node resolves it to the modules that are already loaded.
    all[name] = (await import(name)) as Exports;
  }
  return Object.fromEntries(Object.entries(all).map(([name, exports]) => [name, strict(name, exports, all)]));
}

async function create(): Promise<Jiti> {
  // A shipped recipe needs no translation.
  const { createJiti } = await import("jiti");
  const plain = createJiti(import.meta.url, { interopDefault: false, fsCache: false });
  return createJiti(import.meta.url, {
    virtualModules: await entryPoints(),
    interopDefault: false,
    // jiti keeps translated sources in a folder of the system's temporary directory where others could plant theirs.
    fsCache: false,
    transform: (options) => {
      requireCompared(options.filename ?? "", options.source, expected);
      return { code: plain.transform(options) };
    },
  });
}

/** What the files of a stored folder were compared with, while they are loaded. */
let expected: Hashes = {};

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
 * @param compared - what {@link requireTrust} has compared it with, where a stored folder names it
 *
 * @throws UserError with the path, and the line where there is one, when the file is missing, is not valid, or throws.
 *
 * @example
 * await importModule("my-techniques.ts"); // its calls of defineLoss() and the like have now registered their kinds
 */
export async function importModule(path: string, compared: Hashes = {}): Promise<Record<string, unknown>> {
  const file = resolve(path);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) throw new UserError(`${file} does not exist`);
  if (!stats.isFile()) throw new UserError(`${file} is not a file`);
  if (!/\.[cm]?[jt]s$/.test(file))
    throw new UserError(`${file} is no TypeScript or JavaScript file (.ts, .mts, .js, .mjs)`);
  shared ??= create();
  const jiti = await shared;
  expected = compared;
  try {
    return await jiti.import<Record<string, unknown>>(file);
  } catch (error) {
    throw explained(file, error);
  } finally {
    expected = {};
  }
}

/**
 * Imports the modules that a stored run names, so that the kinds they define are known again.
 *
 * @param holder - what names them, for messages: "the run runs/x".
 *
 * @throws UserError when one is no longer there, or may not be run (see {@link requireTrust}).
 */
export async function importModules(paths: readonly string[], holder: string): Promise<void> {
  const compared = requireTrust(paths, holder);
  for (const path of paths) {
    if (!existsSync(path)) {
      throw new UserError(
        `${path} does not exist; it defines parts of the run's recipe, which cannot be built without it`,
      );
    }
    await importModule(path, compared);
  }
}
