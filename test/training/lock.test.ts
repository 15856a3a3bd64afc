import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { openRun, startRun } from "../../src/training/index.ts";
import { eventsOf, newDirectory, recipe, stopAfter } from "./short-run.ts";

describe("one process at a time", () => {
  const lockOf = (directory: string): string => join(directory, "running.json");

  it("trains a run: this one", async () => {
    const directory = newDirectory();
    const run = startRun(recipe, { directory });
    const other = await openRun(directory);
    const both = await Promise.allSettled([run.train(), other.train()]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    const { reason } = both[1] as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(UserError);
    expect(String(reason)).toContain(`is being trained by process ${process.pid}`);
    expect(eventsOf(directory)).toEqual(["start 0", "finish 6"]);
  });

  it("or another, as long as it lives", async () => {
    const directory = newDirectory();
    const run = startRun(recipe, { directory });
    const holder = { pid: process.ppid, host: hostname() };
    writeFileSync(lockOf(directory), JSON.stringify(holder));
    await expect(run.train()).rejects.toThrow(`process ${process.ppid}; wait for it or stop it`);
    writeFileSync(lockOf(directory), JSON.stringify({ ...holder, host: "elsewhere" }));
    await expect(run.train()).rejects.toThrow(`on elsewhere (if that has ended, remove ${lockOf(directory)})`);
    writeFileSync(lockOf(directory), "");
    await expect(run.train()).rejects.toThrow("is being taken up by another process");
    expect(eventsOf.bind(null, directory)).toThrow();
  });

  it("and a lock whose holder died, or whose number another process has now, is taken over", async () => {
    const directory = newDirectory();
    const run = startRun(recipe, { directory });
    const dead = 2 ** 22 + 1; // above Linux's largest process number
    writeFileSync(lockOf(directory), JSON.stringify({ pid: dead, host: hostname() }));
    writeFileSync(`${lockOf(directory)}.takeover`, JSON.stringify({ pid: dead, host: hostname() }));
    await stopAfter(run, 2);
    expect(readdirSync(directory).filter((name) => name.includes("running"))).toEqual([]);
    if (existsSync("/proc/self/stat")) {
      writeFileSync(lockOf(directory), JSON.stringify({ pid: process.ppid, host: hostname(), started: "1" }));
      expect((await run.train()).finished).toBe(true);
    }
  });
});
