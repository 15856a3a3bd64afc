import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/global-setup.ts",
    // libtorch keeps one thread pool a process: a process a file.
    pool: "forks",
    maxWorkers: "100%",
    // The tests' networks are tiny: a second thread only adds waiting, most of all on a busy machine.
    env: { OMP_NUM_THREADS: "1" },
    // A busy machine takes ten times as long as an idle one.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
