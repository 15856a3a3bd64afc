/**
 * Asks the `python3` on PATH where its torch is, without importing it: importing takes seconds and loads libtorch.
 */
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { dirname, join } from "node:path";
import { findProgram } from "./host.js";

/** @typedef {import("./types.d.ts").Host} Host */

/**
 * Python's current folder is taken off its path: a project's own folder called torch is not an engine.
 * A spec without origin is such a folder, too (a namespace package).
 */
const question = `
import sys
sys.path[:] = [p for p in sys.path if p]
import importlib.util, json
spec = importlib.util.find_spec("torch")
found = list(spec.submodule_search_locations or []) if spec and spec.origin else []
print(json.dumps({"executable": sys.executable, "prefix": sys.prefix, "path": sys.path, "torch": found[0] if found else None}))
`;

/**
 * What python3 answered.
 * @typedef {object} PythonTorch
 * @property {string} command The python3 that was asked.
 * @property {string} [folder] The folder of its package torch, if it has one.
 * @property {string} [prefix] Where it is installed.
 * @property {string} [problem] Why it could not answer.
 * @property {readonly string[]} watch What to watch for a change of the answer: installing a package changes a folder of Python's path.
 */

/**
 * @param {Host} host
 * @returns {PythonTorch | undefined} undefined when there is no python3
 */
export function askPython(host) {
  const command = findProgram(host, "python3");
  if (!command) return undefined;
  const watch = [command, ...versionManagerFiles(host, command)];
  const run = spawnSync(command, ["-c", question], {
    env: host.env,
    cwd: host.cwd,
    encoding: "utf8",
    timeout: 20_000,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (run.status !== 0) {
    const why =
      run.error?.message ?? (run.stderr.trim().split("\n").pop() || `it ended with ${run.signal ?? run.status}`);
    return { command, problem: why, watch };
  }
  const answer = JSON.parse(run.stdout);
  watch.push(answer.executable, ...answer.path.filter(existsSync));
  return { command, prefix: answer.prefix, ...(answer.torch ? { folder: answer.torch } : {}), watch };
}

/**
 * What decides, together with its path, which Python a `python3` is. A script under that name is a version manager's, which
 * chooses by the current folder.
 * @param {Host} host
 */
export function pythonIdentity(host) {
  const command = findProgram(host, "python3");
  if (!command) return undefined;
  const names = [
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONNOUSERSITE",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PYENV_VERSION",
    "HOME",
  ];
  return { command, variables: names.map((name) => host.env[name]), cwd: isScript(command) ? host.cwd : undefined };
}

/**
 * @param {Host} host
 * @param {string} command
 */
function versionManagerFiles(host, command) {
  if (!isScript(command)) return [];
  const local = [".python-version", ".tool-versions"].map((name) => join(host.cwd, name));
  return [...local, join(dirname(dirname(command)), "version")];
}

/** @param {string} command */
function isScript(command) {
  const file = openSync(command, "r");
  const start = Buffer.alloc(2);
  readSync(file, start, 0, 2, 0);
  closeSync(file);
  return start.toString() === "#!";
}
