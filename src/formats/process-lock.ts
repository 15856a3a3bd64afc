/**
 * Locks between processes: a file that names its holder. A holder that died is noticed and its lock taken over, so that
 * nobody has to clean up after a process that was killed.
 */
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";
import { fileError } from "./atomic.ts";

const holderSchema = z.object({ pid: z.int(), host: z.string(), started: z.string().optional() });

type Holder = z.output<typeof holderSchema>;

/** A lock without readable content is being written at this moment, or its writer died between two system calls. */
const UNREADABLE_IS_STALE_AFTER = 5_000;

/** A lock that somebody else holds: who does, or undefined while it passes from one process to another. */
export interface HeldLock {
  readonly holder: (Holder & { readonly isHere: boolean }) | undefined;
}

/**
 * Takes the lock `path`. The function that comes back gives it up; an object says who holds the lock instead, which may be
 * this process.
 *
 * @throws UserError when the file system refuses.
 *
 * @example
 * const lock = takeLock("runs/a/running.json");
 * if (typeof lock !== "function") throw new UserError(`process ${lock.holder?.pid} has it`);
 */
export function takeLock(path: string): (() => void) | HeldLock {
  while (!tryCreate(path)) {
    const holder = holderOf(path);
    if (holder === "gone") continue;
    if (holder === "unknown") return { holder: undefined };
    if (holder !== "dead") return { holder: { ...holder, isHere: holder.host === hostname() } };
    if (!clearAway(path)) return { holder: undefined };
  }
  return () => rmSync(path, { force: true });
}

function tryCreate(path: string): boolean {
  const holder: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw fileError(error, "write", path);
  }
}

/**
 * Removes the lock of a dead holder. Of several that noticed, the one that holds the guard looks again and removes it; false
 * when that is another.
 */
function clearAway(path: string): boolean {
  const guard = `${path}.takeover`;
  if (!tryCreate(guard)) {
    if (holderOf(guard) !== "dead") return false;
    rmSync(guard, { force: true });
    return true;
  }
  try {
    if (holderOf(path) === "dead") rmSync(path, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
  return true;
}

/** The living holder of a lock; "dead" when it died, "unknown" while the lock is being written, "gone" without lock. */
function holderOf(path: string): Holder | "dead" | "unknown" | "gone" {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return "gone";
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "gone";
  }
  const parsed = holderSchema.safeParse(json);
  if (!parsed.success) return Date.now() - stat.mtimeMs > UNREADABLE_IS_STALE_AFTER ? "dead" : "unknown";
  return isAlive(parsed.data) ? parsed.data : "dead";
}

/** A process of another machine cannot be asked; it counts as living. */
function isAlive({ pid, host, started }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  // Process numbers are used again: the same one with another starting time is somebody else.
  return started === undefined || startOf(pid) === started;
}

/** When a process started, in the kernel's ticks since boot; undefined where there is no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in brackets and may hold anything; the start is the 22nd.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
