/** TypeScript files run in processes of their own, and ports for them to meet at. */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const jiti = fileURLToPath(new URL("../node_modules/jiti/lib/jiti-cli.mjs", import.meta.url));

/** A child process with the lines that it printed so far. */
export interface Child {
  readonly process: ChildProcess;
  readonly lines: string[];
  /** Resolves to its exit code or signal, and what it wrote to stderr. */
  readonly ended: Promise<{ code: number | string | null; errors: string }>;
}

/** Runs a file; `onLine` sees each line of its output as it comes. The child ends with the test. */
export function spawnTypeScript(
  file: URL,
  args: readonly string[],
  onLine: (line: string, child: ChildProcess) => void = () => {},
  env: Readonly<Record<string, string>> = {},
): Child {
  const path = fileURLToPath(file);
  // A young generation of one size: V8 would let it grow in the middle of a measurement of memory.
  const flags = ["--expose-gc", "--min-semi-space-size=2", "--max-semi-space-size=2"];
  const child = spawn(process.execPath, [...flags, jiti, path, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    onLine(line, child);
  });
  let errors = "";
  child.stderr.on("data", (data) => {
    errors += data;
  });
  const ended = new Promise<{ code: number | string | null; errors: string }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code: code ?? signal, errors }));
  });
  return { process: child, lines, ended };
}

/** A port that nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
