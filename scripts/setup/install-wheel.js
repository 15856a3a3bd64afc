/**
 * PyTorch's wheel in a private folder, by pip. pip compares every file with the SHA-256 that is stored here (wheels/), or that
 * the user gives in GANTRY_TORCH_SHA256, and installs nothing else. torch's packages for Python alone are left out:
 * only its libraries are used.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { canInstallPackages, installPackages } from "./debian.js";
import { pipVersion, privateFolder } from "./find-engine.js";
import { findProgram } from "./host.js";
import { makeFolder } from "./lock.js";
import { isOffline } from "./offline.js";
import { permit } from "./permission.js";
import { SetupError } from "./say.js";

/** @typedef {import("./types.d.ts").Host} Host */
/** @typedef {(problem: string) => SetupError} Refusal a message with other ways to get libtorch */

const options = [
  "--disable-pip-version-check",
  "--no-input",
  "--root-user-action=ignore",
  "--no-compile",
  "--progress-bar=off",
  "--no-deps",
  "--only-binary=:all:",
  "--require-hashes",
];

/**
 * Installs the wheel into the private folder of this host.
 * @param {Host} host
 * @param {Refusal} refusal
 */
export function installWheel(host, refusal) {
  const own = ownHash(host);
  const hasPip = () =>
    spawnSync("python3", ["-m", "pip", "--version"], { env: host.env, stdio: "ignore" }).status === 0;
  if (!hasPip() && canInstallPackages(host))
    installPackages(host, ["python3", "python3-pip"], "pip is needed to install torch");
  const python = findProgram(host, "python3");
  if (!python) throw refusal("No libtorch was found, and there is no python3 to install one with.");
  if (!hasPip()) throw refusal(`No libtorch was found, and ${python} has no pip to install one with.`);

  const folder = privateFolder(host);
  makeFolder(dirname(folder));
  for (const name of readdirSync(dirname(folder)))
    if (name.startsWith(`${basename(folder)}.`)) rmSync(join(dirname(folder), name), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
  const what = `installing torch ${pipVersion} into ${folder} with pip (0.2 to 3 GB to download; a few minutes)`;
  permit(host, "no libtorch was found", what);
  const unfinished = `${folder}.installing-${process.pid}`;
  const list = `${unfinished}.txt`;
  const install = (/** @type {string} */ file, /** @type {string} */ more = "") => {
    writeFileSync(list, `${wheels(file)}${more}`);
    runPip(host, python, ["--target", unfinished, "--requirement", list], refusal);
  };
  try {
    install("torch.txt", own);
    if (!existsSync(join(unfinished, "torch"))) throw refusal(`pip could not install torch ${pipVersion}.`);
    if (needsCuda(unfinished)) install("cuda.txt");
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
    rmSync(list, { force: true });
  }
}

/**
 * Names, versions and hashes as pip reads them, without the new line at the end.
 * @param {string} file
 */
function wheels(file) {
  return readFileSync(fileURLToPath(new URL(`wheels/${file}`, import.meta.url)), "utf8").trimEnd();
}

/**
 * The hash of a wheel that the user has chosen, as pip reads it.
 * @param {Host} host
 */
function ownHash(host) {
  const given = host.env.GANTRY_TORCH_SHA256;
  if (!given) return "";
  if (!/^[0-9a-f]{64}$/i.test(given))
    throw new SetupError(`GANTRY_TORCH_SHA256 (=${given}) must be the SHA-256 of a wheel: 64 hexadecimal digits.`);
  return ` \\\n    --hash=sha256:${given.toLowerCase()}`;
}

/**
 * Whether torch says that it needs NVIDIA's libraries: its wheel was compared, so what it says is its own.
 * @param {string} folder
 */
function needsCuda(folder) {
  const about = readdirSync(folder).find((name) => /^torch-.*\.dist-info$/.test(name));
  const file = about && join(folder, about, "METADATA");
  return file !== undefined && existsSync(file) && /^Requires-Dist: (nvidia|cuda)-/m.test(readFileSync(file, "utf8"));
}

/**
 * @param {Host} host
 * @param {string} python
 * @param {readonly string[]} args
 * @param {Refusal} refusal
 */
function runPip(host, python, args, refusal) {
  // pip's report of progress goes to stderr; stdout belongs to the command that was asked for.
  const run = spawnSync(python, ["-m", "pip", "install", ...options, ...args], {
    env: { ...host.env, LC_ALL: "C" },
    stdio: ["ignore", 2, "pipe"],
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (run.status === 0) return;
  const said = run.stderr ?? String(run.error);
  if (isOffline(said))
    throw new SetupError(
      `no libtorch was found, and pip cannot reach its packages (no network?); with a network the same command goes on, and GANTRY_TORCH names a libtorch that is there already.`,
    );
  if (/DO NOT MATCH THE HASHES/.test(said)) {
    const file = /^\s*(\S+==\S+)/m.exec(said.slice(said.indexOf("DO NOT MATCH")))?.[1] ?? `torch==${pipVersion}`;
    const got = /Got\s+([0-9a-f]{64})/.exec(said)?.[1] ?? "not known";
    throw new SetupError(
      `the file that pip got for ${file} is none of those that Gantry knows (its SHA-256 is ${got}), so nothing was installed: it is another build, or was changed on its way. If that is the SHA-256 that its publisher states, GANTRY_TORCH_SHA256=${got} takes it.`,
    );
  }
  const last = said.trim().split("\n").slice(-2).join(" / ");
  throw refusal(`pip could not install torch ${pipVersion}${last && `: ${last}`}.`);
}
