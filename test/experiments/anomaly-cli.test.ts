/** `gantry lab anomaly` and `gantry lab images` as a person runs them, without training. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { start } from "../cli/spawn.ts";
import { cells } from "./markdown.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-anomaly-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const record = {
  format: 1,
  ...{ gan: "wgan-gp", digit: 3, update: "all", seed: 0, steps: 240, batchSize: 64, k: 64 },
  ...{ subset: 200, searchSteps: 100, seconds: 8.1, scoringSeconds: 2.5, engine: { libtorch: "2.0" } },
  areas: Object.fromEntries(
    ["discriminator", "search", "mix", "discriminatorAll"].map((name) => [name, { auroc: 0.75, auprc: 0.5 }]),
  ),
};

describe("gantry lab anomaly", () => {
  it("says what is wrong in one line", async () => {
    const wrong = async (...args: string[]) => {
      const { code, stderr } = await start(["lab", "anomaly", ...args]);
      return [code, stderr.trimEnd()];
    };
    const [digits, gans, subset] = await Promise.all([
      wrong("--digits", "1,12"),
      wrong("--gans", "dcgan,wgang"),
      wrong("--subset", "7"),
    ]);
    expect(digits).toEqual([2, expect.stringContaining("--digits (=12) must be digits from 0 to 9, each once")]);
    expect(gans).toEqual([2, expect.stringContaining("--gans: there is no `wgang`; did you mean `wgan`?")]);
    expect(subset).toEqual([2, expect.stringContaining("--subset (=7) must be an even number from 2 to 1784")]);
  });

  it("makes the tables from a folder of records of version 0.1", async () => {
    const records = join(folder, "records");
    mkdirSync(records);
    writeFileSync(join(records, "wgan-gp-digit3-all-seed0.json"), JSON.stringify(record));
    const out = join(folder, "out");
    const { code, stdout } = await start(["lab", "anomaly", "--records", records, "--out", out]);
    expect(code).toBe(0);
    expect(stdout).toContain("### wgan-gp: 240 steps, batch 64\n");
    expect(cells(stdout)).toContain("| 3 | 0 | 0.75000 | – |");
    expect(stdout).toBe(`${readFileSync(join(out, "tables.md"), "utf8")}\nResults: ${join(out, "tables.md")}\n`);
  });
});

describe("gantry lab images", () => {
  it("prints the comparison of a sweep's records", async () => {
    const { code, stdout } = await start(["lab", "images", "docs/results/data/top-k-images/mnist.jsonl"]);
    expect(code).toBe(0);
    expect(cells(stdout)).toContain("| dcgan | 64 | 0 1 2 | 8.2 ± 1.5 | 7.4 ± 2.0 | -0.8 ± 3.4 |");
  });

  it("says how a sweep's folder of version 0.1 gets its records", async () => {
    const sweep = join(folder, "sweep");
    mkdirSync(sweep);
    writeFileSync(join(sweep, "sweep.json"), "{}");
    const { code, stderr } = await start(["lab", "images", sweep]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/records\.jsonl does not exist; .*; gantry sweep \S+ writes it/);
  });
});
