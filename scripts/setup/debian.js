/** What set-up installs with apt as root on Debian and Ubuntu, and how it finds the system's BLAS. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { isOlder, oldestVersion } from "./engine-folder.js";
import { debianTriplet, isDebian } from "./host.js";
import { isOffline } from "./offline.js";
import { permit, setupSetting } from "./permission.js";
import { SetupError, say } from "./say.js";

/** @typedef {import("./types.d.ts").Engine} Engine */
/** @typedef {import("./types.d.ts").Host} Host */

/** The OpenBLAS that shares its threads with libtorch's OpenMP; the pthread variant starts a second pool. */
export const openBlas = "libopenblas0-openmp";

/**
 * Whether packages can be installed here, and may be.
 * @param {Host} host
 */
export function canInstallPackages(host) {
  return host.uid === 0 && isDebian(host) && setupSetting(host) !== "no";
}

/**
 * Installs packages, refreshing apt's lists when they are too old or absent. Throws SetupError in one sentence without a network,
 * else with apt's last messages.
 * @param {Host} host
 * @param {readonly string[]} packages
 * @param {string} reason said first, together with the command; see permission.js
 */
export function installPackages(host, packages, reason) {
  const command = `apt-get install ${packages.join(" ")}`;
  permit(host, reason, `${command} (a minute or two)`);
  const run = () => apt(host, ["install", "-y", "--no-install-recommends", ...packages]);
  if (run() === undefined) return;
  const update = apt(host, ["update"]);
  const messages = run();
  if (messages === undefined) return;
  const isUnknown = /Unable to locate package|no installation candidate/.test(messages);
  if (isOffline(messages) || (isUnknown && isOffline(update ?? ""))) throw unreachable(reason, command);
  throw new SetupError(`${command} failed: ${messages.trim().split("\n").slice(-3).join(" / ")}`);
}

/**
 * Whether Debian's or Ubuntu's own libtorch-dev is new enough.
 * @param {Host} host
 */
export function offersLibtorch(host) {
  const candidate = () => {
    const run = spawnSync("apt-cache", ["policy", "libtorch-dev"], { env: host.env, encoding: "utf8" });
    return /Candidate: (?:\d+:)?(\d+\.\d+)/.exec(run.stdout ?? "")?.[1];
  };
  let version = candidate();
  if (!version) {
    say("refreshing apt's lists of packages, to see which libtorch-dev there is");
    const messages = apt(host, ["update"]);
    version = candidate();
    if (!version && messages !== undefined && isOffline(messages))
      throw unreachable("no libtorch was found", "apt-get install libtorch-dev");
  }
  return version !== undefined && !isOlder(version, oldestVersion);
}

/**
 * @param {string} reason
 * @param {string} command
 */
function unreachable(reason, command) {
  return new SetupError(
    `${reason}, and Debian's packages cannot be reached (no network?); with a network the same command goes on, or ${command} does it by hand.`,
  );
}

/**
 * The link libblas.so.3 through which the system's libtorch gets its BLAS, or undefined when the engine brings its own.
 * @param {Host} host
 * @param {Engine} engine
 */
export function blasLink(host, engine) {
  const folders = host.systemRoots.map((root) => join(root, "lib", debianTriplet(host)));
  const home = folders.find((path) => engine.library.startsWith(`${realpath(path)}/`));
  const link = home && join(home, "libblas.so.3");
  return link && existsSync(link) ? link : undefined;
}

/**
 * Whether a BLAS library is the reference implementation, 80 times slower than OpenBLAS in a 2048 matrix product.
 * @param {string} path the real path of libblas.so.3
 */
export function isReferenceBlas(path) {
  return /\/blas\/libblas\.so[.\d]*$/.test(path);
}

/**
 * Puts an OpenBLAS in the place of the reference BLAS where that is what Debian's libtorch would run on. One that is
 * installed already but not chosen was set aside by the administrator, and stays so; `gantry doctor` warns.
 * @param {Host} host
 * @param {Engine} engine
 */
export function ensureFastBlas(host, engine) {
  const link = blasLink(host, engine);
  const blas = link && realpathSync(link);
  if (!blas || !isReferenceBlas(blas) || !canInstallPackages(host)) return;
  const lib = join(blas, "../..");
  if (readdirSync(lib).some((name) => name.startsWith("openblas"))) return;
  try {
    installPackages(
      host,
      [openBlas],
      "the system's BLAS is the reference implementation, 80 times slower than OpenBLAS",
    );
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`${error.message} Going on with the slow one.`);
  }
}

/** @param {string} path */
function realpath(path) {
  return existsSync(path) ? realpathSync(path) : path;
}

/**
 * @param {Host} host
 * @param {readonly string[]} args
 * @returns {string | undefined} what apt wrote, if it failed
 */
function apt(host, args) {
  // Another apt (unattended upgrades) may hold the lock for a while. A list that cannot be fetched is an error, not a warning.
  const options = ["-q", "-o", "DPkg::Lock::Timeout=300", "-o", "APT::Update::Error-Mode=any"];
  const run = spawnSync("apt-get", [...options, ...args], {
    env: { ...host.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  return run.status === 0 ? undefined : run.stderr || run.stdout || String(run.error);
}
