import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makePage, runExperiment } from "../../src/experiments/index.ts";
import {
  correlatedGaussians,
  gaussianInformation,
  type MineRecord,
  mine,
  tolerance,
} from "../../src/experiments/mine.ts";
import { appendRecord } from "../../src/experiments/records.ts";
import { start } from "../cli/spawn.ts";
import { flat } from "../nn/oracle.ts";
import { temporaryFolder } from "../training/tiny.ts";
import { cells } from "./markdown.ts";

const record = (rho: number, seed: number, estimate: number, more: Partial<MineRecord> = {}): MineRecord => ({
  ...{ format: 1, dimensions: 1, rho, seed, pairs: 400, steps: 20, truth: gaussianInformation(1, rho), estimate },
  ...{ ceiling: Math.log(100), effectivePairs: 80 + seed, chosen: 20, seconds: 2, engine: { libtorch: "2.0" } },
  ...more,
});

describe("the experiment", () => {
  it("knows the truth: the closed form against the sum over the log-density ratio at many pairs", () => {
    const [dimensions, rho] = [3, 0.7];
    const { x, y } = correlatedGaussians(dimensions, rho, 3, 50_000);
    const [a, b] = [flat(x), flat(y)];
    const slack = 1 - rho ** 2;
    const sum = a.reduce((total, u, i) => {
      const v = b[i]!;
      return total - (u * u - 2 * rho * u * v + v * v) / (2 * slack) + (u * u + v * v) / 2;
    }, 0);
    const estimate = sum / 50_000 - 0.5 * dimensions * Math.log(slack);
    expect(Math.abs(estimate - gaussianInformation(dimensions, rho))).toBeLessThan(0.03);
  });

  it("makes every cell once, the first seed first, and takes a record that is there as it is", async () => {
    const folder = temporaryFolder();
    const options = { dimensions: [1, 2], rhos: [0.5, 0.9], seeds: 2, pairs: 200, steps: 5 };
    const seen: number[] = [];
    const made = await runExperiment(mine, options, folder, { measured: ({ seed }) => seen.push(seed) });
    expect(seen).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(made.records).toHaveLength(8);
    appendRecord(join(folder, "records.jsonl"), { ...made.records[0]!, estimate: 7 });
    expect((await runExperiment(mine, options, folder)).records[0]!.estimate).toBe(7);
    await expect(runExperiment(mine, { ...options, steps: 6 }, folder)).rejects.toThrow(
      "was measured with `steps` 5, not 6",
    );
  });
});

describe("the page", () => {
  it("allows 0.02 nats, or 5 %", () => {
    expect([0, 0.3, 1].map(tolerance)).toEqual([0.02, 0.02, 0.05]);
  });

  it("says what was found, how far the furthest seed is from the truth, and how many seeds are within", async () => {
    const truth = gaussianInformation(1, 0.5);
    const page = await mine.page([record(0.5, 0, truth + 0.01), record(0.5, 1, truth - 0.03)]);
    const tables = cells(page.tables);
    expect(tables).toContain("### 1 dimension\n");
    expect(tables).toContain("400 pairs, 20 updates; log N = 4.61 nats");
    expect(tables).toContain("| 0.5 | 0.1438 | 0.13 ± 0.25 | -0.0300 | 0.0200 | 1 of 2 | 0 1 | 80 | 2 |");
  });

  it("comes with a figure for each number of dimensions, which shows log N where the truth is above", async () => {
    const folder = temporaryFolder();
    const far = { dimensions: 20, truth: 16.6 };
    const records = [record(0.1, 0, 0), record(0.5, 0, 0.1), record(0.1, 0, 1, far), record(0.9, 0, 8, far)];
    await makePage(mine, records, folder);
    expect(readFileSync(join(folder, "tables.md"), "utf8")).toContain("![20 dimensions](figures/mine-20.svg)");
    expect(readFileSync(join(folder, "figures/mine-20.svg"), "utf8")).toContain("dashed: log N");
    expect(readFileSync(join(folder, "figures/mine-1.svg"), "utf8")).not.toContain("dashed");
    expect(readdirSync(join(folder, "figures")).sort()).toEqual([
      "mine-1.png",
      "mine-1.svg",
      "mine-20.png",
      "mine-20.svg",
    ]);
  });
});

describe("gantry lab mine", () => {
  it("makes the page from records, and says what is wrong in one line", async () => {
    const folder = temporaryFolder();
    const records = join(folder, "some.jsonl");
    appendRecord(records, record(0.5, 0, 0.15));
    const out = join(folder, "out");
    const [page, wrong] = await Promise.all([
      start(["lab", "mine", "--records", records, "--out", out]),
      start(["lab", "mine", "--rhos", "0.5,1"]),
    ]);
    expect(cells(page.stdout)).toContain("| 0.5 | 0.1438 |");
    expect(page.code).toBe(0);
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining("--rhos (=1) must be numbers between -1 and 1"),
    ]);
  });
});
