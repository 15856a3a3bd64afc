/** Whether the files of a run are as they were written: settings, log, samples and checkpoints. Nothing is run or changed. */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { crc32 } from "node:zlib";
import { UserError } from "../../base/errors.ts";
import { hexOf, namesIn, readBytes, readSafetensorsHeader } from "../../formats/index.ts";
import { listCheckpoints, requireWholeCheckpoint } from "./checkpoint.ts";
import { readConvolutions } from "./convolutions.ts";
import { RunDirectory } from "./run-directory.ts";

/** One file or folder of a run. */
export interface Verified {
  /** Its path within the run. */
  readonly path: string;
  /** What is wrong with it, in one sentence; undefined when nothing is. */
  readonly problem?: string | undefined;
  /** What could not be compared. */
  readonly note?: string | undefined;
}

/**
 * Checks the checksums of recipe.json, of conditions.safetensors, of convolutions.json, of the lines of metrics.jsonl and of
 * every checkpoint, and the checksums that PNG files have of their parts.
 *
 * @throws UserError when the folder is no run.
 *
 * @example
 * const damaged = verifyRun("runs/mnist-20250131-174503").filter(({ problem }) => problem !== undefined);
 */
export function verifyRun(path: string): Verified[] {
  const run = new RunDirectory(path);
  if (!existsSync(join(run.path, "recipe.json"))) run.description();
  const within = (file: string): string => relative(run.path, file);
  const checked = (file: string, check: () => string | undefined): Verified => {
    try {
      return { path: within(file), note: check() };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { path: within(file), problem: error.message };
    }
  };
  const pictures = [run.samples, run.batches].flatMap((folder) =>
    namesIn(folder)
      .filter((name) => name.endsWith(".png"))
      .sort()
      .map((name) => join(folder, name)),
  );
  return [
    checked(join(run.path, "recipe.json"), () => {
      run.description();
      return undefined;
    }),
    ...(existsSync(run.conditions) || hasConditions(run)
      ? [
          checked(run.conditions, () => {
            run.dataShape();
            return undefined;
          }),
        ]
      : []),
    ...(existsSync(run.metrics) ? [checked(run.metrics, () => checkLog(run))] : []),
    ...(existsSync(run.convolutions)
      ? [
          checked(run.convolutions, () => {
            readConvolutions(run.convolutions);
            return undefined;
          }),
        ]
      : []),
    ...pictures.map((file) => checked(file, () => checkPng(file))),
    ...listCheckpoints(run.checkpoints).map(({ path: checkpoint }) =>
      checked(checkpoint, () => checkCheckpoint(checkpoint)),
    ),
  ];
}

/** Whether recipe.json says that the data have conditions. */
function hasConditions(run: RunDirectory): boolean {
  try {
    return run.description().data?.conditions !== undefined;
  } catch {
    return false;
  }
}

function checkCheckpoint(path: string): string | undefined {
  const { checksums } = requireWholeCheckpoint(path);
  for (const name of namesIn(path)) if (name.endsWith(".safetensors")) readSafetensorsHeader(join(path, name));
  return checksums === undefined ? "has no checksums: only its form was checked" : undefined;
}

/** A line that was cut by a crash is passed over by every reader; it is said, not counted as damage. */
function checkLog(run: RunDirectory): string | undefined {
  const { problem, unchecked } = run.damage();
  if (problem !== undefined) throw new UserError(problem);
  const unreadable = run.unreadable();
  const notes = [
    ...(unchecked === 0 ? [] : [`its last ${unchecked} bytes have no checksums: only their form was checked`]),
    ...(unreadable === 0 ? [] : [`${unreadable} of its lines cannot be read and are passed over`]),
  ];
  return notes.length === 0 ? undefined : notes.join("; ");
}

/** A PNG file is a signature and chunks, each with the CRC-32 of its type and data (PNG specification, section 5.3). */
function checkPng(path: string): undefined {
  const bytes = readBytes(path);
  if (bytes.toString("latin1", 0, 8) !== "\x89PNG\r\n\x1a\n") throw new UserError(`${path} is no PNG file`);
  for (let at = 8; ; ) {
    if (at + 12 > bytes.length) throw new UserError(`${path} is cut short: its last part is missing`);
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) throw new UserError(`${path} is cut short, or damaged at byte ${at}`);
    const [actual, stated] = [crc32(bytes.subarray(at + 4, end)), bytes.readUInt32BE(end)];
    if (actual !== stated)
      throw new UserError(
        `${path} is damaged: the CRC-32 at byte ${end} says ${hexOf(stated)}, its part has ${hexOf(actual)}`,
      );
    if (bytes.toString("latin1", at + 4, at + 8) === "IEND") return undefined;
    at = end + 4;
  }
}
