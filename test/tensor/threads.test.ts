import { expect, it } from "vitest";
import { configureEngine } from "../../src/tensor/index.ts";
import { binding } from "../../src/tensor/native.ts";
import { runProgram } from "./child.ts";

it("each thread has its own tensors and modes; the number of threads is the process's", async () => {
  // Without the variable, a default would be the number of cores.
  const { code, stdout, stderr } = await runProgram("threads", [], { env: { OMP_NUM_THREADS: "" } });
  expect(code, stderr).toBe(0);
  const { answer, live, sum, threads } = JSON.parse(stdout);
  expect(answer.message).toMatch(/^aten::add\.Tensor: argument `other` must be a Tensor, got an object/);
  expect(answer.gradients).toBe(true);
  // The three ones; what was made in the scope is gone.
  expect(answer.live).toBeLessThanOrEqual(1);
  expect([live, sum, threads, answer.threads]).toEqual([0, 3, 1, 1]);
});

it("loops of the binding run on all threads", async () => {
  for (const threads of [1, 3]) {
    const { stdout, stderr } = await runProgram("loops", [String(threads)]);
    expect(JSON.parse(stdout || "[]"), stderr).toEqual([threads, threads]);
  }
});

it("refuses thread counts that are none, and a change after the engine runs", () => {
  for (const threads of [0, -1, 1.5, Number.NaN, 1025]) {
    expect(() => configureEngine({ threads })).toThrow(`threads (=${threads}) must be a whole number from 1 to 1024`);
  }
  const running = binding().threads();
  configureEngine({ threads: running });
  expect(() => configureEngine({ threads: running + 1 })).toThrow(
    `threads (=${running + 1}) cannot change: the engine already runs with ${running}`,
  );
});

it("leaves the environment as it was for programs that are started from here", () => {
  binding();
  expect(process.env.OPENBLAS_NUM_THREADS).toBeUndefined();
});
