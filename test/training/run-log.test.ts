import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RunDirectory, type RunEvent, startRun, writeReport } from "../../src/training/index.ts";
import { newDirectory, recipe, stopAfter } from "./short-run.ts";
import { temporaryFolder } from "./tiny.ts";

describe("the log", () => {
  it("survives half a line: what follows is whole, and the half is passed over", async () => {
    const directory = newDirectory();
    const run = startRun(recipe, { directory });
    await stopAfter(run, 2);
    const log = new RunDirectory(directory);
    writeFileSync(log.metrics, `${readFileSync(log.metrics, "utf8")}{"step":3,"lossD":0.`);
    await run.train();
    expect(log.ticks().map(({ step }) => step)).toEqual([2, 4, 6]);
    const text = readFileSync(log.metrics, "utf8").split("\n");
    expect(text[3]).toBe('{"step":3,"lossD":0.');
    expect(JSON.parse(text[4]!)).toMatchObject({ event: "resume", step: 2 });
  });

  it("passes over lines of another shape, says how many, and resumes", async () => {
    const directory = newDirectory();
    const run = startRun(recipe, { directory });
    await stopAfter(run, 2);
    const log = new RunDirectory(directory);
    const foreign = [
      '{"event":"scores","step":2}',
      '{"event":"scores","step":2,"time":"","seconds":1,"scores":[{"name":"fid"}],"chosenBy":"fid"}',
      '{"event":"outputs","step":2,"time":"","histogram":{},"batch":7}',
      '{"event":"another","step":2}',
      '{"step":"2"}',
      '{"step":2,"lossD":{"a":1}}',
      '{"step":2.5}',
      '{"step":-2}',
      '{"step":1e300}',
    ];
    writeFileSync(log.metrics, `${readFileSync(log.metrics, "utf8")}${foreign.join("\n")}\n`);
    expect(log.unreadable()).toBe(foreign.length);
    expect([log.ticks().length, log.evaluations(), log.outputs().length]).toEqual([1, [], 0]);
    const notes: string[] = [];
    await run.train({ events: { note: (message) => notes.push(message) } });
    expect(notes).toContain("9 lines of metrics.jsonl cannot be read and are passed over");
    expect(log.ticks().map(({ step }) => step)).toEqual([2, 4, 6]);
  });

  it("has a report, also where an evaluation has no score", async () => {
    const directory = newDirectory();
    await stopAfter(startRun(recipe, { directory }), 2);
    const log = new RunDirectory(directory);
    const none = { event: "scores", step: 2, time: "", seconds: 1, scores: [], chosenBy: "fid" };
    appendFileSync(log.metrics, `${JSON.stringify(none)}\n`);
    expect(log.evaluations()).toHaveLength(1);
    writeReport(log, log.description());
    expect(readFileSync(log.report, "utf8")).not.toContain("## Scores");
  });

  it("is read line by line: it may be longer than a string, and a line longer than the memory", () => {
    const log = new RunDirectory(temporaryFolder());
    // Two lines that lie across the ends of what is read at once, in bytes of two and of one.
    const wide = ["é".repeat(3 << 19), "x".repeat(3 << 20)].map((name, step) => JSON.stringify({ step, [name]: 1 }));
    writeFileSync(log.metrics, `${wide.join("\n")}\n`);
    expect(log.ticks().map((tick) => Object.keys(tick)[1]!.length)).toEqual([3 << 19, 3 << 20]);
    // A hole: a line of zeros that takes no place on the disk.
    truncateSync(log.metrics, 600 << 20);
    log.append({ step: 5, epoch: 0, imagesPerSecond: 1, seconds: 0 });
    appendFileSync(log.metrics, '{"step":6}');
    expect(log.ticks().map(({ step }) => step)).toEqual([0, 1, 5, 6]);
    expect(log.unreadable()).toBe(1);
  });

  it("has no value where a number was not finite, which JSON writes as null", () => {
    const directory = temporaryFolder();
    const log = new RunDirectory(directory);
    log.append({
      step: 1,
      epoch: 0,
      lossD: Number.NaN,
      lossG: 2,
      imagesPerSecond: Number.POSITIVE_INFINITY,
      seconds: 0,
    });
    expect(readFileSync(log.metrics, "utf8")).toContain('"lossD":null');
    expect(log.ticks()).toEqual([{ step: 1, epoch: 0, lossG: 2, seconds: 0 }]);
  });

  it("passes over lines that are no ticks, and counts the later of two", () => {
    const directory = temporaryFolder();
    const log = new RunDirectory(directory);
    expect(log.ticks()).toEqual([]);
    const event = (name: RunEvent["event"], step: number): void => log.append({ event: name, step, time: "" });
    const tick = (step: number, lossD: number): void =>
      log.append({ step, lossD, epoch: 0, lossG: 0, dReal: 0, dFake: 0, imagesPerSecond: 1, seconds: 0 });
    event("start", 0);
    for (const step of [10, 20, 30]) tick(step, 1);
    // Killed; the checkpoint was of step 20.
    event("resume", 20);
    tick(30, 2);
    event("fail", 35);
    writeFileSync(log.metrics, `${readFileSync(log.metrics, "utf8")}42\nnull\n"x"\n{"other":1}\n\n`);
    event("resume", 30);
    tick(40, 3);
    expect(log.ticks().map(({ step, lossD }) => [step, lossD])).toEqual([
      [10, 1],
      [20, 1],
      [30, 2],
      [40, 3],
    ]);
    event("start", 0);
    expect(log.ticks()).toEqual([]);
  });
});
