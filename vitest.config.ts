import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";
import manifest from "./package.json" with { type: "json" };
import { exceptedFiles } from "./test/device/exceptions.ts";

/** `gantry` and its sub-paths: the sources that are under test, not what was compiled of them. */
const entryPoints = Object.entries(manifest.exports).flatMap(([path, entry]) => {
  if (typeof entry === "string") return [];
  const source = entry.default.replace("./dist/", "./src/").replace(/\.js$/, ".ts");
  return { find: new RegExp(`^gantry${path.slice(1)}$`), replacement: fileURLToPath(new URL(source, import.meta.url)) };
});

const onDevice = (process.env.GANTRY_TEST_DEVICE || "cpu") !== "cpu";

/** Where GANTRY_TEST_DEVICE is set, tests of these folders make their tensors on that device. */
const testDevice = {
  name: "test-device",
  enforce: "pre",
  resolveId(source: string, importer: string | undefined) {
    const wanted =
      source.endsWith("/src/tensor/index.ts") && /\/test\/(tensor|nn|losses|techniques)\//.test(importer ?? "");
    return wanted ? fileURLToPath(new URL("test/device/tensor.ts", import.meta.url)) : null;
  },
} as const;

export default defineConfig({
  plugins: onDevice ? [testDevice] : [],
  resolve: { alias: entryPoints },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, ...(onDevice ? exceptedFiles() : [])],
    setupFiles: onDevice ? ["test/device/skip-exceptions.ts"] : [],
    globalSetup: "test/global-setup.ts",
    // libtorch keeps one thread pool a process: a process a file.
    pool: "forks",
    maxWorkers: "100%",
    // Nothing is measured: two processes of one test need the same bits. The tests' networks are tiny: a second thread only adds waiting, most of all on a busy machine.
    // What tests remember of files that may be run stays out of the user's folder.
    env: {
      OMP_NUM_THREADS: "1",
      GANTRY_CONVOLUTION: "rules",
      XDG_STATE_HOME: fileURLToPath(new URL("node_modules/.state-of-tests", import.meta.url)),
    },
    // A busy machine takes ten times as long as an idle one.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
