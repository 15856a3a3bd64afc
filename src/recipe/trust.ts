/**
 * Which files may be run because a stored run or sweep names them.
 *
 * A run folder names the files that define parts of its recipe, and resuming, sampling and scoring import them. A folder
 * that comes from somebody else could name any file. So this machine remembers the files that a person has named to it
 * (in `gantry train my-recipe.ts`, say), with a SHA-256 of each and of the files that it imports by relative paths. A
 * stored folder runs those and no others, until a person says `--trust`.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { visible } from "../base/visible.ts";
import { readJsonFile, writeFileAtomic } from "../formats/index.ts";

const schema = z.strictObject({
  format: z.literal(1),
  /** By absolute path, the SHA-256 of the file and of those that it imports. */
  files: z.record(z.string(), z.string()),
});

type Hashes = Readonly<Record<string, string>>;

/**
 * Where the records are. Not in the cache folder: several users may share that.
 * @throws what the system does where the user has no home folder.
 */
function memory(): string {
  const named = process.env.XDG_STATE_HOME ?? "";
  return join(isAbsolute(named) ? named : join(homedir(), ".local", "state"), "gantry", "trusted");
}

const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");
const recordOf = (file: string): string => join(memory(), `${sha256(file)}.json`);

const IMPORT = /\b(?:from|import|require)\s*\(?\s*["'](\.{1,2}\/[^"'\n]+)["']/g;
const ENDINGS = ["", ".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json", "/index.ts", "/index.js"];

/** The files that an import may mean: as it is written, with an ending, and with TypeScript's ending for JavaScript's. */
function candidates(importer: string, specifier: string): string[] {
  const path = resolve(dirname(importer), specifier);
  return [path.replace(/\.([cm]?)js$/, ".$1ts"), ...ENDINGS.map((ending) => path + ending)].filter(isReadable);
}

function isReadable(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A file and those that it imports by relative paths, with their hashes. */
function hashesOf(file: string): Hashes {
  const found: Record<string, string> = {};
  const waiting = [file];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (path in found) continue;
    const content = readFileSync(path, "utf8");
    found[path] = sha256(content);
    for (const [, specifier = ""] of content.matchAll(IMPORT)) waiting.push(...candidates(path, specifier));
  }
  return found;
}

/** What was remembered of a file. A damaged record, or no home folder, is as good as none. */
function remembered(file: string): Hashes | undefined {
  try {
    if (!existsSync(recordOf(file))) return undefined;
    return readJsonFile(recordOf(file), schema).files;
  } catch {
    return undefined;
  }
}

/**
 * Remembers, for this user on this machine, that a file may be run where a stored run or sweep names it, as it is now.
 * Training with a file does so by itself. Where the user's folder cannot be written nothing is remembered.
 *
 * @throws UserError when the file does not exist.
 *
 * @example
 * trustFile("my-techniques.ts"); // openRun() now imports it for a run that names it
 */
export function trustFile(path: string): void {
  const file = resolve(path);
  if (!isReadable(file)) throw new UserError(`${file} cannot be read; name a TypeScript or JavaScript file`);
  try {
    writeFileAtomic(recordOf(file), [`${JSON.stringify({ format: 1, files: hashesOf(file) }, null, 2)}\n`]);
  } catch {
    // Resuming asks for --trust then, which needs no memory.
  }
}

/** Why a file may not be run; undefined where it may. */
function doubt(file: string): string | undefined {
  const before = remembered(file);
  if (before === undefined) return "which has not been used on this machine";
  const now = hashesOf(file);
  const changed = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(
    (path) => before[path] !== now[path],
  );
  if (changed.length === 0) return undefined;
  return `in which ${changed.map((path) => (path === file ? "the file itself" : visible(path))).join(" and ")} has changed since it was used on this machine`;
}

/**
 * Refuses files that a stored folder names, unless all were used on this machine as they are now or the person said
 * `--trust`, which is remembered. Nothing has been run when it throws.
 *
 * @param holder - what names the files, for the message: "the run runs/x".
 *
 * @throws UserError that names each file and why.
 */
export function requireTrust(files: readonly string[], holder: string): void {
  const present = files.map((file) => resolve(file)).filter(isReadable);
  if (process.env.GANTRY_TRUST === "1") {
    for (const file of present) {
      if (doubt(file) === undefined) continue;
      process.stderr.write(`gantry: running ${visible(file)}, which ${holder} names, as --trust says\n`);
      trustFile(file);
    }
    return;
  }
  const doubts = present.flatMap((file) => {
    const reason = doubt(file);
    return reason === undefined ? [] : [`${visible(file)}, ${reason}`];
  });
  if (doubts.length === 0) return;
  throw new UserError(
    `${holder} wants to run code: ${doubts.join("; ")}; read ${doubts.length > 1 ? "these files" : "this file"}, then repeat the command with --trust to run ${doubts.length > 1 ? "them" : "it"}`,
  );
}
