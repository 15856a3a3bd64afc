import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { correlatedGaussians, gaussianInformation, mineKeys, runMine } from "../../src/experiments/mine/experiment.ts";
import { mineTables, tolerance, writeMinePage } from "../../src/experiments/mine/page.ts";
import { type MineRecord, readMineRecords, writeMineRecord } from "../../src/experiments/mine/record.ts";
import { start } from "../cli/spawn.ts";
import { flat } from "../nn/oracle.ts";
import { temporaryFolder } from "../training/tiny.ts";

const record = (rho: number, seed: number, estimate: number, more: Partial<MineRecord> = {}): MineRecord => ({
  ...{ format: 1, dimensions: 1, rho, seed, pairs: 400, steps: 20, truth: gaussianInformation(1, rho), estimate },
  ...{ ceiling: Math.log(100), effectivePairs: 80 + seed, chosen: 20, seconds: 2, engine: { libtorch: "2.0" } },
  ...more,
});

describe("the experiment", () => {
  it("knows the truth: the closed form against the sum over the log-density ratio at many pairs", () => {
    const [dimensions, rho] = [3, 0.7];
    const { x, y } = correlatedGaussians({ dimensions, rho, seed: 3 }, 50_000);
    const [a, b] = [flat(x), flat(y)];
    const slack = 1 - rho ** 2;
    const sum = a.reduce((total, u, i) => {
      const v = b[i]!;
      return total - (u * u - 2 * rho * u * v + v * v) / (2 * slack) + (u * u + v * v) / 2;
    }, 0);
    const estimate = sum / 50_000 - 0.5 * dimensions * Math.log(slack);
    expect(Math.abs(estimate - gaussianInformation(dimensions, rho))).toBeLessThan(0.03);
  });

  it("makes every cell once, the first seed first, and goes on where it was", () => {
    const folder = temporaryFolder();
    const experiment = { dimensions: [1, 2], rhos: [0.5, 0.9], seeds: 2, pairs: 200, steps: 5 };
    expect(mineKeys(experiment).map(({ seed }) => seed)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    const made = runMine(experiment, folder);
    const files = readdirSync(folder);
    expect(files).toHaveLength(8);
    expect(readMineRecords(folder)).toHaveLength(8);
    // A record that is there is taken as it is.
    writeMineRecord(folder, { ...made[0]!, estimate: 7 });
    expect(runMine(experiment, folder)[0]!.estimate).toBe(7);
    expect(() => runMine({ ...experiment, steps: 6 }, folder)).toThrow("of 200 pairs and 5 steps, not of 200 and 6");
    writeFileSync(join(folder, files[0]!), "{}");
    expect(() => readMineRecords(folder)).toThrow(files[0]);
  });
});

describe("the page", () => {
  it("allows 0.02 nats, or 5 %", () => {
    expect([0, 0.3, 1].map(tolerance)).toEqual([0.02, 0.02, 0.05]);
  });

  it("says what was found, how far the furthest seed is from the truth, and how many seeds are within", () => {
    const truth = gaussianInformation(1, 0.5);
    const tables = mineTables([record(0.5, 0, truth + 0.01), record(0.5, 1, truth - 0.03)]);
    expect(tables).toContain("### 1 dimension\n");
    expect(tables).toContain("400 pairs, 20 updates; log N = 4.61 nats");
    expect(tables).toContain("| 0.5 | 0.1438 | 0.13 ± 0.25 | -0.0300 | 0.0200 | 1 of 2 | 0 1 | 80 | 2 |");
  });

  it("comes with a figure for each number of dimensions, which shows log N where the truth is above", async () => {
    const folder = temporaryFolder();
    const far = { dimensions: 20, truth: 16.6 };
    await writeMinePage(folder, [
      record(0.1, 0, 0),
      record(0.5, 0, 0.1),
      record(0.1, 0, 1, far),
      record(0.9, 0, 8, far),
    ]);
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
    const records = join(folder, "records");
    mkdirSync(records);
    writeMineRecord(records, record(0.5, 0, 0.15));
    const out = join(folder, "out");
    const [page, wrong] = await Promise.all([
      start(["lab", "mine", "--records", records, "--out", out]),
      start(["lab", "mine", "--rhos", "0.5,1"]),
    ]);
    expect(page.stdout).toContain("| 0.5 | 0.1438 |");
    expect(page.code).toBe(0);
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining("--rhos (=1) must be numbers between -1 and 1"),
    ]);
  });
});
