import { expect, it } from "vitest";
import { runProgram } from "./child.ts";

const endings: readonly [string, number | string, RegExp][] = [
  ["normal", 0, /^$/],
  ["exit 0", 0, /^$/],
  ["exit 3", 3, /^$/],
  ["exit in a scope", 4, /^$/],
  ["exit in inference mode", 5, /^$/],
  ["exit without gradients", 6, /^$/],
  ["exit from a timer", 7, /^$/],
  ["compute in the exit event", 0, /^64,64\n$/],
  ["exception", 1, /^$/],
  ["rejection", 1, /^$/],
  ["terminated", "SIGTERM", /^$/],
  ["worker ends", 0, /^worker left 0, true\n$/],
  ["worker exits", 0, /^worker left 3, true\n$/],
  ["worker throws", 0, /^worker failed: on purpose\nworker left 1, true\n$/],
  ["worker is terminated", 0, /^worker left 1, true\n$/],
  ["worker is terminated in inference mode", 0, /^worker left 1, true\n$/],
  ["exit while a worker computes", 8, /^$/],
  ["three workers", 0, /^(worker left 0, true\n){3}$/],
];

// Tensors must be gone before libtorch's own statics are, whatever the way out.
it.each(endings)("%s: leaves with %s", async (ending, expected, output) => {
  const { code, signal, stdout, stderr } = await runProgram("exits", [ending]);
  expect(signal ?? code, stderr).toBe(expected);
  expect(stdout).toMatch(output);
  if (["exception", "rejection"].includes(ending)) expect(stderr).toContain("Error: on purpose");
  else expect(stderr).toBe("");
});
