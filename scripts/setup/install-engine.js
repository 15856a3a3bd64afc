/**
 * Provides a libtorch where there is none: Debian's packages as root on Debian and Ubuntu, elsewhere PyTorch's wheel
 * in a private folder (install-wheel.js). What cannot be installed ends in one message with the three ways to help.
 */
import { canInstallPackages, installPackages, offersLibtorch, openBlas } from "./debian.js";
import { isPlaceName } from "./find-engine.js";
import { installWheel } from "./install-wheel.js";
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
    installWheel(host, (problem) => noEngine(problem, considered));
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
