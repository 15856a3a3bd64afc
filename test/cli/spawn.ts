/** Runs the command line as a person does: another process, its real entry, its real exit code. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

export const entry = join(import.meta.dirname, "../../bin/gantry.js");

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts gantry; `whenLine` sees every whole line of stdout as it comes. */
export function start(
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; whenLine?: (line: string, child: ChildProcess) => void } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [entry, ...args], {
      cwd: options.cwd,
      env: { ...process.env, GANTRY_STACK: "", NO_COLOR: "1", ...options.env },
    });
    let stdout = "";
    let stderr = "";
    let seen = 0;
    child.stdout.on("data", (data) => {
      stdout += data;
      for (let end = stdout.indexOf("\n", seen); end >= 0; end = stdout.indexOf("\n", seen)) {
        options.whenLine?.(stdout.slice(seen, end), child);
        seen = end + 1;
      }
    });
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** The JSON objects of output with --json; throws when any line is no JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
