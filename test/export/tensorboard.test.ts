/**
 * Event files for TensorBoard. test/fixtures/tensorboard.json is what TensorBoard's own reader found in
 * tensorboard.events, and the export writes exactly that file.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { history } from "../../src/export/history.ts";
import { exportTargets, liveTensorBoard } from "../../src/export/index.ts";
import { flatSettings } from "../../src/export/settings.ts";
import { crc32c } from "../../src/formats/index.ts";
import { openRun, RunDirectory, startRun } from "../../src/training/index.ts";
import read from "../fixtures/tensorboard.json" with { type: "json" };
import { newDirectory, recipe } from "../training/short-run.ts";
import { temporaryFolder } from "../training/tiny.ts";

const fixtures = join(import.meta.dirname, "../fixtures");
const run = new RunDirectory(join(fixtures, "exported-run"));

/** The only file in a folder. */
function onlyFile(folder: string): Buffer {
  const [name, ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\.gantry$/);
  return readFileSync(join(folder, name!));
}

/** The data of the records of an event file, with their checksums checked. */
function records(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  const unmasked = (at: number): number => {
    const rotated = (file.readUInt32LE(at) - 0xa282ead8) >>> 0;
    return ((rotated << 15) | (rotated >>> 17)) >>> 0;
  };
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(unmasked(at + 8)).toBe(crc32c(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(unmasked(at + 12 + length)).toBe(crc32c(data));
    found.push(data);
    at += 16 + length;
  }
  return found;
}

describe("an event file", () => {
  it("is the one that TensorBoard read", async () => {
    const folder = join(temporaryFolder(), "board");
    await exportTargets.tensorboard!.write(run, folder);
    expect(onlyFile(folder).equals(readFileSync(join(fixtures, "tensorboard.events")))).toBe(true);
  });

  it("has the scalars of the log, as TensorBoard reads them", () => {
    const expected: Record<string, [number, number][]> = {};
    const add = (name: string, step: number, value: number | undefined): void => {
      if (value !== undefined) expected[name] = [...(expected[name] ?? []), [step, Math.fround(value)]];
    };
    for (const { step, ...numbers } of run.ticks()) {
      for (const [name, value] of Object.entries(numbers)) add(name, step, value);
    }
    for (const { step, scores } of run.evaluations()) {
      for (const { name, value } of scores) if (!Number.isNaN(value)) add(`scores/${name}`, step, value);
    }
    const found = Object.entries(read.scalars).map(([name, points]) => [name, points.map(([, ...point]) => point)]);
    expect(Object.fromEntries(found)).toEqual(expected);
    expect(expected.lossD).toEqual([
      [2, Math.fround(0.95)],
      [4, Math.fround(0.475)],
      [6, Math.fround(1.9 / 6)],
    ]);
  });

  it("has times that are counted from the log's events", () => {
    const seconds = (text: string): number => Date.parse(text) / 1000;
    const times = read.scalars.lossD.map(([time]) => time);
    const [begun, resumed] = ["2026-01-02T03:04:05.000Z", "2026-01-02T04:00:00.000Z"].map(seconds);
    // One second of training after the start; 1.25 s after the resumption; one second after the event of step 4.
    expect(times).toEqual([begun! + 1, resumed! + 1.25, resumed! + 1.5 + 1]);
    expect(history(run).map(({ line, time }) => [line.step, time])).toContainEqual([2, begun! + 3]);
  });

  it("has D's outputs as histograms", () => {
    const outputs = run.outputs();
    for (const [tag, side] of [
      ["D/real", "real"],
      ["D/generated", "fake"],
    ] as const) {
      for (const [i, found] of read.histograms[tag].entries()) {
        const { from, to, [side]: counts } = outputs[i]!.histogram;
        expect([found.step, found.min, found.max, found.num]).toEqual([outputs[i]!.step, from, to, 8]);
        if (from < to) {
          expect(found.counts).toEqual(counts);
          const width = (to - from) / 32;
          const edges = counts.map((_, bin) => from + (bin + 1) * width);
          for (const [bin, limit] of found.limits.entries()) expect(limit).toBeCloseTo(edges[bin]!, 10);
          const sum = counts.reduce((total, count, bin) => total + count * (from + (bin + 0.5) * width), 0);
          expect(found.sum).toBeCloseTo(sum, 10);
        } else {
          expect([found.limits, found.counts, found.sum]).toEqual([[0.5], [8], 4]);
        }
      }
    }
  });

  it("has the pictures, the recipe as text, and its settings", () => {
    const picture = (folder: string, step: number): string =>
      createHash("sha256")
        .update(readFileSync(join(run.path, folder, `00000${step}.png`)))
        .digest("hex");
    // The log does not reach the grid of step 8.
    expect(read.images.samples).toEqual([2, 4, 6].map((step) => [step, 22, 22, picture("samples", step)]));
    expect(read.images.batch).toEqual([2, 4, 6].map((step) => [step, 28, 28, picture("batches", step)]));
    const { recipe: stored } = run.description();
    expect(JSON.parse(read.texts.recipe[0]!)).toEqual(stored);
    expect(read.hparams).toEqual(flatSettings(stored));
    expect(read.hparams).toMatchObject({
      generator: "dcgan",
      "generator.conditional": false,
      techniques: "topK, weightAveraging",
      "techniques.topK.gamma": 0.9,
      "optimizers.discriminator.lr": 0.0004,
      "optimizers.generator.betas": "[0,0.9]",
    });
  });

  it("is replaced by the next export, and files of others stay", async () => {
    const folder = temporaryFolder();
    for (const name of ["events.out.tfevents.1000000000.gantry", "events.out.tfevents.1000000000.host", "notes.txt"])
      writeFileSync(join(folder, name), "");
    await exportTargets.tensorboard!.write(run, folder);
    const names = readdirSync(folder).sort();
    expect(names).toHaveLength(3);
    expect(names).not.toContain("events.out.tfevents.1000000000.gantry");
    expect(names.slice(1)).toEqual(expect.arrayContaining(["notes.txt"]));
  });

  it("passes over pictures that the log names outside of the run, and files that are no pictures", async () => {
    const directory = join(temporaryFolder(), "run");
    mkdirSync(join(directory, "samples"), { recursive: true });
    mkdirSync(join(directory, "batches"));
    writeFileSync(join(directory, "samples/000002.png"), "no picture");
    writeFileSync(join(directory, "recipe.json"), readFileSync(join(run.path, "recipe.json")));
    const lines = readFileSync(run.metrics, "utf8").replaceAll("batches/000002.png", "../../../../etc/passwd");
    writeFileSync(join(directory, "metrics.jsonl"), lines);
    const folder = join(directory, "tensorboard");
    await exportTargets.tensorboard!.write(new RunDirectory(directory), folder);
    expect(records(onlyFile(folder)).some((data) => data.includes("PNG"))).toBe(false);
  });
});

describe("the event file of a training", () => {
  /** The records without their times: field 1 of an event, the first nine bytes. */
  const timeless = (folder: string): string[] =>
    records(onlyFile(folder)).map((data) => data.subarray(9).toString("base64"));

  it("holds what an export afterwards writes, also when the run was interrupted", async () => {
    const directory = newDirectory();
    const notes: string[] = [];
    const events = liveTensorBoard(new RunDirectory(directory), (note) => notes.push(note));
    const stop = new AbortController();
    const first = startRun(recipe, { directory });
    await first.train({
      stop: stop.signal,
      events: {
        ...events,
        tick: (tick) => {
          events.tick?.(tick);
          if (tick.step >= 4) stop.abort();
        },
      },
    });
    const again = await openRun(directory);
    await again.train({ events: liveTensorBoard(new RunDirectory(directory), (note) => notes.push(note)) });
    const exported = join(directory, "exported");
    await exportTargets.tensorboard!.write(new RunDirectory(directory), exported);
    // The order within a step differs: a session writes lines as they come.
    const live = timeless(join(directory, "tensorboard"));
    expect(live.toSorted()).toEqual(timeless(exported).toSorted());
    expect(live.length).toBeGreaterThan(8);
    expect(notes).toEqual([]);
  });

  it("ends with a note where the disk refuses, and the training goes on", async () => {
    const directory = newDirectory();
    const run = startRun(recipe, { directory });
    writeFileSync(join(directory, "tensorboard"), "a file in the way");
    const notes: string[] = [];
    const { finished } = await run.train({
      events: liveTensorBoard(new RunDirectory(directory), (note) => notes.push(note)),
    });
    expect(finished).toBe(true);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^the event file for TensorBoard is no longer written: cannot (read|write) .*tensorboard/);
  });
});

it("CRC-32C has the values of RFC 3720, appendix B.4", () => {
  const bytes = (value: (i: number) => number): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => value(i));
  expect(crc32c(bytes(() => 0))).toBe(0x8a9136aa);
  expect(crc32c(bytes(() => 0xff))).toBe(0x62a8ab43);
  expect(crc32c(bytes((i) => i))).toBe(0x46dd794e);
  expect(crc32c(bytes((i) => 31 - i))).toBe(0x113fdb5c);
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
});
