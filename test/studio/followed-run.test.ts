/** Runs as the studio reads them: logs that grow, are cut, begin again, or hold anything at all. */
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FollowedRun } from "../../src/studio/runs/followed-run.ts";
import { Library } from "../../src/studio/runs/library.ts";
import { appendLines, event, scores, temporaryFolder, tick, writeRun } from "./run-folder.ts";

async function followed(lines: readonly (object | string)[], changes?: object) {
  const path = join(temporaryFolder(), "run");
  writeRun(path, lines, changes);
  const run = new FollowedRun("run", path);
  await run.refresh();
  return { path, run };
}

const steps = (from: number, to: number, by = 10) =>
  Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, i) => tick(from + i * by));

describe("the summary of a run", () => {
  test("says where it stands, and changes with the log", async () => {
    const { path, run } = await followed([event("start", 0), ...steps(10, 200)]);
    const { step, total, seconds, name, imagesPerSecond, state } = run.summary();
    expect({ step, total, seconds, name, imagesPerSecond }).toEqual({
      step: 200,
      total: 1_000,
      seconds: 20,
      name: "digits",
      imagesPerSecond: 100,
    });
    // Nobody holds it, and the log does not say how it ended.
    expect(state).toBe("lost");
    expect(await run.refresh()).toBe(false);
    appendLines(path, [tick(210), event("stop", 210)]);
    expect(await run.refresh()).toBe(true);
    expect(run.summary()).toMatchObject({ step: 210, state: "stopped" });
  });

  test("knows the run that a living process trains, its time left, and the request to stop", async () => {
    const { path, run } = await followed([event("start", 0), ...steps(10, 200)]);
    writeFileSync(join(path, "running.json"), JSON.stringify({ pid: process.pid, host: hostname() }));
    await run.refresh();
    // 800 steps at 0.1 seconds each.
    expect(run.summary()).toMatchObject({ state: "training", eta: expect.closeTo(80, 6) });
    writeFileSync(join(path, "stop"), "");
    await run.refresh();
    expect(run.summary().state).toBe("stopping");
  });

  test("has the reason of a failure", async () => {
    const { run } = await followed([event("start", 0), tick(10), event("fail", 12, { message: "lossD is NaN" })]);
    expect(run.summary()).toMatchObject({ state: "failed", why: "lossD is NaN", step: 10 });
  });

  test("has the best of the scores that compare with the newest, and no undefined one", async () => {
    const lines = [scores(100, 5, 500), scores(200, 30), scores(300, 20), scores(400, 25), scores(500, null)];
    const { run } = await followed([event("start", 0), ...lines]);
    const { score } = run.summary();
    expect(score).toMatchObject({ name: "fid", best: 20, bestStep: 300, better: "lower" });
    expect(score!.points).toEqual([
      [200, 30],
      [300, 20],
      [400, 25],
    ]);
    const details = run.details();
    expect(details.scores.map(({ points, current }) => [points.length, current])).toEqual([
      [1, false],
      [4, true],
    ]);
    expect(details.scores[1]!.points.at(-1)).toEqual({ step: 500, value: null, std: undefined });
  });

  test("names settings that differ from their defaults", async () => {
    const { run } = await followed([]);
    const settings = new Map(run.details().settings.map((setting) => [setting.path, setting]));
    expect(settings.get("loss")).toEqual({ path: "loss", value: "hinge" });
    expect(settings.get("generator.width")).toEqual({ path: "generator.width", value: "32", standard: "64" });
    expect(settings.get("techniques.topK.floor")).toEqual({ path: "techniques.topK.floor", value: "0.5" });
    expect(settings.get("techniques.topK.gamma")).toMatchObject({ value: "0.9", standard: "0.99" });
    expect(settings.get("samples.every")).toMatchObject({ value: "100", standard: "500" });
    expect(settings.get("batchSize")).toEqual({ path: "batchSize", value: "64" });
  });
});

test("a run of images that are no squares has its data", async () => {
  const sample = { channels: 3, size: { height: 48, width: 64 } };
  const { run } = await followed([], { data: { name: "photos", count: 9, sample, classes: ["a"] } });
  expect(run.details().data).toEqual({ name: "photos", count: 9, classes: ["a"], ...sample });
});

describe("a log", () => {
  test("may end in half a line, which counts once it is whole", async () => {
    const { path, run } = await followed([tick(10), '{"step": 20, "loss']);
    expect(run.summary().step).toBe(10);
    expect((await run.curves(-1, 0)).steps).toEqual([10]);
    appendLines(path, ['D": 0.5}\n', tick(30)]);
    await run.refresh();
    expect(run.summary().step).toBe(30);
    const { steps: found, values } = await run.curves(-1, 0);
    expect(found).toEqual([10, 20, 30]);
    expect(values.lossD).toEqual([0.1, 0.5, 1 / 30]);
    expect(values.lossG).toEqual([10, null, 30]);
  });

  test("may hold half a line in its middle, as a crash leaves it", async () => {
    const { run } = await followed([tick(10), '{"step": 20, "lo\n', tick(30)]);
    expect((await run.curves(-1, 0)).steps).toEqual([10, 30]);
  });

  test("is read on from a resume: steps after the checkpoint count no more", async () => {
    const { path, run } = await followed([event("start", 0), ...steps(10, 100), scores(50, 3), scores(100, 1)]);
    const before = await run.curves(-1, 0);
    appendLines(path, [event("resume", 50)]);
    await run.refresh();
    expect(run.summary()).toMatchObject({ step: 50, score: { best: 3 } });
    appendLines(path, [tick(60, { lossD: 7 })]);
    await run.refresh();
    const after = await run.curves(before.generation, before.steps.length - 1);
    expect(after.from).toBe(0);
    expect(after.steps).toEqual([10, 20, 30, 40, 50, 60]);
    expect(after.values.lossD!.at(-1)).toBe(7);
  });

  test("is read from its start when it was shortened, replaced or removed", async () => {
    const { path, run } = await followed([...steps(10, 100)]);
    await run.curves(-1, 0);
    const log = join(path, "metrics.jsonl");
    truncateSync(log, 0);
    appendLines(path, [tick(5)]);
    await run.refresh();
    expect(run.summary().step).toBe(5);
    expect((await run.curves(-1, 0)).steps).toEqual([5]);
    writeFileSync(`${log}.new`, `${JSON.stringify(tick(7))}\n${JSON.stringify(tick(8))}\n`);
    renameSync(`${log}.new`, log);
    await run.refresh();
    expect((await run.curves(-1, 0)).steps).toEqual([7, 8]);
    rmSync(log);
    await run.refresh();
    expect(run.summary().step).toBe(0);
    expect((await run.curves(-1, 0)).steps).toEqual([]);
  });

  test("gives a reader that has the earlier points only the new ones", async () => {
    const { path, run } = await followed(steps(10, 50));
    const before = await run.curves(-1, 0);
    appendLines(path, [tick(60)]);
    const part = await run.curves(before.generation, before.steps.length - 1);
    expect(part).toMatchObject({ from: 4, steps: [50, 60], generation: before.generation });
  });

  test("of any length becomes at most 2,000 points, each the mean of as many lines", async () => {
    const count = 20_000;
    const { run } = await followed(Array.from({ length: count }, (_, i) => ({ step: i + 1, value: i % 10 })));
    const { steps: found, values, stride } = await run.curves(-1, 0);
    expect(found.length).toBeLessThanOrEqual(2_000);
    expect(stride).toBe(16);
    expect(found.slice(0, 2)).toEqual([16, 32]);
    // Lines 1 to 16 hold 0 to 9 and 0 to 5.
    expect(values.value![0]).toBeCloseTo((45 + 15) / 16, 12);
    expect(found.at(-1)).toBe(count);
    expect(run.summary().step).toBe(count);
  });

  test("with numbers that are none, huge numbers and foreign kinds is read without them", async () => {
    const { run } = await followed([
      '{"step": 1, "lossD": NaN, "lossG": 1}\n',
      '{"step": 2, "lossD": 1e999, "lossG": null, "huge": 1e308, "text": "<script>"}\n',
      '{"step": "3", "lossD": 1}\n',
      '[{"step": 4}]\n',
      '{"step": 5, "__proto__": 3, "constructor": 4}\n',
      `{"event": "scores", "step": 6, "scores": "none", "chosenBy": {}}\n`,
      `{"event": "scores", "step": 6, "scores": [{"name": "fid", "value": "low"}], "chosenBy": "fid"}\n`,
      `{"event": {"a": 1}, "step": 7}\n`,
    ]);
    const { steps: found, values } = await run.curves(-1, 0);
    expect(found).toEqual([2, 5]);
    expect(values.lossD).toBeUndefined();
    expect(values.huge).toEqual([1e308, null]);
    expect(Object.keys(values).sort()).toEqual(["__proto__", "constructor", "huge"]);
    expect(run.summary().score).toBeUndefined();
    expect(JSON.parse(JSON.stringify(run.details())).events).toMatchObject([{ event: "unknown", step: 7 }]);
  });

  test("with a line that does not end keeps memory bounded, and what follows is read", async () => {
    const { path, run } = await followed([tick(10), `{"step": 20, "x": "${"a".repeat(3 << 20)}`]);
    appendLines(path, ['"}\n', tick(30)]);
    await run.refresh();
    expect((await run.curves(-1, 0)).steps).toEqual([10, 30]);
  });

  test("with more names than a log has keeps the first ones and says how many it left out", async () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`n${i}`, i]));
    const { run } = await followed([{ step: 1, ...many }]);
    const { values, omitted } = await run.curves(-1, 0);
    expect([Object.keys(values).length, omitted]).toEqual([120, 30]);
  });
});

describe("the runs of a folder", () => {
  test("are found below it, not through links, and forgotten when they are removed", async () => {
    const folder = temporaryFolder();
    const elsewhere = temporaryFolder();
    writeRun(join(folder, "a"), [tick(10)]);
    writeRun(join(folder, "sweep/runs/b"), [tick(20)]);
    writeRun(join(elsewhere, "secret"), [tick(30)]);
    symlinkSync(join(elsewhere, "secret"), join(folder, "link"));
    mkdirSync(join(folder, "empty"));
    const library = new Library(folder);
    expect((await library.runs()).map(({ id }) => id)).toEqual(["a", "sweep/runs/b"]);
    const seen: string[] = [];
    const ignore = library.listen(({ runs, removed }) => seen.push(...runs.map(({ id }) => id), ...removed));
    rmSync(join(folder, "a"), { recursive: true });
    await library.refresh(true);
    expect((await library.runs()).map(({ id }) => id)).toEqual(["sweep/runs/b"]);
    expect(seen).toEqual(["a"]);
    ignore();
    expect(await library.run("../secret")).toBeUndefined();
  });

  test("may be the folder itself, and one that cannot be read says why", async () => {
    const folder = temporaryFolder();
    writeRun(folder, [tick(10)]);
    const [run] = await new Library(folder).runs();
    expect(run!.summary()).toMatchObject({ id: ".", step: 10 });
    writeFileSync(join(folder, "recipe.json"), "{");
    await run!.refresh();
    expect(run!.summary().why).toMatch(/^recipe\.json cannot be read: /);
  });
});
