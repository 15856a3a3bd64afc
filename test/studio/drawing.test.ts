/** Drawing from checkpoints that training removes before they are read. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { drawnFrom } from "../../src/studio/http/drawing.ts";
import { FollowedRun } from "../../src/studio/runs/followed-run.ts";
import { event, temporaryFolder, writeRun } from "./run-folder.ts";

async function runWith(steps: readonly number[]) {
  const path = join(temporaryFolder(), "run");
  writeRun(path, [event("start", 0)]);
  const folder = (step: number): string => join(path, "checkpoints", `step-${String(step).padStart(6, "0")}`);
  const add = (step: number): void => void mkdirSync(folder(step));
  const remove = (step: number): void => rmSync(folder(step), { recursive: true });
  for (const step of steps) add(step);
  const run = new FollowedRun("run", path);
  await run.refresh();
  return { run, add, remove };
}

test("the newest takes the place of one that is gone when it is read", async () => {
  const { run, add, remove } = await runWith([10, 20]);
  const tried: number[] = [];
  const step = await drawnFrom(run, "last", async (place) => {
    tried.push(place.step);
    if (tried.length > 2) return place.step;
    add(place.step + 10);
    remove(place.step);
    throw new Error("it is gone");
  });
  expect([tried, step]).toEqual([[20, 30, 40], 40]);
});

test("one that was asked for by its step and is gone is not there, and another fault is not tried again", async () => {
  const { run, remove } = await runWith([10, 20]);
  const gone = drawnFrom(run, 20, async () => {
    remove(20);
    throw new Error("it is gone");
  });
  await expect(gone).rejects.toThrow("this run has no checkpoint `20`; there are: 10");
  let times = 0;
  const broken = drawnFrom(run, "last", async () => {
    times += 1;
    throw new Error("it is damaged");
  });
  await expect(broken).rejects.toThrow("it is damaged");
  expect(times).toBe(1);
});
