/** Sets of questions of a small run, answered by people who are made up, and the table of their answers. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { mnist } from "../../src/data/index.ts";
import { questionPage } from "../../src/experiments/realism/question-page.ts";
import { questionSet, readAnswers } from "../../src/experiments/realism/question-set.ts";
import { type RealismRecord, realismTable } from "../../src/experiments/realism/realism.ts";
import { wilsonInterval } from "../../src/metrics/index.ts";
import { dcgan } from "../../src/models/index.ts";
import { startRun } from "../../src/training/index.ts";
import { start } from "../cli/spawn.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { tinyRecipe } from "../training/tiny.ts";
import { cells } from "./markdown.ts";

const folder = temporaryFolder();
const run = join(folder, "run");
const out = join(folder, "out");
const options = { mode: "single", count: 6, seed: 3, checkpoint: "last", shown: 128 } as const;

beforeAll(async () => {
  const networks = { generator: dcgan.generator({ width: 2 }), discriminator: dcgan.discriminator({ width: 2 }) };
  const data = mnist({ size: 16, split: "test", first: 48 });
  await startRun(tinyRecipe({ ...networks, data, steps: 1 }), { directory: run }).train();
});

describe("questionSet", () => {
  it("has every image of both kinds once, in an order that the names do not tell", async () => {
    const { path, key, made } = await questionSet(run, out, options);
    expect(made).toBe(true);
    expect(key.truth).toHaveLength(12);
    expect(key.truth.filter((real) => real)).toHaveLength(6);
    const pages = readFileSync(join(path, "index.html"), "utf8");
    expect(pages).toContain(`const set = "${key.set}"`);
    for (let i = 1; i <= 12; i++) {
      const file = join(path, "images", `${String(i).padStart(3, "0")}.png`);
      const { width, height } = await sharp(file).metadata();
      expect([width, height]).toEqual([16, 16]);
    }
    // The same question again: what is there is kept, and with it the answers.
    expect(await questionSet(run, out, options)).toEqual({ path, key, made: false });
    await expect(questionSet(run, out, { ...options, shown: 64 })).rejects.toThrow("holds another set of questions");
    await expect(questionSet(run, out, { ...options, count: 49 })).rejects.toThrow(
      "more than the 48 images of the run's data",
    );
  });

  it("puts a real and a generated image next to each other in pairs", async () => {
    const { path, key } = await questionSet(run, out, { ...options, mode: "pairs" });
    expect(key.truth).toHaveLength(6);
    for (const side of ["left", "right"]) expect(existsSync(join(path, "images", `006-${side}.png`))).toBe(true);
  });

  it("escapes names on the page", () => {
    const page = questionPage({ title: "<b>&", set: "</script>", questions: [["a.png"]], shown: 64 });
    expect(page).toContain("<title>&lt;b&gt;&amp;</title>");
    expect(page).not.toContain('"</script>"');
  });
});

describe("gantry lab realism", () => {
  it("tells where the questions are, and tabulates the answers that come", async () => {
    const command = [
      "lab",
      "realism",
      run,
      "--count",
      "6",
      "--seed",
      "3",
      "--shown",
      "128",
      "--out",
      join(folder, "lab"),
    ];
    const first = await start(command);
    expect(first.code).toBe(0);
    expect(first.stderr).toContain("There are no answers yet.");
    expect(first.stdout).toBe("");
    const { path, key } = await questionSet(run, join(folder, "lab", "questions"), options);
    const answer = (person: string, answers: (boolean | null)[], set = key.set) =>
      writeFileSync(
        join(path, "answers", `answers-${person}.json`),
        `${JSON.stringify({ format: 1, set, person, time: "2026-01-01T00:00:00.000Z", answers })}\n`,
      );
    // One is right throughout; one calls everything real and leaves out the last.
    answer("ada", key.truth);
    answer(
      "bob",
      key.truth.map((_, i) => (i === 11 ? null : true)),
    );
    const { code, stdout } = await start(command);
    expect(code).toBe(0);
    const last = key.truth[11] ? 1 : 0;
    const table = cells(stdout);
    const { low, high } = wilsonInterval(12, 12);
    const text = `100.0 % (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} %; 12 of 12)`;
    expect(table).toContain(`| run | 1 | single | ada | ${text} |`);
    expect(table).toContain(`; ${6 - last} of 11) | 100.0 % (`);
    expect(table).toContain("| run | 1 | single | all 2 |");
    expect(table).toContain(`; ${18 - last} of 23)`);
    answer("eve", key.truth, "another");
    expect(() => readAnswers(path, key)).toThrow("has the answers of another set of questions");
    answer("eve", [true]);
    expect(() => readAnswers(path, key)).toThrow("has 1 answers to 12 questions");
  });

  it("counts the studio's blind tests", () => {
    const record: RealismRecord = {
      ...{
        format: 1,
        run: "/runs/a",
        person: "studio",
        time: "2026-01-01T00:00:00Z",
        mode: "pairs",
        step: 1,
        count: 2,
      },
      ...{ seed: 0, averaged: true, truncation: null, shown: 128, seconds: null, unanswered: 0 },
      right: { yes: 1, answers: 2 },
    } as RealismRecord;
    expect(cells(realismTable([record]))).toContain(
      "| a | 1 | pairs | studio | 50.0 % (9.5 to 90.5 %; 1 of 2) | – | – |",
    );
  });
});
