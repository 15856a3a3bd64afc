/**
 * Which files may be run because a stored run or sweep names them.
 *
 * A run folder names the files that define parts of its recipe, and resuming, sampling and scoring import them. A folder
 * that comes from somebody else could name any file. So this machine remembers the files that a person has named to it
 * (in `gantry train my-recipe.ts`, say), with a SHA-256 of each and of the files that it imports by paths. A
 * stored folder runs those and no others, until a person says `--trust`.
 */
import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
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

/** SHA-256 of files, by their absolute paths. */
export type Hashes = Readonly<Record<string, string>>;

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

/** Text in quotes that may be a path: after a word of an import, also that of the folder itself or the one above. */
const PATH = /(["'`])((?:\.{1,2}\/|\/|file:\/\/)(?:(?!\1)[^\n])*)\1/g;
const FOLDER = /\b(?:from|import|require)\s*\(?\s*(["'`])(\.{1,2})\1/g;
/** Text in quotes that is no path: perhaps a name that a package.json above gives to a file. */
const NAME = /(["'`])(#?[@\w][^"'`\s]*)\1/g;
/** Escapes in JavaScript's strings. */
const ESCAPE = /\\(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2})|(.))/gi;
/** Endings of what an import can run or read, in any place where jiti adds one. */
const ENDINGS = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx", ".mtsx", ".ctsx", ".json", ".node"];
const CODE = /\.(?:[cm]?[jt]sx?|json|node)$/;

const unescaped = (text: string): string =>
  text.replace(ESCAPE, (_, braced, four, two, other) =>
    other === undefined ? String.fromCodePoint(Math.min(Number.parseInt(braced ?? four ?? two, 16), 0x10ffff)) : other,
  );

/** A path as it is written, and as a URL. */
function readings(text: string): string[] {
  const plain = text.replace(/^file:\/\/(?:localhost)?/, "").replace(/[?#].*$/, "");
  try {
    return [...new Set([text, plain, decodeURIComponent(plain)])];
  } catch {
    return [text, plain];
  }
}

/** The files that a path may mean: as it is written, with another ending, and in a folder what stands for the folder. */
function candidates(folder: string, text: string): string[] {
  return readings(text).flatMap((reading) => {
    const path = resolve(folder, reading);
    const manifest = join(path, "package.json");
    const inFolder = [manifest, ...stringsOf(manifest).map((name) => join(path, name)), join(path, "index")];
    const bare = [path, path.replace(/\.[cm]?[jt]sx?$/, ""), ...inFolder];
    return bare.flatMap((name) => [name, ...ENDINGS.map((ending) => name + ending)]).filter(isCode);
  });
}

const isCode = (path: string): boolean => CODE.test(path) && isReadable(path);

/** All strings of a package.json: one of them may name the file that stands for its folder. */
const stringsOf = (manifest: string): string[] => (isReadable(manifest) ? textsIn(manifestOf(manifest)) : []);

const textsIn = (value: unknown): string[] =>
  typeof value === "string" ? [value] : value instanceof Object ? Object.values(value).flatMap(textsIn) : [];

/**
 * The files that a name may mean by `imports` (`#parts`) or `exports` (the package's own name) of the nearest package.json,
 * which is itself one of them.
 */
function named(folder: string, text: string): string[] {
  let place = folder;
  while (!isReadable(join(place, "package.json"))) {
    if (dirname(place) === place) return [];
    place = dirname(place);
  }
  const manifest = join(place, "package.json");
  const { name, imports, exports } = manifestOf(manifest);
  // Gantry itself is the one that runs.
  if (/^gantry(\/|$)/.test(text)) return [];
  const isOwn = typeof name === "string" && (text === name || text.startsWith(`${name}/`));
  const table = text.startsWith("#") ? imports : isOwn ? exports : undefined;
  if (table === undefined) return [];
  const subpath = isOwn ? `.${text.slice(name.length)}` : text;
  const byKey = typeof table === "object" && table !== null ? Object.entries(table) : [];
  const targets = [table, ...byKey.flatMap(([key, target]) => starred(key, target, subpath))].flatMap(textsIn);
  return [manifest, ...targets.flatMap((target) => candidates(place, target))];
}

/** A target with what the `*` of its key stands for put in. */
function starred(key: string, target: unknown, subpath: string): string[] {
  const [before, after] = key.split("*");
  if (after === undefined || !subpath.startsWith(before!) || !subpath.endsWith(after)) return [];
  const middle = subpath.slice(before!.length, subpath.length - after.length);
  return textsIn(target).map((text) => text.replaceAll("*", middle));
}

function manifestOf(path: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return {};
  }
}

/** Whether a path leads to a file that can be read. A pipe or device, which may have no end, is none. */
function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * A file and those that it imports by paths or by names of its package.json, with their hashes. Which those are is not parsed: every text that may be a path
 * and leads to a file of code counts, so there may be more.
 */
function hashesOf(file: string): Hashes {
  const found: Record<string, string> = {};
  const waiting = [file];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (path in found) continue;
    const content = readFileSync(path);
    found[path] = sha256(content);
    if (/\.(?:json|node)$/.test(path)) continue;
    const source = unescaped(content.toString("utf8"));
    for (const [, , text = ""] of [...source.matchAll(PATH), ...source.matchAll(FOLDER)]) {
      waiting.push(...candidates(dirname(path), text));
    }
    for (const [, , text = ""] of source.matchAll(NAME)) waiting.push(...named(dirname(path), text));
  }
  return found;
}

/** A file and the files that it imports: all whose contents say what running it does. May name more. */
export const importedFiles = (file: string): string[] => Object.keys(hashesOf(resolve(file)));

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
function doubt(file: string, now: Hashes): string | undefined {
  const before = remembered(file);
  if (before === undefined) return "which has not been used on this machine";
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
 * @returns what was compared: a file with another hash is not to be loaded.
 *
 * @throws UserError that names each file and why.
 */
export function requireTrust(files: readonly string[], holder: string): Hashes {
  const present = files.map((file) => resolve(file)).filter(isReadable);
  const hashes = new Map(present.map((file) => [file, hashesOf(file)]));
  const compared: Hashes = Object.assign({}, ...hashes.values());
  if (process.env.GANTRY_TRUST === "1") {
    for (const file of present) {
      if (doubt(file, hashes.get(file)!) === undefined) continue;
      process.stderr.write(`gantry: running ${visible(file)}, which ${holder} names, as --trust says\n`);
      trustFile(file);
    }
    return compared;
  }
  const doubts = present.flatMap((file) => {
    const reason = doubt(file, hashes.get(file)!);
    return reason === undefined ? [] : [`${visible(file)}, ${reason}`];
  });
  if (doubts.length === 0) return compared;
  throw new UserError(
    `${holder} wants to run code: ${doubts.join("; ")}; read ${doubts.length > 1 ? "these files" : "this file"}, then repeat the command with --trust to run ${doubts.length > 1 ? "them" : "it"}`,
  );
}

/**
 * Refuses the source of a file that was compared with another one: it has changed in the moment between.
 * @throws UserError that names the file.
 */
export function requireCompared(file: string, source: string, compared: Hashes): void {
  const hash = compared[file];
  if (hash === undefined || hash === sha256(source)) return;
  throw new UserError(`${visible(file)} changed while it was being loaded, and is not run; repeat the command`);
}
