/** Failures as the command line shows them: one line and an exit code. */
import { resolve } from "node:path";
import { SettingsError, UserError, withErrorsAs } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";
import { visibleMessage } from "../base/visible.ts";

/** A command that was typed wrongly: an unknown flag, a missing argument. It ends with exit code 2. */
export class UsageError extends UserError {}

/** Runs a check of what was typed: a UserError from it becomes a UsageError. */
export const asUsage = <T>(check: () => T): T => withErrorsAs(UsageError, check);

/** Exit codes of `gantry`. */
export const exitCodes = { success: 0, failure: 1, usage: 2, found: 3, interrupted: 130, terminated: 143 } as const;

/** The exit code for a failure: what was asked for cannot be, or it went wrong. */
export function exitCodeOf(error: unknown): number {
  return error instanceof UsageError || error instanceof SettingsError ? exitCodes.usage : exitCodes.failure;
}

/** Set-up has an error class of its own: its scripts run before anything is compiled, so they cannot use UserError. */
function isForUser(error: unknown): boolean {
  return error instanceof UserError || (error instanceof Error && error.name === "SetupError");
}

/** Whether the folder is gone that the program was started in: nothing relative to it can be found. */
const isFolderGone = (error: unknown): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).syscall === "uv_cwd";

/** The folder of this package. */
const HOME = resolve(import.meta.dirname, "../..");

/** `file:line: ` if a failure arose in a file of the user; otherwise empty. */
function placeOf({ stack = "" }: Error): string {
  for (const [, path, line] of stack.matchAll(/(?:\(|^ +at )(?:file:\/\/)?(\/[^():]+):(\d+):\d+\)?$/gm)) {
    if (!path!.startsWith(`${HOME}/`) && !path!.includes("/node_modules/")) return `${path}:${line}: `;
  }
  return "";
}

/** System calls that only writing makes. */
const WRITING: ReadonlySet<string | undefined> = new Set(
  "mkdir mkdtemp rename unlink rmdir write ftruncate fsync link symlink".split(" "),
);

/**
 * A failure as an error: what the file system refuses is a message to the user, wherever it arose in Gantry. One that arose in a
 * file of the user stays, for its place is what the user looks for.
 */
export function asFailure(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (isFolderGone(error)) {
    const message = "the current folder has been deleted; change to another one and try again";
    return new UserError(message, { cause: error });
  }
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (syscall === undefined || path === undefined || placeOf(error) !== "") return error;
  return fileError(error, code !== "ENOENT" && WRITING.has(syscall) ? "write" : "read", path) as Error;
}

/**
 * The failure as text: one line, and below it the whole trace with its causes when `stack` is set.
 *
 * A failure that is no message to the user (a defect, or libtorch refusing an operation) also says how to see the trace.
 */
export function failureText(error: unknown, stack: boolean): string {
  const known = asFailure(error);
  const forUser = isForUser(known);
  const line = `gantry: ${forUser ? visibleMessage(known.message) : `${placeOf(known)}${known.message.split("\n")[0] || known.name}`}`;
  if (!stack) return forUser ? line : `${line} (run it again with --stack to see where)`;
  const traces: string[] = [];
  for (let cause: unknown = known; cause instanceof Error; cause = cause.cause)
    traces.push(cause.stack ?? cause.message);
  return `${line}\n${traces.join("\ncaused by: ")}`;
}
