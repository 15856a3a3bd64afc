/**
 * PyTorch's wheel in a private folder, by pip. The file that pip has chosen is installed if its SHA-256 is a stored one (wheels/), or
 * the one that the user gives in GANTRY_TORCH_SHA256; so are NVIDIA's libraries, where the wheel needs them. torch's packages for
 * Python alone are left out: only its libraries are used.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmSync } from "node:fs";
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

const common = ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "--no-deps", "--only-binary=:all:"];
const installing = ["install", ...common, "--root-user-action=ignore", "--no-compile"];

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
  const downloads = `${folder}.wheels-${process.pid}`;
  const pip = (/** @type {string[]} */ ...args) => runPip(host, python, args, refusal);
  try {
    pip("download", ...common, "--dest", downloads, `torch==${pipVersion}`);
    const wheel = existsSync(downloads) ? readdirSync(downloads).find((name) => name.endsWith(".whl")) : undefined;
    if (!wheel) throw refusal(`pip could not get torch ${pipVersion}.`);
    requireKnown(wheel, sha256(join(downloads, wheel)), own);
    pip(...installing, "--no-index", "--target", unfinished, join(downloads, wheel));
    if (needsCuda(unfinished))
      pip(...installing, "--require-hashes", "--target", unfinished, "--requirement", listOf("cuda.txt"));
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
    rmSync(downloads, { recursive: true, force: true });
  }
}

/**
 * Names, versions and hashes as pip reads them.
 * @param {string} name
 */
function listOf(name) {
  return fileURLToPath(new URL(`wheels/${name}`, import.meta.url));
}

/** @param {string} path */
function sha256(path) {
  const hash = createHash("sha256");
  const chunk = Buffer.alloc(1 << 22);
  const file = openSync(path, "r");
  for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) hash.update(chunk.subarray(0, read));
  closeSync(file);
  return hash.digest("hex");
}

/**
 * The hash of a wheel that the user has chosen.
 * @param {Host} host
 */
function ownHash(host) {
  const given = host.env.GANTRY_TORCH_SHA256;
  if (!given) return undefined;
  if (!/^[0-9a-f]{64}$/i.test(given))
    throw new SetupError(`GANTRY_TORCH_SHA256 (=${given}) must be the SHA-256 of a wheel: 64 hexadecimal digits.`);
  return given.toLowerCase();
}

/**
 * @param {string} wheel
 * @param {string} hash
 * @param {string | undefined} own
 */
function requireKnown(wheel, hash, own) {
  if (hash === own || readFileSync(listOf("torch.txt"), "utf8").includes(`sha256:${hash}`)) return;
  throw new SetupError(
    `${wheel}, which pip has chosen, is none of the files of torch ${pipVersion} that Gantry knows (its SHA-256 is ${hash}), so it was not installed: it is another build, or was changed on its way. If its publisher states this SHA-256, GANTRY_TORCH_SHA256=${hash} takes it.`,
  );
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
  const run = spawnSync(python, ["-m", "pip", ...args], {
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
  const last = said.trim().split("\n").slice(-2).join(" / ");
  throw refusal(`pip could not install torch ${pipVersion}${last && `: ${last}`}.`);
}
