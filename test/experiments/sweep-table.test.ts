/** The table of a sweep: numbers worked out by hand, the rule for bold, and protocols that are kept apart. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  cellDifferences,
  cellNamed,
  differencesMarkdown,
  expandGrid,
  readSweepTable,
  type SweptRun,
  spreadText,
  sweepTable,
  tableMarkdown,
  writeResults,
} from "../../src/experiments/index.ts";
import { runsCsv, tableCsv } from "../../src/experiments/sweep/render.ts";
import { runResults } from "../../src/experiments/sweep/results.ts";
import { runSweep } from "../../src/experiments/sweep/run-sweep.ts";
import type { Protocol } from "../../src/metrics/index.ts";
import { cells as plain } from "./markdown.ts";
import { fidScore, mnist, stage, sweepOver } from "./sweep-folder.ts";

/** A grid over batch sizes with values by cell; null fails, undefined waits. */
function tableOf(
  cells: readonly (readonly (number | null | undefined)[])[],
  protocols: readonly Partial<Protocol>[] = [],
) {
  const sizes = cells.map((_, i) => 16 + i).join(",");
  const grid = expandGrid(sweepOver([`batchSize=${sizes}`], cells[0]!.length), mnist);
  const results = grid.runs.map((run): SweptRun => {
    const index = grid.cells.indexOf(run.cell);
    const value = cells[index]![run.seed];
    if (value === null) return { run, state: { kind: "failed", reason: "it | diverged", lasting: false }, scores: [] };
    if (value === undefined) return { run, state: { kind: "waiting" }, scores: [] };
    return {
      run,
      state: { kind: "finished", step: 3 },
      step: 3,
      seconds: 1,
      scores: [fidScore(value, protocols[index])],
    };
  });
  return { table: sweepTable(grid, results), results };
}

const bold = ({ table }: ReturnType<typeof tableOf>) =>
  table.rows.map(({ scores }) => scores.map((score) => score?.best));

describe("the table", () => {
  it("has mean and interval by hand", () => {
    const { table } = tableOf([
      [1, 2, 3],
      [10, 14, 18],
    ]);
    // With two degrees of freedom t has a closed form: (2p - 1) / sqrt(2p (1 - p)), p = 0.975. s = 1 and 4; n = 3.
    const t = 0.95 / Math.sqrt(2 * 0.975 * 0.025);
    expect(table.rows[0]!.scores[0]!.mean).toBe(2);
    expect(table.rows[0]!.scores[0]!.halfWidth).toBeCloseTo(t / Math.sqrt(3), 8);
    expect(table.rows[1]!.scores[0]!.halfWidth).toBeCloseTo((4 * t) / Math.sqrt(3), 8);
    expect(tableMarkdown(table).split("\n").slice(0, 4)).toEqual([
      "| batchSize | runs |      fid ↓ |",
      "| :-------- | :--- | ---------: |",
      "| 16        | 3    |  2.0 ± 2.5 |",
      "| 17        | 3    | 14.0 ± 9.9 |",
    ]);
  });

  it("calls a value the best only when its interval is apart from all others", () => {
    // Half-widths 2.48, 2.48 and 2.48: 2 and 12 are apart, 2 and 6 are not.
    expect(
      bold(
        tableOf([
          [1, 2, 3],
          [11, 12, 13],
          [21, 22, 23],
        ]),
      ),
    ).toEqual([[true], [false], [false]]);
    expect(
      bold(
        tableOf([
          [1, 2, 3],
          [5, 6, 7],
          [21, 22, 23],
        ]),
      ),
    ).toEqual([[false], [false], [false]]);
    expect(bold(tableOf([[1], [11]]))).toEqual([[false], [false]]);
    expect(bold(tableOf([[1, 2, 3]]))).toEqual([[false]]);
  });

  it("calls nothing the best before all runs have ended, and then leaves out cells that failed", () => {
    const waiting = tableOf([
      [1, 2, 3],
      [11, 12, 13],
      [21, 22, undefined],
    ]);
    expect(bold(waiting)).toEqual([[false], [false], [false]]);
    expect(waiting.table.notes).toEqual(["1 of 9 runs have not ended: nothing is called the best yet"]);
    const failed = tableOf([
      [1, 2, 3],
      [11, 12, 13],
      [null, null, null],
    ]);
    expect(bold(failed)).toEqual([[true], [false], [undefined]]);
    expect(plain(tableMarkdown(failed.table))).toContain("| 16 | 3 | **2.0 ± 2.5** |");
    expect(plain(tableMarkdown(failed.table))).toContain("| 18 | 0 of 3, 3 failed | – |");
    expect(tableMarkdown(failed.table)).toContain("- batchSize=18, seed 1: it \\| diverged");
    // A terminal's bold letters take no room.
    const [, , first, second] = tableMarkdown(failed.table, (text) => `\u001b[1m${text}\u001b[22m`).split("\n");
    expect(first!.length).toBe(second!.length + 9);
  });

  it("counts the values where runs are missing", () => {
    expect(
      tableMarkdown(
        tableOf([
          [1, 2, 3],
          [11, null, 13],
        ]).table,
      ),
    ).toContain("12 ± 13 (n = 2)");
  });

  it("never puts scores of different protocols into one column", () => {
    const { table } = tableOf(
      [
        [1, 2, 3],
        [11, 12, 13],
        [21, 22, 23],
      ],
      [{}, { fakeCount: 500, seeds: [7] }, { seeds: [1] }],
    );
    expect(table.columns.map(({ name }) => name)).toEqual(["fid [fakeCount=5000]", "fid [fakeCount=500]"]);
    expect(table.rows.map(({ scores }) => scores.map((score) => score?.mean))).toEqual([
      [2, undefined],
      [undefined, 12],
      [22, undefined],
    ]);
    expect(table.rows.map(({ scores }) => scores.map((score) => score?.best))).toEqual([
      [true, undefined],
      [undefined, false],
      [false, undefined],
    ]);
    expect(table.notes[0]).toContain("fid was measured under 2 protocols, which are not compared");
  });

  it("names other real images by their name", () => {
    const other = { name: "fashion-mnist (train)", count: 60_000, hash: "ef".repeat(32) };
    const { table } = tableOf([[1], [2]], [{}, { real: other }]);
    expect(table.columns.map(({ name }) => name)).toEqual([
      "fid [real=mnist (train)]",
      "fid [real=fashion-mnist (train)]",
    ]);
  });

  it("as CSV has full numbers, and quotes what must be quoted", () => {
    const { table, results } = tableOf([
      [1, 2, 3],
      [11, null, 13],
    ]);
    const [header, first, second] = tableCsv(table).split("\n");
    expect(header).toBe("batchSize,runs,finished,failed,fid,fid ±95%,fid n,fid best,reasons");
    expect(first).toMatch(/^16,3,3,0,2,2\.48413\d+,3,0,$/);
    expect(second).toMatch(/^17,3,2,1,12,12\.706\d+,2,0,seed 1: it \| diverged$/);
    const lines = runsCsv(table, results).split("\n");
    expect(lines[1]).toBe("batchSize=16-seed0,16,0,finished,3,1,1,");
    expect(lines[4]).toBe("batchSize=17-seed1,17,1,failed,,,,it | diverged");
    const quoted = expandGrid(sweepOver(["techniques=[topK,r1]"], 1), mnist);
    const waiting = quoted.runs.map((run): SweptRun => ({ run, state: { kind: "waiting" }, scores: [] }));
    expect(tableCsv(sweepTable(quoted, waiting)).split("\n")[1]).toMatch(/^"\[topK,r1\]",/);
  });
});

describe("spreadText", () => {
  it.each([
    [31.2345, 1.391, "31.2 ± 1.4"],
    [31.2345, 0.0996, "31.23 ± 0.10"],
    [31.2345, 0.00123, "31.2345 ± 0.0012"],
    [1234.5, 123.4, "1235 ± 123"],
    [-0.4, 12.6, "0 ± 13"],
    [31.23456, Number.NaN, "31.235"],
    [25, 0, "25 ± 0"],
    [Number.NaN, Number.NaN, "NaN"],
    [1e-12, 1e-13, "1.0000e-12 ± 1.0e-13"],
  ])("%f ± %f is %s", (mean, halfWidth, text) => {
    expect(spreadText({ mean, halfWidth })).toBe(text);
  });
});

describe("results", () => {
  it("are read from the runs: final losses, or the scores of the last or of the best evaluation", async () => {
    const plain = stage(sweepOver(["batchSize=16,32"], 2), ({ seed, cell }) => ({
      value: seed + Number(cell.values[0]),
    }));
    await runSweep(plain.folder, plain.grid, "mnist", { command: plain.command, jobs: 2 });
    const { columns, rows } = writeResults(plain.folder, plain.grid);
    expect(columns.map(({ name }) => name)).toEqual(["lossD", "lossG", "dReal", "dFake"]);
    expect(rows.map(({ scores }) => scores[0]!.mean)).toEqual([16.5, 32.5]);
    const stored = JSON.parse(readFileSync(join(plain.folder.path, "table.json"), "utf8"));
    expect(stored.rows[1].scores[0].values).toEqual([
      { seed: 0, value: 32 },
      { seed: 1, value: 33 },
    ]);
    for (const name of ["table.md", "table.csv", "runs.csv", "records.jsonl"])
      expect(readFileSync(join(plain.folder.path, name), "utf8")).toContain("lossD");

    // A run that was stopped at step 30 and at step 35 has more lines; the losses are those of the same steps.
    const [run] = plain.grid.runs;
    const stopped = join(plain.folder.run(run!.name), "metrics.jsonl");
    const text = readFileSync(stopped, "utf8");
    const tick = (step: number, lossD: number) =>
      JSON.stringify({ step, epoch: 0, imagesPerSecond: 1, seconds: 1, lossD });
    const lines = [tick(20, 9), tick(30, 2), tick(35, 4), '{"event":"finish","step":40,"time":""}', tick(40, 8)];
    const { writeFileSync: write } = await import("node:fs");
    write(stopped, `${[lines[0], lines[1], lines[2], lines[4], lines[3]].join("\n")}\n`);
    expect(runResults(plain.folder, plain.grid)[0]!.scores[0]).toEqual({
      name: "lossD",
      value: (10 * 2 + 5 * 4 + 5 * 8) / 20,
    });
    write(stopped, text);

    // The table again, from the JSON Lines file.
    const again = readSweepTable(join(plain.folder.path, "records.jsonl"));
    expect(tableMarkdown(again)).toBe(readFileSync(join(plain.folder.path, "table.md"), "utf8"));

    const scored = stage(sweepOver([], 1, ["evaluate.samples=10"]), () => ({ score: fidScore(9) }));
    await runSweep(scored.folder, scored.grid, "mnist", { command: scored.command });
    const log = join(scored.folder.run(scored.grid.runs[0]!.name), "metrics.jsonl");
    const early = { event: "scores", step: 2, time: "", seconds: 1, scores: [fidScore(4)], chosenBy: "fid" };
    const { writeFileSync } = await import("node:fs");
    const [start, ...rest] = readFileSync(log, "utf8").split("\n");
    writeFileSync(log, [start, JSON.stringify(early), ...rest].join("\n"));
    expect(runResults(scored.folder, scored.grid)[0]).toMatchObject({ step: 3, scores: [{ value: 9 }] });
    expect(runResults(scored.folder, scored.grid, "best")[0]).toMatchObject({ step: 2, scores: [{ value: 4 }] });
  });
});

describe("differences from a cell", () => {
  const base = (table: ReturnType<typeof tableOf>["table"]) => table.rows[0]!.cell;

  it("are taken by seed, with interval, p and Holm's correction by hand", () => {
    const { table } = tableOf([
      [30, 31, 35],
      [28, 30, 34],
      [31, 34, 37],
    ]);
    const [second, third] = cellDifferences(table, base(table));
    // -2, -1, -1 and 1, 3, 2. With two degrees of freedom P(|T| > t) = 1 - t / sqrt(2 + t^2); here t is -4 and sqrt(12).
    const factor = 0.95 / Math.sqrt(2 * 0.975 * 0.025);
    const [first, other] = [1 - 4 / Math.sqrt(18), 1 - Math.sqrt(12 / 14)];
    expect(second!.cell.label).toBe("batchSize=17");
    expect(second!.tested.mean).toBeCloseTo(-4 / 3, 12);
    expect(second!.tested.halfWidth).toBeCloseTo(factor / 3, 7);
    expect(second!.tested.p).toBeCloseTo(first, 8);
    expect(second!.p).toBeCloseTo(2 * first, 8);
    expect(third!.tested.mean).toBe(2);
    expect(third!.tested.p).toBeCloseTo(other, 8);
    // The larger p is corrected by 1, and is not below the smaller one's.
    expect(third!.p).toBeCloseTo(2 * first, 8);
    expect(differencesMarkdown(table.axes, base(table), [second!, third!])).toBe(
      [
        "Each cell minus batchSize=16, by seed:\n",
        "| batchSize | score | pairs | difference |    p |",
        "| :-------- | :---- | ----: | ---------: | ---: |",
        "| 17        | fid ↓ |     3 | -1.3 ± 1.4 | 0.11 |",
        "| 18        | fid ↓ |     3 | +2.0 ± 2.5 | 0.11 |\n",
        "95 % interval by Student's t; p of the paired t test, by Holm's method over 2 differences.\n",
      ].join("\n"),
    );
  });

  it("are of the seeds that both cells have, under one protocol", () => {
    const { table } = tableOf([
      [30, null, 35, 20],
      [28, 30, undefined, 21],
      [null, 1, undefined, null],
    ]);
    const found = cellDifferences(table, base(table));
    expect(found.map(({ cell, seeds, tested }) => [cell.label, seeds, tested.mean])).toEqual([
      ["batchSize=17", 2, -0.5],
    ]);
    const apart = tableOf([[1], [2]], [{}, { fakeCount: 7 }]).table;
    expect(cellDifferences(apart, base(apart))).toEqual([]);
    expect(differencesMarkdown(apart.axes, base(apart), [])).toContain("No run of batchSize=16 has a score");
  });

  it("are not tested with one pair", () => {
    const { table } = tableOf([[1], [3]]);
    const found = cellDifferences(table, base(table));
    expect(found[0]!.tested.mean).toBe(2);
    const text = differencesMarkdown(table.axes, base(table), found);
    expect(text).toMatch(/\| +\+2 \| +– \|/);
    expect(text).toContain("nothing is tested");
  });

  it("take the cell by its label or its folder's name", () => {
    const { cells } = expandGrid(sweepOver(["batchSize=16,32", "loss=hinge,minimax"], 1), mnist);
    expect(cellNamed(cells, "batchSize=32 loss=hinge")).toBe(cells[2]);
    expect(cellNamed(cells, "batchSize=32_loss=hinge")).toBe(cells[2]);
    expect(() => cellNamed(cells, "loss=hinge")).toThrow(
      "the sweep has no cell `loss=hinge`; it has `batchSize=16 loss=hinge`, `batchSize=16 loss=minimax`",
    );
  });
});
