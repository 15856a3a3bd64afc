import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ensureBinding } from "../../scripts/setup/index.js";

// libtorch has one table of operators per process. The second binding cannot add its own to the first one's.
const script = `
  const load = (path) => process.dlopen({ exports: {} }, path);
  load(process.argv[1]);
  try {
    load(process.argv[2]);
  } catch (error) {
    console.log(error.message);
  }
`;

it("a second binding in a process is an error, not the end of the process", () => {
  const { path } = ensureBinding();
  const folder = mkdtempSync(join(tmpdir(), "gantry-two-bindings-"));
  try {
    const other = join(folder, "other.node");
    copyFileSync(path, other);
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, ["-e", script, path, other], {
      encoding: "utf8",
    });
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
    expect(stdout).toBe(
      "gantry: another version of Gantry is loaded in this process already: import one of them only\n",
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
