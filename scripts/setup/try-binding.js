/** Tries a binding in a process of its own: what is missing (a driver, a library) shows before training, in words. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** @typedef {import("./types.d.ts").Host} Host */

const script = fileURLToPath(new URL("self-test.js", import.meta.url));

/**
 * What is wrong with a binding, or undefined.
 * @param {Host} host
 * @param {string} path
 * @param {"--load" | "--compute"} how only loads it, or also computes with it
 * @returns {string | undefined}
 */
export function whyNotUsable(host, path, how) {
  const run = spawnSync(process.execPath, [script, path, how], {
    env: host.env,
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  if (run.status === 0) return undefined;
  return (
    run.stderr.split("\n").find((line) => /^Error: /.test(line)) ?? (run.stderr || `the process ended by ${run.signal}`)
  );
}
