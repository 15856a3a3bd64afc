/**
 * Locks between processes: a file that names its holder. A holder that died is noticed and its lock is taken over, so
 * a killed process needs no cleaning up. Set-up uses this file before any package is installed, and so
 * do the trainer and the downloads later.
 *
 * A lock is no guard of what is written: results are built under another name and renamed.
 */
import { lstatSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { makeFolders } from "./make-folder.js";
import { SetupError } from "./say.js";

/** @typedef {{ pid: number, host: string, started?: string | undefined }} Holder */

/** A lock file without readable content is being written right now, or its writer died between two system calls. */
const unreadableIsStaleAfter = 5_000;
/** The clocks of machines that share a folder differ by less. */
const longestSkew = 60_000;
/** Set-up takes less than an hour: a holder on another machine (a shared home folder) cannot be asked whether it lives. */
const longestSetup = 60 * 60_000;

/**
 * Takes a lock or says who holds it. See index.d.ts.
 * @param {string} path of the lock file
 * @param {number} [remoteIsStaleAfter] age in milliseconds from which a lock of another machine is taken over
 * @returns {(() => void) | { holder: (Holder & { isHere: boolean }) | undefined }}
 */
export function takeLock(path, remoteIsStaleAfter = Number.POSITIVE_INFINITY) {
  while (!tryCreate(path)) {
    const holder = holderOf(path, remoteIsStaleAfter);
    if (holder === "gone") continue;
    if (holder === "unknown") return { holder: undefined };
    if (holder !== "dead") return { holder: { ...holder, isHere: holder.host === hostname() } };
    if (!removeStale(path, remoteIsStaleAfter)) return { holder: undefined };
  }
  return () => release(path);
}

/**
 * Gives a lock back. Where it cannot be removed (the file system has become read-only) its holder will have ended, so that the next
 * one takes it over; an error here would hide the one that ended the work.
 * @param {string} path
 */
function release(path) {
  try {
    rmSync(path, { force: true });
  } catch {
    // It stays.
  }
}

/**
 * Who holds a lock, without taking it. See index.d.ts.
 * @param {string} path of the lock file
 * @returns {(Holder & { isHere: boolean }) | undefined}
 */
export function lockHolder(path) {
  const holder = holderOf(path, Number.POSITIVE_INFINITY);
  return typeof holder === "string" ? undefined : { ...holder, isHere: holder.host === hostname() };
}

/**
 * Runs an action while holding the lock. Waits for another living holder first. Synchronous throughout, because the
 * first use of the binding is.
 * @template T
 * @param {string} path of the lock file
 * @param {() => T} action
 * @param {(holder: Holder) => void} [onWait] called once, if there is somebody to wait for
 * @returns {T}
 */
export function withLock(path, action, onWait) {
  const release = waitForLock(path, onWait);
  try {
    return action();
  } finally {
    release();
  }
}

/**
 * @param {string} path
 * @param {((holder: Holder) => void) | undefined} onWait
 */
function waitForLock(path, onWait) {
  makeFolder(dirname(path));
  for (let told = false; ; ) {
    const lock = takeOrExplain(path);
    if (typeof lock === "function") return lock;
    if (lock.holder && !told) {
      onWait?.(lock.holder);
      told = true;
    }
    sleep(100);
  }
}

/** @param {string} path */
function takeOrExplain(path) {
  try {
    return takeLock(path, longestSetup);
  } catch (error) {
    throw cannotWrite(dirname(path), error);
  }
}

/** @param {string} path */
function tryCreate(path) {
  const holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    // A full disk takes the name and not the content: an empty lock would stop the next process.
    if (codeOf(error) === "ENOSPC" || codeOf(error) === "EDQUOT") rmSync(path, { force: true });
    throw error;
  }
}

/**
 * Removes the lock of a dead holder. Two processes may both have seen it. A guard lets one of them look again and remove
 * the lock; otherwise the slower would remove the lock that the faster has taken meanwhile.
 * @param {string} path
 * @param {number} remoteIsStaleAfter
 * @returns {boolean} false when another process holds the guard
 */
function removeStale(path, remoteIsStaleAfter) {
  const guard = `${path}.takeover`;
  if (!tryCreate(guard)) {
    if (holderOf(guard, remoteIsStaleAfter) !== "dead") return false;
    rmSync(guard, { force: true });
    return true;
  }
  try {
    if (holderOf(path, remoteIsStaleAfter) === "dead") rmSync(path, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
  return true;
}

/**
 * The living holder of a lock; "dead" when it died, "unknown" while the lock is being written, "gone" without a lock.
 * @param {string} path
 * @param {number} remoteIsStaleAfter
 * @returns {Holder | "dead" | "unknown" | "gone"}
 */
function holderOf(path, remoteIsStaleAfter) {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return "gone";
  const age = Date.now() - stat.mtimeMs;
  /** @type {Partial<Holder> | null} */
  let holder = null;
  try {
    // A link or a pipe is no lock: nobody waits for what it may lead to.
    if (stat.isFile()) holder = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "gone";
  }
  const { pid, host, started } = holder ?? {};
  if (!Number.isInteger(pid) || typeof host !== "string") {
    // A time that is to come is of a clock that was set back since.
    return age > unreadableIsStaleAfter || age < -longestSkew ? "dead" : "unknown";
  }
  const known = { pid: /** @type {number} */ (pid), host, started };
  const isStale = host === hostname() ? !isAlive(known) : age > remoteIsStaleAfter;
  return isStale ? "dead" : known;
}

/** @param {Holder} holder */
function isAlive(holder) {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
  // Process ids are used again: the same id with another start time is another process.
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
    makeFolders(folder);
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
