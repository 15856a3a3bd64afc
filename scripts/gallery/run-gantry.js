/** Runs Gantry for the galleries. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../setup/prepare.js";

/**
 * Runs gantry in the clone; ends this program where that fails.
 * @param {string[]} args
 */
export function gantry(args) {
  const { status } = spawnSync(process.execPath, [join(projectRoot, "bin/gantry.js"), ...args], {
    cwd: projectRoot,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
