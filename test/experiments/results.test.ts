/** The pages of docs/results are made of the records next to them: each is made again here, with the same numbers. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readUpdates, updateTables } from "../../src/experiments/images.ts";
import { experiments, type RecordedExperiment, readSweepTable, tableMarkdown } from "../../src/experiments/index.ts";
import { pageText } from "../../src/experiments/page.ts";
import { readRecords } from "../../src/experiments/records.ts";

const results = join(import.meta.dirname, "../../docs/results");
const data = (name: string) => join(results, "data", `${name}.jsonl`);
const textOf = (page: string) => readFileSync(join(results, page), "utf8");

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
  ["exploring/truncation/tables.md", "truncation", "exploring/truncation"],
] as const;

/** Records of experiments that have no page of their own. */
const further = { "games-lr-0.01": "games", "games-lr-0.5": "games", "semi-10-epochs": "semi" } as const;

const sweeps = [
  "anneal",
  "improved-ablation",
  "mode-collapse",
  ...["biggan-icr", "biggan-weights", "dcgan-options", "dropout-128"].map((name) => `exploring/${name}`),
  ...["mine-mixture", "mine-stacked", "resolution", "tables", "tables-cifar10"].map((name) => `exploring/${name}`),
  ...["mnist", "residual-mnist"].map((name) => `top-k-images/${name}`),
];

/** Every `mean ± half-width` in the cells of tables. */
function intervals(markdown: string): string[] {
  const rows = markdown.split("\n").filter((line) => line.startsWith("|"));
  return rows
    .flatMap((row) => row.split("|").map((cell) => cell.replaceAll("*", "").trim()))
    .filter((cell) => cell.includes("±"));
}

describe("docs/results", () => {
  it.each(pages)("%s is what gantry lab %s makes of %s.jsonl", async (file, name, records) => {
    const experiment = experiments[name] as RecordedExperiment;
    expect(pageText(await experiment.page(readRecords(data(records), experiment)))).toBe(textOf(file));
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

  it("mine.md and top-k-images.md have the intervals of their records", () => {
    const images = ["mnist", "residual-mnist"].map((name) => data(`top-k-images/${name}`));
    const made = {
      "mine.md": [textOf("mine/tables.md")],
      "top-k-images.md": [
        ...images.map((path) => updateTables(readUpdates(path))),
        ...images.map((path) => tableMarkdown(readSweepTable(path))),
        textOf("anomaly/tables.md"),
      ],
    };
    for (const [page, tables] of Object.entries(made)) {
      const known = new Set(tables.flatMap(intervals));
      // Differences that were taken over other groups of cells have a sign.
      const own = intervals(textOf(page)).filter((text) => !/^[+-]/.test(text));
      expect(own.length).toBeGreaterThan(20);
      expect(
        own.filter((text) => !known.has(text)),
        page,
      ).toEqual([]);
    }
  });
});
