/** Keeps node_modules in step with package-lock.json, by `npm ci` and only when they differ. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isOffline } from "./offline.js";
import { SetupError, say } from "./say.js";

/**
 * Installs the npm packages if any is missing or of another version.
 * @param {string} root of the clone
 */
export function ensurePackages(root) {
  if (packagesAreCurrent(root)) return;
  say("installing the npm packages (npm ci, usually under a minute)");
  // Under `npm start` this is the npm that runs this script; other package managers set the variable to themselves.
  const own = process.env.npm_execpath;
  const [program, before] = own?.endsWith("npm-cli.js") ? [process.execPath, [own]] : ["npm", []];
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const worker = fileURLToPath(new URL("npm-process.js", import.meta.url));
  const run = spawnSync(process.execPath, [worker, program, ...before, ...args], {
    cwd: root,
    // ONNX Runtime, which tests use, would download its half for CUDA.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" },
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (run.status === 0) return;
  const said = `${run.stdout}${run.stderr}`.trim();
  if (isOffline(said))
    throw new SetupError(
      "the npm packages are missing, and npm's registry cannot be reached (no network?); with a network the same command goes on.",
    );
  throw new SetupError(
    `npm ci in ${root} failed (${run.error?.message ?? `exit code ${run.status ?? run.signal}`}):\n${said}`.trimEnd(),
  );
}

/**
 * Compares what npm says that it installed (its hidden lock file, which it writes last, so that an interrupted install
 * has none) with what package-lock.json asks for.
 * @param {string} root
 */
export function packagesAreCurrent(root) {
  const installedFile = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedFile)) return false;
  /** @type {Record<string, { version?: string, optional?: boolean, integrity?: string }>} */
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  /** @type {typeof wanted} */
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const there = installed[path];
    // Optional packages for other systems are not installed.
    if (!there || !existsSync(join(root, path))) return entry.optional === true;
    return there.version === entry.version && there.integrity === entry.integrity;
  });
}
