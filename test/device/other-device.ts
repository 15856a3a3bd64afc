/** The second device of other-device.cc, compiled and loaded at the first use. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder, ensureBinding, flagsFor, thisHost } from "../../scripts/setup/index.js";
import { binding, engineSummary, type GraphBackend, useGraphBackend } from "../../src/tensor/index.ts";

/** Its name. */
export const OTHER_DEVICE = "privateuseone:0";

/** From libtorch 2 on, gradients want more of a device than this one has (`Cannot access accelerator device`). */
export const hasGradients = engineSummary().libtorch.startsWith("1.");

/** What the device counts, and its graphs. */
export interface OtherDevice extends GraphBackend {
  /** Copies of tensors to the device, and of tensors and numbers from it to the host, since the last call. */
  copies(): [toDevice: number, toHost: number];
}

let loaded: OtherDevice | undefined;

/** Makes libtorch know the device, in this process. */
export function otherDevice(): OtherDevice {
  binding();
  if (loaded === undefined) {
    loaded = createRequire(import.meta.url)(compiled()) as OtherDevice;
    useGraphBackend(OTHER_DEVICE.split(":")[0]!, loaded);
  }
  return loaded;
}

/** The library for the engine that runs, from the cache if it is there. */
function compiled(): string {
  const source = fileURLToPath(new URL("other-device.cc", import.meta.url));
  const { engine } = ensureBinding();
  const host = thisHost();
  const key = createHash("sha256")
    .update(readFileSync(source))
    .update(JSON.stringify(engine))
    .digest("hex")
    .slice(0, 16);
  const folder = join(cacheFolder(host), "test-device");
  const file = join(folder, `${key}.node`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const { compile, link } = flagsFor(host, engine);
  const [command = "c++", ...words] = (process.env.CXX ?? "c++").split(" ");
  const unfinished = `${file}.${process.pid}`;
  const headers = createRequire(import.meta.url)("node-api-headers").include_dir as string;
  const paths = engine.libDirs.map((path) => `-Wl,-rpath,${path}`);
  const run = spawnSync(
    command,
    [...words, ...compile, "-O1", "-I", headers, source, "-o", unfinished, ...link, ...paths],
    {
      encoding: "utf8",
    },
  );
  if (run.status !== 0) throw new Error(`the test device cannot be compiled: ${run.stderr}`);
  renameSync(unfinished, file);
  return file;
}
