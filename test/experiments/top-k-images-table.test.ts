/** The comparison of the two updates: pairs by seed, verdicts, pooled differences, and files that are no such table. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readUpdates, type UpdateTable, updateTables } from "../../src/experiments/images.ts";
import { cells } from "./markdown.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-table-"));
afterAll(() => rmSync(folder, { recursive: true }));

const values = (...list: number[]) => ({ values: list.map((value, seed) => ({ seed, value })) });
const row = (gan: string, update: string, fid: ReturnType<typeof values> | undefined) => ({
  cell: { values: [gan, update] },
  scores: [fid],
});
const stored: UpdateTable = {
  axes: ["gan", "update"],
  columns: [{ name: "fid", better: "lower" }],
  rows: [
    row("a", "all", values(10, 20, 30)),
    row("a", "topK", values(9, 19.1, 28.9)),
    row("b", "all", values(5, 6, 7)),
    row("b", "topK", values(7, 6, 5)),
    row("c", "all", values(1, 2, 3)),
    row("c", "topK", values(11, 12, 13)),
    row("d", "all", values(1, 2, 3)),
    row("d", "topK", undefined),
  ],
};

describe("the table of updates", () => {
  const lines = cells(updateTables(stored)).split("\n");
  const line = (start: string) => lines.find((text) => text.startsWith(start));

  it("pairs runs by seed: a difference can be clear where the intervals overlap", () => {
    // Differences -1, -0.9, -1.1: s = 0.1, t(0.975, 2) = 4.303, half-width 0.248; p = 0.0033, the second of three.
    expect(line("| a |")).toBe("| a | 0 1 2 | 20 ± 25 | 19 ± 25 | -1.00 ± 0.25 | 0.007 |");
    expect(line("| b |")).toBe("| b | 0 1 2 | 6.0 ± 2.5 | 6.0 ± 2.5 | 0.0 ± 5.0 | 1 |");
  });

  it("marks the better one only where the intervals are apart", () => {
    expect(line("| c |")).toBe("| c | 0 1 2 | **2.0 ± 2.5** | 12.0 ± 2.5 | +10 ± 0 | < 0.001 |");
  });

  it("leaves out cells that lack an update, and counts verdicts", () => {
    expect(line("| d |")).toBeUndefined();
    expect(line("Top-k")).toBe(
      "Top-k has the better mean in 1 of 3 cells; the paired difference is apart from 0 for the better in 1 and for the worse in 1, " +
        "after Holm's correction over the 3 cells of all scores for the better in 1 and for the worse in 1.",
    );
  });

  it("pools over cells with the variance within them", () => {
    // Variances 0.01 and 4, and none: s^2 = 2.005, standard error s / 3, t(0.975, 4) = 2.776; p = 0.0031, the second of four.
    expect(line("| all cells |")).toBe("| all cells | 3 | +3.0 ± 1.3 | 0.009 |");
    expect(line("| gan a |")).toBe("| gan a | 1 | -1.00 ± 0.25 | 0.009 |");
    expect(line("| over |")).toBe("| over | cells | top-k minus all | p (Holm, 4 tests) |");
  });

  it("corrects the tests of all scores together", () => {
    const two = { ...stored, columns: [...stored.columns, { name: "is", better: "higher" as const }] };
    const rows = stored.rows.map((one) => ({ ...one, scores: [...one.scores, ...one.scores] }));
    const text = cells(updateTables({ ...two, rows }));
    // 0.0033 is now the third smallest of six.
    expect(text).toContain("| a | 0 1 2 | 20 ± 25 | 19 ± 25 | -1.00 ± 0.25 | 0.013 |");
    expect(text).toContain("p (Holm, 8 tests)");
  });

  it("turns round for scores of which more is better", () => {
    const more = cells(updateTables({ ...stored, columns: [{ name: "is", better: "higher" }] }));
    expect(more).toContain("| c | 0 1 2 | 2.0 ± 2.5 | **12.0 ± 2.5** | +10 ± 0 | < 0.001 |");
    expect(more).toContain("better mean in 1 of 3 cells");
  });
});

describe("reading", () => {
  const head = {
    format: 1,
    at: "final",
    axes: ["gan", "update"],
    columns: [{ score: "fid", better: "lower" }],
    sweep: {},
  };
  const run = (update: string, seed: number) => ({
    run: `${update}-${seed}`,
    cell: update,
    values: { gan: "a", update },
    seed,
    state: "finished",
    step: 1,
    seconds: 1,
    scores: [seed],
  });
  const write = (...lines: object[]) =>
    writeFileSync(join(folder, "records.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

  it("takes a sweep's folder or its file", () => {
    write(head, run("all", 0), run("topK", 0), run("all", 1), run("topK", 1));
    const table = readUpdates(folder);
    expect(table).toEqual(readUpdates(join(folder, "records.jsonl")));
    expect(cells(updateTables(table))).toContain("| a | 0 1 | 0.5 ± 6.4 | 0.5 ± 6.4 | 0 ± 0 | – |");
  });

  it("says what is wrong with a folder or a file", () => {
    expect(() => readUpdates("nowhere")).toThrow("records.jsonl does not exist; name the folder of a sweep of images");
    writeFileSync(join(folder, "records.jsonl"), "{");
    expect(() => readUpdates(folder)).toThrow("line 1 is no record of a sweep");
    write(head, run("all", 0));
    expect(() => readUpdates(folder)).toThrow("no axis `update` with the values all and topK");
    rmSync(join(folder, "records.jsonl"));
    writeFileSync(join(folder, "sweep.json"), "{}");
    expect(() => readUpdates(folder)).toThrow(`gantry sweep ${folder} writes it`);
  });
});
