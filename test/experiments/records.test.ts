/** Records as JSON Lines, the runner that adds to them, and the options of the command line. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { UserError } from "../../src/base/errors.ts";
import { defineExperiment, markdownTable, runExperiment, seeds, whole } from "../../src/experiments/index.ts";
import { defaultText, hintOf, parseOption, positive } from "../../src/experiments/options.ts";
import { appendRecord, keyOf, readRecords, requireRecords } from "../../src/experiments/records.ts";
import { temporaryFolder } from "../training/tiny.ts";

let measured: string[] = [];
const squares = defineExperiment({
  name: "squares",
  description: "Squares numbers.",
  examples: [{ line: "gantry lab squares", does: "four squares" }],
  options: {
    numbers: z.array(whole()).default([3, 2]).describe("what is squared"),
    seeds: seeds(2),
    power: whole().default(2).describe("the power"),
  },
  record: z.strictObject({ number: z.int(), seed: z.int(), power: z.int(), result: z.number() }),
  key: ["number", "seed"],
  order: ({ number, seed }) => [number, seed],
  prepare: ({ numbers, seeds, power }) => ({
    shared: { power },
    cells: numbers.flatMap((number) => Array.from({ length: seeds }, (_, seed) => ({ number, seed }))),
    measure({ number, seed }) {
      measured.push(`${number}/${seed}`);
      if (number === 13) throw new Error("13 cannot be measured");
      return { number, seed, power, result: number ** power + seed };
    },
  }),
  page: (records) => ({
    tables: markdownTable(
      ["number", "result"],
      records.map(({ number, result }) => [`${number}`, `${result}`]),
    ),
    files: { "count.txt": `${records.length}` },
  }),
});
const options = { numbers: [3, 2], seeds: 2, power: 2 };

describe("the runner", () => {
  it("measures every cell once, keeps each record at once, and continues where it stopped", async () => {
    const folder = join(temporaryFolder(), "out");
    measured = [];
    await expect(runExperiment(squares, { ...options, numbers: [3, 13, 2] }, folder)).rejects.toThrow("13 cannot");
    expect(measured).toEqual(["3/0", "3/1", "13/0"]);
    const told: string[] = [];
    const { tables, records } = await runExperiment(squares, options, folder, {
      measured: ({ number }, done, total) => told.push(`${number}: ${done} of ${total}`),
    });
    expect(measured.slice(3)).toEqual(["2/0", "2/1"]);
    expect(told).toEqual(["3: 1 of 4", "3: 2 of 4", "2: 3 of 4", "2: 4 of 4"]);
    expect(records.map(({ result }) => result)).toEqual([4, 5, 9, 10]);
    expect(readFileSync(join(folder, "tables.md"), "utf8")).toBe(`${tables}\n`);
    expect(readFileSync(join(folder, "count.txt"), "utf8")).toBe("4");
    expect(readFileSync(join(folder, "records.jsonl"), "utf8").split("\n")[0]).toBe(
      '{"number":3,"seed":0,"power":2,"result":9}',
    );
    expect(existsSync(join(folder, "running.json"))).toBe(false);
  });

  it("refuses records that were measured in another way, and a second process in the folder", async () => {
    const folder = temporaryFolder();
    await runExperiment(squares, options, folder);
    await expect(runExperiment(squares, { ...options, power: 3 }, folder)).rejects.toThrow(
      "holds a record that was measured with `power` 2, not 3; choose another folder with --out",
    );
    const running = { pid: process.pid, host: (await import("node:os")).hostname() };
    writeFileSync(join(folder, "running.json"), JSON.stringify(running));
    await expect(runExperiment(squares, options, folder)).rejects.toThrow("gantry lab squares is running in");
  });

  it("stops between two measurements, with the reason of the signal", async () => {
    const folder = temporaryFolder();
    const controller = new AbortController();
    const stopped = runExperiment(squares, options, folder, {
      stop: controller.signal,
      measured: () => controller.abort("enough"),
    });
    await expect(stopped).rejects.toBe("enough");
    expect(readRecords(folder, squares)).toHaveLength(1);
  });

  it("reads the records of version 0.1 in a folder", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "records"));
    writeFileSync(join(folder, "records", "a.json"), '{"number":3,"seed":0,"power":2,"result":7}');
    writeFileSync(join(folder, "records", "of-another-experiment.json"), '{"cosine":1}');
    measured = [];
    const { records } = await runExperiment(squares, { ...options, numbers: [3] }, folder);
    expect(measured).toEqual(["3/1"]);
    expect(records.map(({ result }) => result)).toEqual([7, 10]);
    expect(readRecords(join(folder, "records"), squares).map(({ result }) => result)).toEqual([7]);
  });
});

describe("records", () => {
  const record = (seed: number, result = 4) => ({ number: 2, seed, power: 2, result });

  it("are read in their order, of each key the last, from a file or its folder", () => {
    const folder = temporaryFolder();
    const path = join(folder, "records.jsonl");
    for (const one of [record(1), record(0), record(1, 5)]) appendRecord(path, one);
    expect(readRecords(path, squares)).toEqual([record(0), record(1, 5)]);
    expect(readRecords(folder, squares)).toEqual(readRecords(path, squares));
    expect(keyOf(squares, record(1))).toBe(keyOf(squares, { number: 2, seed: 1 }));
  });

  it("leave out a line that a crash left unfinished, and the next one takes its place", () => {
    const path = join(temporaryFolder(), "records.jsonl");
    appendRecord(path, record(0));
    appendFileSync(path, '{"number":2,"se');
    expect(readRecords(path, squares)).toEqual([record(0)]);
    appendRecord(path, record(1));
    expect(readRecords(path, squares)).toEqual([record(0), record(1)]);
  });

  it("that are damaged or missing are named", () => {
    const folder = temporaryFolder();
    const path = join(folder, "records.jsonl");
    expect(() => requireRecords(folder, squares)).toThrow(
      `${folder} holds no records; name a file or a folder with those of gantry lab squares`,
    );
    expect(() => requireRecords(join(folder, "absent"), squares)).toThrow(UserError);
    appendFileSync(path, `${JSON.stringify(record(0))}\n{"number":2\n`);
    expect(() => readRecords(path, squares)).toThrow(`${path}: line 2 is not JSON`);
    writeFileSync(path, `${JSON.stringify({ ...record(0), power: "two" })}\n`);
    expect(() => readRecords(path, squares)).toThrow(`${path}: line 1: \`power\``);
  });
});

describe("options as text", () => {
  const say = (option: z.ZodType, text: string) => () => parseOption("--flag", option, text);

  it("are numbers, lists, names and none", () => {
    expect(parseOption("--flag", z.array(whole()).default([1]), "25, 1_000")).toEqual([25, 1000]);
    expect(parseOption("--flag", z.array(z.number().nullable()), "none,0.5")).toEqual([null, 0.5]);
    expect(parseOption("--flag", z.string().optional(), "5")).toBe("5");
    expect(defaultText(z.array(z.number().nullable()).default([null, 2]))).toBe("none,2");
    expect(defaultText(whole().optional())).toBeUndefined();
    expect([hintOf(z.array(whole()).default([1])), hintOf(whole()), hintOf(z.string())]).toEqual(["A,B", "N", "NAME"]);
  });

  it("that do not fit are refused with the accepted values", () => {
    expect(say(whole(2), "1")).toThrow("--flag (=1) must be a whole number of at least 2");
    expect(say(whole(2), "x")).toThrow("--flag (=x) must be a whole number of at least 2");
    expect(say(positive(), "-1")).toThrow("--flag (=-1) must be a number above 0, such as 1.5");
    expect(say(z.array(z.enum(["all", "top"])), "all,tpo")).toThrow("--flag: there is no `tpo`; did you mean `top`?");
    expect(say(z.array(z.enum(["all", "top"])), ",")).toThrow("--flag (=,) must name at least one of all, top");
  });
});
