/** Runs a program of test/tensor/programs in a process of its own: what ends a process must not end the tests. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How a program ended and what it said. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a program is, by its name without ".ts". */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));
}

/** Arguments of Node to run TypeScript. */
export const typescript = ["--import", "jiti/register"];

/**
 * Runs a program with arguments. `addressSpaceGiB` limits what it can allocate; `nodeArguments` go to Node.
 */
export function runProgram(
  name: string,
  programArguments: readonly string[] = [],
  options: { nodeArguments?: readonly string[]; addressSpaceGiB?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  const { nodeArguments = [], addressSpaceGiB, env = {} } = options;
  const node = [process.execPath, ...typescript, ...nodeArguments, programPath(name), ...programArguments];
  const command =
    addressSpaceGiB === undefined
      ? node
      : ["/bin/sh", "-c", `ulimit -v ${addressSpaceGiB * 2 ** 20}; exec "$@"`, "sh", ...node];
  return new Promise((resolve, reject) => {
    const child = spawn(command[0]!, command.slice(1), {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
