/**
 * A lock between processes: a file that names its holder. A holder that died (a killed set-up) is noticed and its lock
 * taken over, so nothing has to be cleaned up by hand.
 *
 * The lock saves double work; it is not what keeps results whole. Every result is built under another name and renamed,
 * so even two holders at once would only build the same thing twice.
 */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { SetupError } from "./say.js";

/** @typedef {{ pid: number, host: string, started: string | undefined }} Holder */

/** A lock file without readable content is being written right now, or its writer died between two system calls. */
const unreadableIsStaleAfter = 5_000;
/** A holder on another machine (a shared home folder) cannot be asked whether it lives. */
const remoteIsStaleAfter = 60 * 60_000;

/**
 * Runs an action while holding the lock, waiting for another living holder first. Synchronous throughout, because the
 * first use of the binding is.
 * @template T
 * @param {string} path of the lock file
 * @param {() => T} action
 * @param {(holder: Holder) => void} [onWait] called once, if there is somebody to wait for
 * @returns {T}
 */
export function withLock(path, action, onWait) {
  acquire(path, onWait);
  try {
    return action();
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * @param {string} path
 * @param {((holder: Holder) => void) | undefined} onWait
 */
function acquire(path, onWait) {
  let told = false;
  makeFolder(dirname(path));
  while (!tryCreate(path)) {
    const lock = inspect(path);
    if (lock?.stale) removeStale(path);
    else if (lock) {
      if (lock.holder && !told) onWait?.(lock.holder);
      told ||= lock.holder !== undefined;
      sleep(100);
    }
  }
}

/** @param {string} path */
function tryCreate(path) {
  /** @type {number} */
  let file;
  try {
    file = openSync(path, "wx");
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw cannotWrite(dirname(path), error);
  }
  writeSync(file, JSON.stringify({ pid: process.pid, host: hostname(), started: startOf(process.pid) }));
  closeSync(file);
  return true;
}

/**
 * @param {string} path
 * @returns {{ stale: boolean, holder?: Holder } | undefined} undefined when the lock has just been released
 */
function inspect(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return undefined;
  const age = Date.now() - stat.mtimeMs;
  /** @type {Holder} */
  let holder;
  try {
    holder = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return codeOf(error) === "ENOENT" ? undefined : { stale: age > unreadableIsStaleAfter };
  }
  if (holder.host !== hostname()) return { stale: age > remoteIsStaleAfter, holder };
  return { stale: !isAlive(holder), holder };
}

/**
 * Removes a stale lock. Two waiters may both have seen it; the guard lets one at a time look again and remove, or the
 * slower would remove the lock that the faster has taken meanwhile.
 * @param {string} path
 */
function removeStale(path) {
  const guard = `${path}.takeover`;
  if (!tryCreate(guard)) {
    const stat = statSync(guard, { throwIfNoEntry: false });
    if (stat && Date.now() - stat.mtimeMs > unreadableIsStaleAfter) rmSync(guard, { force: true });
    else sleep(20);
    return;
  }
  if (inspect(path)?.stale) rmSync(path, { force: true });
  rmSync(guard, { force: true });
}

/** @param {Holder} holder */
function isAlive(holder) {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
  // Process ids are used again: the same id with another starting time is somebody else.
  return holder.started === undefined || startOf(holder.pid) === holder.started;
}

/**
 * When a process started, in the kernel's ticks since boot; undefined where there is no /proc.
 * @param {number} pid
 */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in brackets and may hold anything; the start is the 22nd.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

/**
 * Makes a folder and its parents, with an error that names the remedy when it cannot.
 * @param {string} folder
 */
export function makeFolder(folder) {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

/**
 * @param {string} folder
 * @param {unknown} error
 */
function cannotWrite(folder, error) {
  return new SetupError(
    `cannot write to ${folder} (${codeOf(error)}): set GANTRY_CACHE to a folder that can be written.`,
  );
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** @param {number} milliseconds */
function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
