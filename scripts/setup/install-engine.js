/**
 * Provides a libtorch where there is none: Debian's packages as root on Debian and Ubuntu, elsewhere PyTorch's wheel
 * in a private folder. What cannot be installed ends in one message with the three ways to help.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { canInstallPackages, installPackages, offersLibtorch, openBlas } from "./debian.js";
import { isPlaceName, pipVersion, privateFolder } from "./find-engine.js";
import { findProgram } from "./host.js";
import { makeFolder } from "./lock.js";
import { isOffline } from "./offline.js";
import { permit } from "./permission.js";
import { SetupError } from "./say.js";

/** @typedef {import("./types.d.ts").Considered} Considered */
/** @typedef {import("./types.d.ts").Host} Host */

/**
 * Installs libtorch for the GANTRY_TORCH of this host. The caller looks for it again afterwards.
 * @param {Host} host
 * @param {readonly Considered[]} considered what was looked at before, for the message
 * @param {boolean} needsCompiler whether a C++ compiler is missing and the binding has to be compiled
 */
export function installEngine(host, considered, needsCompiler) {
  const wanted = isPlaceName(host.env.GANTRY_TORCH) ? host.env.GANTRY_TORCH : undefined;
  if (wanted === "python") throw noEngine("GANTRY_TORCH=python: the python3 on PATH has no usable torch.", considered);
  if (wanted !== "pip" && canInstallPackages(host) && offersLibtorch(host)) {
    installPackages(host, ["libtorch-dev", openBlas, ...(needsCompiler ? ["g++"] : [])], "no libtorch was found");
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
  const what = `installing torch ${pipVersion} into ${folder} with pip (0.2 to 3 GB to download; a few minutes)`;
  permit(host, "no libtorch was found", what);
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
  // pip's report of progress goes to stderr; stdout belongs to the command that was asked for.
  const run = spawnSync(python, [...args, "--target", unfinished, `torch==${pipVersion}`], {
    env: { ...host.env, LC_ALL: "C" },
    stdio: ["ignore", 2, "pipe"],
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (run.status !== 0 || !existsSync(join(unfinished, "torch"))) {
    rmSync(unfinished, { recursive: true, force: true });
    if (isOffline(run.stderr ?? ""))
      throw new SetupError(
        `no libtorch was found, and pip cannot reach its packages (no network?); with a network the same command goes on, and GANTRY_TORCH names a libtorch that is there already.`,
      );
    const said = (run.stderr ?? String(run.error)).trim().split("\n").slice(-2).join(" / ");
    throw noEngine(`pip could not install torch ${pipVersion}${said && `: ${said}`}.`, considered);
  }
  renameSync(unfinished, folder);
}
