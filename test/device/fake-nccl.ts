/** The library of fake-nccl.cc, compiled at the first use, and the variables by which a process finds it. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { cacheFolder, thisHost } from "../../scripts/setup/index.js";

/** For a child process: the loader looks for the library there, and its processes meet in a folder of this test. */
export function withFakeNccl(): { LD_LIBRARY_PATH: string; FAKE_NCCL_FOLDER: string } {
  const folder = mkdtempSync(join(tmpdir(), "gantry-nccl-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { LD_LIBRARY_PATH: dirname(compiled()), FAKE_NCCL_FOLDER: folder };
}

function compiled(): string {
  const source = fileURLToPath(new URL("fake-nccl.cc", import.meta.url));
  const key = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 16);
  const folder = join(cacheFolder(thisHost()), "test-nccl", key);
  const file = join(folder, "libnccl.so.2");
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  const [command = "c++", ...words] = (process.env.CXX ?? "c++").split(" ");
  const flags = ["-std=c++17", "-O1", "-fPIC", "-shared", "-Wl,-soname,libnccl.so.2"];
  const run = spawnSync(command, [...words, ...flags, source, "-o", unfinished], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`the library cannot be compiled: ${run.stderr}`);
  renameSync(unfinished, file);
  return file;
}
