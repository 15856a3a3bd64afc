/**
 * The pages of tables in the folders of docs/results are what `gantry lab` makes of the records next to them: each is
 * made again here. `npm test -- test/results -u` writes their text; the figures are written by `gantry lab`.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { experiments, type RecordedExperiment, readSweepTable } from "../../src/experiments/index.ts";
import { pageText } from "../../src/experiments/page.ts";
import { readRecords } from "../../src/experiments/records.ts";

const results = join(import.meta.dirname, "../../docs/results");
const data = (name: string) => join(results, "data", `${name}.jsonl`);

/** Page, experiment, records. */
const pages = [
  ["anomaly/tables.md", "anomaly", "anomaly"],
  ["games/tables.md", "games", "games"],
  ["games-forsaken/tables.md", "games", "games-forsaken"],
  ["mine/tables.md", "mine", "mine"],
  ["mixture/tables.md", "mixture", "mixture"],
  ["mixture/oracle.md", "oracle", "oracle"],
  ["mixture-10000/tables.md", "mixture", "mixture-10000"],
  ["mixture-20000/tables.md", "mixture", "mixture-20000"],
  ["semi/tables.md", "semi", "semi"],
  ["smoothing/tables.md", "smoothing", "smoothing"],
  ["exploring/truncation/tables.md", "truncation", "exploring/truncation"],
] as const;

/** Records of experiments that have no page of their own. */
const further = {
  "games-lr-0.01": "games",
  "games-lr-0.5": "games",
  "mixture-64-modes": "mixture",
  "semi-10-epochs": "semi",
} as const;

const sweeps = [
  "anneal",
  "improved-ablation",
  "mode-collapse",
  "modern-stacked",
  "modern-mixture",
  "equal-time-mnist",
  "equal-time-cifar10-sngan",
  "equal-time-photos",
  "spectral-norm",
  ...["biggan-icr", "biggan-weights", "dcgan-options", "dropout-128"].map((name) => `exploring/${name}`),
  ...["mine-collapse", "mine-mixture", "mine-stacked", "resolution", "tables", "tables-cifar10"].map(
    (name) => `exploring/${name}`,
  ),
  ...["mnist", "residual-mnist"].map((name) => `top-k-images/${name}`),
];

describe("docs/results", () => {
  it.each(pages)("%s is what gantry lab %s makes of %s.jsonl", async (file, name, records) => {
    const experiment = experiments[name] as RecordedExperiment;
    const text = pageText(await experiment.page(readRecords(data(records), experiment)));
    await expect(text).toMatchFileSnapshot(join(results, file));
  });

  it("has all records in the form that is read today", () => {
    const files = readdirSync(join(results, "data"), { recursive: true, encoding: "utf8" });
    const named = [...pages.map(([, , name]) => name), ...Object.keys(further), ...sweeps, "mixture-continued"];
    expect(files.filter((file) => file.endsWith(".jsonl")).sort()).toEqual(named.map((name) => `${name}.jsonl`).sort());
    for (const [name, experiment] of Object.entries(further)) {
      expect(readRecords(data(name), experiments[experiment] as RecordedExperiment).length).toBeGreaterThan(0);
    }
    for (const name of sweeps) expect(readSweepTable(data(name)).rows.length).toBeGreaterThan(1);
  });
});
