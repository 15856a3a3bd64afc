/** What set-up knows about the machine, in one value, so that tests can pass another; and how programs are found. */
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { SetupError } from "./say.js";

/** @typedef {import("./types.d.ts").Host} Host */

/**
 * The machine as it is.
 * @returns {Host}
 */
export function thisHost() {
  return {
    env: process.env,
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.(),
    cwd: process.cwd(),
    osRelease: "/etc/os-release",
    terminal: "/dev/tty",
    systemRoots: ["/usr", "/usr/local"],
  };
}

/**
 * The folder of everything that set-up keeps: bindings, a private libtorch, locks.
 * @param {Host} host
 */
export function cacheFolder(host) {
  if (host.env.GANTRY_CACHE) return resolve(host.cwd, host.env.GANTRY_CACHE);
  return join(host.env.XDG_CACHE_HOME || join(host.env.HOME || homeFolder(), ".cache"), "gantry");
}

function homeFolder() {
  try {
    const home = homedir();
    if (home !== "") return home;
  } catch {
    // The system knows no such user.
  }
  throw new SetupError(
    "this user has no home folder; set GANTRY_CACHE to a folder for what is installed and compiled.",
  );
}

/**
 * The full path of a program on PATH, or undefined.
 * @param {Host} host
 * @param {string} name
 */
export function findProgram(host, name) {
  for (const folder of name.includes("/") ? [""] : (host.env.PATH ?? "").split(delimiter)) {
    const path = resolve(host.cwd, folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/**
 * Whether this is Debian or a distribution derived from it, with apt.
 * @param {Host} host
 */
export function isDebian(host) {
  if (!existsSync(host.osRelease) || !findProgram(host, "apt-get")) return false;
  const lines = readFileSync(host.osRelease, "utf8").split("\n");
  return lines.some((line) => /^ID(_LIKE)?=/.test(line) && /\b(debian|ubuntu)\b/.test(line));
}

/**
 * Debian's name for the machine's kind, which is a folder under its lib folders.
 * @param {Host} host
 */
export function debianTriplet(host) {
  const names = { x64: "x86_64", arm64: "aarch64", ppc64: "powerpc64le", riscv64: "riscv64", s390x: "s390x" };
  return `${/** @type {Record<string, string>} */ (names)[host.arch] ?? host.arch}-linux-gnu`;
}
