/** The experiment with few labels: its grid, its records, and what its table says of draws, seeds and ensembles. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { expandGrid } from "../../src/experiments/index.ts";
import { parseOption } from "../../src/experiments/options.ts";
import { appendRecord, readRecords } from "../../src/experiments/records.ts";
import { type SemiRecord, semi, semiSweep, semiTables } from "../../src/experiments/semi.ts";
import { loadRecipe } from "../../src/recipe/index.ts";
import { cells } from "./markdown.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-semi-"));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (draw: number, seed: number, averaged: number): SemiRecord => ({
  format: 1,
  labels: 100,
  draw,
  seed,
  epochs: 2,
  images: 10_000,
  seconds: 60,
  engine: {},
  curve: [
    { epoch: 1, errors: 5, averaged: 1 },
    { epoch: 2, errors: averaged + 10, averaged },
  ],
});

describe("gantry lab semi", () => {
  it("varies labels and draws under all seeds", async () => {
    const sweep = semiSweep({ labels: [20, 100], draws: 2, seeds: 3, epochs: 7 });
    const { runs } = expandGrid(sweep, (await loadRecipe("semi-mnist")).recipe);
    expect(runs).toHaveLength(12);
    const { recipe, name } = runs.at(-1)!;
    expect(name).toBe("labels=100_draw=1-seed2");
    expect(recipe).toMatchObject({ seed: 2, epochs: 7 });
    const { options } = recipe.techniques.find(({ kind }) => kind === "semiSupervised")!;
    expect(options).toMatchObject({ labels: 100, labelSeed: 1 });
    const labels = (text: string) => () => parseOption("--labels", semi.options.labels, text);
    expect(labels(",")).toThrow("must name at least one");
    expect(labels("100,15")).toThrow("--labels (=15) must be a multiple of 10");
  });

  it("keeps records, and gives the mean over draws of the last epoch, with its interval", () => {
    const ensemble = { format: 1, labels: 100, draw: 0, epochs: 2, images: 10_000 } as const;
    const path = join(folder, "records.jsonl");
    for (const record of [
      run(1, 1, 110),
      run(0, 1, 100),
      { ...ensemble, seeds: [0], errors: 99, averaged: 90 },
      { ...ensemble, seeds: [0, 1], errors: 95, averaged: 84 },
      run(1, 0, 110),
      run(0, 0, 80),
    ])
      appendRecord(path, record);
    const records = readRecords(folder, semi);
    const runs = records.filter((record): record is SemiRecord => "seed" in record);
    expect(runs.map(({ draw, seed }) => [draw, seed])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    const tables = cells(semiTables(records));
    // Draws 90 and 110: mean 100, t(0.975, 1) s / sqrt(2) = 12.706 * 14.142 / 1.414 = 127.06.
    expect(tables).toContain("| 100 | 2 | 2 | 4 | 10000 | 100 ± 127 | 110 ± 127 | 1 |");
    // Of each draw the largest ensemble.
    expect(tables).toContain("| 100 | 0 | 2 | 2 | 84 | 95 |");
    expect(tables).not.toContain("| 100 | 0 | 2 | 1 |");
  });
});
