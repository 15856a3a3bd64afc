import { execFileSync } from "node:child_process";
import { existsSync, lutimesSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { takeLock, withLock } from "../../scripts/setup/index.js";
import { Machine } from "./machine.ts";

let machine: Machine;
let lock: string;
beforeEach(() => {
  machine = new Machine();
  lock = join(machine.folder, "some/lock");
});
afterEach(() => machine.remove());

/** A process id that is not used: the kernel's numbers end at 2^22. */
const nobody = 2 ** 22 + 1;
const hold = (holder: object) => machine.write("some/lock", JSON.stringify({ host: hostname(), ...holder }));

test("is held during the action and released after it, also when it throws", () => {
  expect(withLock(lock, () => existsSync(lock) && "result")).toBe("result");
  expect(existsSync(lock)).toBe(false);
  const failing = () =>
    withLock(lock, () => {
      throw new Error("failed");
    });
  expect(failing).toThrow("failed");
  expect(existsSync(lock)).toBe(false);
});

test("is taken over from a holder that has died", () => {
  hold({ pid: nobody });
  expect(withLock(lock, () => 1)).toBe(1);
});

test.each(["a link to nothing", "a pipe"])("that is %s holds nothing, and nobody waits for it", (what) => {
  mkdirSync(dirname(lock), { recursive: true });
  if (what === "a pipe") execFileSync("mkfifo", [lock]);
  else symlinkSync("nowhere", lock);
  // As a lock that is being written.
  expect(takeLock(lock)).toEqual({ holder: undefined });
  lutimesSync(lock, 0, 0);
  expect(withLock(lock, () => 1)).toBe(1);
});

test("is taken over when the holder's process id belongs to another process by now", () => {
  hold({ pid: process.pid, started: "1" });
  expect(withLock(lock, () => 1)).toBe(1);
});

test("is waited for while the holder lives, and the wait is announced", () => {
  const path = hold({ pid: process.ppid });
  const announced = vi.fn(() => writeFileSync(path, JSON.stringify({ host: hostname(), pid: nobody })));
  expect(withLock(lock, () => 1, announced)).toBe(1);
  expect(announced).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ pid: process.ppid }));
});

test("of another machine counts as held for an hour", () => {
  const path = hold({ pid: nobody, host: "elsewhere" });
  const announced = vi.fn(() => {
    const longAgo = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(path, longAgo, longAgo);
  });
  expect(withLock(lock, () => 1, announced)).toBe(1);
  expect(announced).toHaveBeenCalledOnce();
});

test("without readable content is taken over after some seconds, not at once", () => {
  const path = machine.write("some/lock", "");
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(path, longAgo, longAgo);
  expect(withLock(lock, () => 1)).toBe(1);
});

test("left over from the taking over itself does not stop anybody", () => {
  hold({ pid: nobody });
  const guard = machine.write("some/lock.takeover", "");
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(guard, longAgo, longAgo);
  expect(withLock(lock, () => 1)).toBe(1);
});

test("taken by one process is refused to the next with the holder's name; a lock of another machine is never stale by age", () => {
  const path = hold({ pid: nobody, host: "elsewhere" });
  const longAgo = new Date(Date.now() - 2 * 3_600_000);
  utimesSync(path, longAgo, longAgo);
  expect(takeLock(lock)).toEqual({ holder: { pid: nobody, host: "elsewhere", isHere: false } });
  hold({ pid: nobody });
  const release = takeLock(lock) as () => void;
  expect(takeLock(lock)).toMatchObject({ holder: { pid: process.pid, isHere: true } });
  release();
  expect(existsSync(lock)).toBe(false);
});
