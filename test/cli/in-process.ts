/** Runs a command in the test's own process, with what it printed. */
import { vi } from "vitest";
import { shell } from "../../src/cli/shell.ts";
import type { Outcome } from "./spawn.ts";

/** Runs `gantry` with these arguments. */
export async function inProcess(...args: string[]): Promise<Outcome & { code: number }> {
  let [stdout, stderr] = ["", ""];
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += text;
    return true;
  });
  const err = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += text;
    return true;
  });
  try {
    const code = await shell(args);
    return { code, stdout, stderr };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}
