/**
 * Provides a libtorch where there is none: Debian's packages as root on Debian and Ubuntu, elsewhere PyTorch's wheel
 * in a private folder. What cannot be installed ends in one message with the three ways to help.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { findCompiler } from "./compile-binding.js";
import { canInstallPackages, installPackages, offersLibtorch, openBlas } from "./debian.js";
import { isPlaceName, pipVersion, privateFolder } from "./find-engine.js";
import { findProgram } from "./host.js";
import { makeFolder } from "./lock.js";
import { SetupError, say } from "./say.js";

/** @typedef {import("./types.d.ts").Considered} Considered */
/** @typedef {import("./types.d.ts").Host} Host */

/**
 * Installs libtorch for the GANTRY_TORCH of this host. The caller looks for it again afterwards.
 * @param {Host} host
 * @param {readonly Considered[]} considered what was looked at before, for the message
 */
export function installEngine(host, considered) {
  const wanted = isPlaceName(host.env.GANTRY_TORCH) ? host.env.GANTRY_TORCH : undefined;
  if (wanted === "python") throw noEngine("GANTRY_TORCH=python: the python3 on PATH has no usable torch.", considered);
  if (wanted !== "pip" && canInstallPackages(host) && offersLibtorch(host)) {
    const compiler = findCompiler(host) ? [] : ["g++"];
    installPackages(host, ["libtorch-dev", openBlas, ...compiler], "no libtorch was found");
  } else if (wanted === "system") {
    throw noEngine(
      "GANTRY_TORCH=system: no libtorch-dev is installed, and it cannot be installed from here.",
      considered,
    );
  } else {
    installWheel(host, considered);
  }
}

/**
 * The message for a machine on which nothing was found and nothing could be installed.
 * @param {string} problem
 * @param {readonly Considered[]} considered
 */
export function noEngine(problem, considered) {
  const looked = considered.map(({ where, why }) => `  ${where}: ${why}\n`).join("");
  return new SetupError(
    `${problem} Any one of these provides libtorch; then run the same command again:
  1. on Debian or Ubuntu: apt-get install libtorch-dev ${openBlas} g++
  2. in a Python that is python3 on your PATH: python3 -m pip install torch
  3. PyTorch's libtorch archive (https://pytorch.org, "Get Started"), unpacked: GANTRY_TORCH=/path/to/libtorch
${looked && `Looked at:\n${looked}`}`.trimEnd(),
  );
}

/**
 * @param {Host} host
 * @param {readonly Considered[]} considered
 */
function installWheel(host, considered) {
  const hasPip = () =>
    spawnSync("python3", ["-m", "pip", "--version"], { env: host.env, stdio: "ignore" }).status === 0;
  if (!hasPip() && canInstallPackages(host))
    installPackages(host, ["python3", "python3-pip"], "pip is needed to install torch");
  const python = findProgram(host, "python3");
  if (!python) throw noEngine("No libtorch was found, and there is no python3 to install one with.", considered);
  if (!hasPip()) throw noEngine(`No libtorch was found, and ${python} has no pip to install one with.`, considered);

  const folder = privateFolder(host);
  makeFolder(dirname(folder));
  for (const name of readdirSync(dirname(folder)))
    if (name.startsWith(`${basename(folder)}.`)) rmSync(join(dirname(folder), name), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
  const unfinished = `${folder}.installing-${process.pid}`;
  say(`installing torch ${pipVersion} into ${folder} with pip (0.2 to 3 GB to download; a few minutes)`);
  const args = [
    "-m",
    "pip",
    "install",
    "--disable-pip-version-check",
    "--no-input",
    "--root-user-action=ignore",
    "--no-compile",
    "--progress-bar",
    "off",
  ];
  // pip's report of progress goes to stderr with the rest; stdout belongs to the command that was asked for.
  const run = spawnSync(python, [...args, "--target", unfinished, `torch==${pipVersion}`], {
    env: host.env,
    stdio: ["ignore", 2, 2],
  });
  if (run.status !== 0 || !existsSync(join(unfinished, "torch"))) {
    rmSync(unfinished, { recursive: true, force: true });
    throw noEngine(`pip could not install torch ${pipVersion} (its messages are above).`, considered);
  }
  renameSync(unfinished, folder);
}
