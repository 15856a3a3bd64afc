/**
 * The records of an experiment: one JSON Lines file, a line for each thing that was measured. It is the raw result; a
 * page is made of it and of nothing else.
 *
 * A record is added with one write at the end of the file, so that processes that share a folder do not need each
 * other, and a crash leaves at most the last line unfinished: it is left out when the file is read, and cut off by the
 * next write.
 */
import { closeSync, existsSync, openSync, readFileSync, statSync, truncateSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { canonicalJson } from "../base/canonical-json.ts";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";
import { makeFolder, namesIn, writeFileAtomic } from "../formats/index.ts";
import type { RecordedExperiment } from "./experiment.ts";

/** The file in an experiment's folder. */
export const RECORDS = "records.jsonl";

type Kind<R extends object> = Pick<RecordedExperiment<R>, "name" | "record" | "key" | "order">;

/** The key of a record, from the record or from the fields that are known before it is measured. */
export function keyOf({ key }: { readonly key: readonly string[] }, of: object): string {
  return canonicalJson(key.map((name) => (of as Record<string, unknown>)[name] ?? null));
}

const readText = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw fileError(error, "read", path);
  }
};

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${where} is not JSON: ${(error as Error).message}`);
  }
}

function linesOf<R extends object>(path: string, { record }: Kind<R>): R[] {
  const whole = readText(path).split("\n").slice(0, -1);
  return whole.map((line, i) => {
    const found = record.safeParse(parsed(line, `${path}: line ${i + 1}`));
    if (found.success) return found.data;
    const { path: at, message } = found.error.issues[0]!;
    throw new UserError(`${path}: line ${i + 1}: \`${at.join(".")}\`: ${message}`);
  });
}

/** Records of Gantry 0.1, which wrote a JSON file for each; files of another experiment are skipped. */
function oldFiles<R extends object>(folder: string, { record }: Kind<R>): R[] {
  const names = namesIn(folder).filter((name) => name.endsWith(".json"));
  return names.sort().flatMap((name) => {
    const found = record.safeParse(parsed(readText(join(folder, name)), join(folder, name)));
    return found.success ? [found.data] : [];
  });
}

function readAny<R extends object>(path: string, kind: Kind<R>): R[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return linesOf(path, kind);
  if (existsSync(join(path, RECORDS))) return linesOf(join(path, RECORDS), kind);
  return oldFiles(existsSync(join(path, "records")) ? join(path, "records") : path, kind);
}

/** Compares entry by entry. */
function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  const i = a.findIndex((value, at) => value !== b[at]);
  return i < 0 ? 0 : a[i]! < b[i]! ? -1 : 1;
}

/**
 * The records of an experiment in their order, of each key the last. `path` is a JSON Lines file, an experiment's
 * folder, or a folder of the JSON files of Gantry 0.1.
 *
 * @throws UserError for a damaged line, which it names
 *
 * @example
 * const records = readRecords("lab/mine", mine);
 */
export function readRecords<R extends object>(path: string, kind: Kind<R>): R[] {
  const last = new Map(readAny(path, kind).map((record) => [keyOf(kind, record), record]));
  return [...last.values()].sort((a, b) => compare(kind.order(a), kind.order(b)));
}

/** As {@link readRecords}. @throws UserError also when there is none: a mistyped path never becomes an empty page. */
export function requireRecords<R extends object>(path: string, kind: Kind<R>): R[] {
  const records = readRecords(path, kind);
  if (records.length > 0) return records;
  throw new UserError(`${path} holds no records; name a file or a folder with those of gantry lab ${kind.name}`);
}

/** Adds a record to a JSON Lines file. */
export function appendRecord(path: string, record: object): void {
  try {
    makeFolder(dirname(path));
    if (existsSync(path)) {
      const text = readFileSync(path);
      const end = text.lastIndexOf(10) + 1;
      if (end < text.length) truncateSync(path, end);
    }
    const file = openSync(path, "a");
    try {
      writeSync(file, `${JSON.stringify(record)}\n`);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw fileError(error, "write", path);
  }
}

/** Makes the JSON Lines file of a folder that Gantry 0.1 began, so that what it has measured is not measured again. */
export function adoptOldRecords<R extends object>(folder: string, kind: Kind<R>): void {
  if (existsSync(join(folder, RECORDS)) || !existsSync(join(folder, "records"))) return;
  writeRecords(join(folder, RECORDS), readRecords(folder, kind));
}

/** Writes a whole JSON Lines file. */
export function writeRecords(path: string, records: readonly object[]): void {
  writeFileAtomic(
    path,
    records.map((record) => `${JSON.stringify(record)}\n`),
  );
}
