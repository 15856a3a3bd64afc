/** `gantry reproduce` as a person runs it: the list, the cost, a claim of one's own at a tiny length, resumed. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { claims, published } from "../../src/experiments/claims/index.ts";
import { jsonLines, start } from "../cli/spawn.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-reproduce-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const example = join(import.meta.dirname, "../../examples/own-claim.ts");
const tiny = ["--seeds", "2", "--length", "4", "--threads", "1"];

describe("gantry reproduce", () => {
  it("lists every claim with its cost and its published verdict, for a terminal of 100 columns", async () => {
    const { code, stdout } = await start(["reproduce", "--list"]);
    expect(code).toBe(0);
    for (const name of Object.keys(claims)) {
      const row = stdout.split("\n").find((line) => line.startsWith(`${name} `))!;
      expect(row.endsWith(` ${published[name]?.text ?? "not measured"}`)).toBe(true);
    }
    // 10 x 2,259 s
    expect(stdout).toMatch(/^top-k-quality +6 h 16 min {2}refuted\n {4}Top-k training raises the share/m);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    const json = jsonLines((await start(["reproduce", "--list", "--json"])).stdout);
    expect(json.map(({ name }) => name)).toEqual(Object.keys(claims));
    expect(json.find(({ name }) => name === "top-k-quality")).toMatchObject({ seconds: 22590 });
    expect(json.find(({ name }) => name === "top-k-glorot")).toMatchObject({ published: null });
    expect(json.find(({ name }) => name === "attention")).toMatchObject({ published: published.attention });
  });

  it("shows the cost before anything runs", async () => {
    const out = join(folder, "dry");
    const { code, stdout } = await start(["reproduce", "top-k-quality", "--dry-run", "--out", out]);
    expect(code).toBe(0);
    // 10 x 2,259 s
    expect(stdout).toContain("Cost: 10 runs of 37 min 39 s; together about 6 h 16 min on one core (measured: ");
    expect(stdout).toContain("Published: refuted (5 seeds, 100,000 iterations)\n");
    expect(stdout).toContain("; 5 seeds, 100,000 iterations\n");
    expect(existsSync(out)).toBe(false);
  });

  it("runs a claim of one's own to its verdict and page, and repeats no run", async () => {
    const out = join(folder, "own");
    const { code, stdout, stderr } = await start(["reproduce", example, ...tiny, "--out", out]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout.indexOf("Cost: 4 runs of 0.1 s")).toBeLessThan(stdout.indexOf("Verdict:"));
    expect(stdout).toContain("2 seeds, 4 steps; the set-up has 5 seeds, 2,000 steps");
    expect(stdout).toContain("Verdict: at 2 of 5 seeds, 4 of 2,000 steps: undecided");
    const page = readFileSync(join(out, "claim.md"), "utf8");
    expect(page).toContain("# larger-batch: at 2 of 5 seeds, 4 of 2,000 steps: undecided");
    expect(page).toContain("; 2 seeds, 4 steps; the set-up has 5 seeds, 2,000 steps.");
    expect(page).toContain("**Rule.** By seed, 512 minus 256");
    expect(page).toMatch(/\| 512 +\|/);

    const log = join(out, "batches", "runs", "batchSize=512-seed1", "metrics.jsonl");
    const before = statSync(log).mtimeMs;
    const again = await start(["reproduce", example, ...tiny, "--out", out, "--json"]);
    expect(again.code).toBe(0);
    expect(statSync(log).mtimeMs).toBe(before);
    expect(jsonLines(again.stdout).at(-1)).toMatchObject({
      event: "verdict",
      name: "larger-batch",
      outcome: "undecided",
    });
  });

  it("continues what Ctrl-C has stopped", async () => {
    const out = join(folder, "stopped");
    const command = ["reproduce", example, "--seeds", "1", "--length", "300", "--threads", "1", "--out", out];
    const stop = await start([...command, "--json"], {
      whenLine: (line, child) => void (line.includes('"event":"child"') && child.kill("SIGINT")),
    });
    expect(stop.code).toBe(130);
    expect(stop.stdout).not.toContain('"event":"verdict"');
    const other = await start([...command.with(5, "4")]);
    expect(other.code).toBe(1);
    expect(other.stderr).toContain("steps=300");
    const { code, stdout } = await start(command);
    expect(code).toBe(0);
    expect(stdout).toContain("Verdict: at 1 of 5 seeds, 300 of 2,000 steps: undecided");
  });

  it("measures an experiment of the laboratory, with its figures in the page", async () => {
    const out = join(folder, "games");
    const { code, stdout } = await start([
      "reproduce",
      "historical-averaging",
      "--seeds",
      "2",
      "--length",
      "30",
      "--out",
      out,
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain("Verdict: at 2 of 16 starting points, 30 of 10,000 steps: undecided");
    const [, figure] = /\]\((games\/figures\/[^)]+\.svg)\)/.exec(readFileSync(join(out, "claim.md"), "utf8"))!;
    expect(existsSync(join(out, figure!))).toBe(true);
  });

  it("says what is wrong in one line", async () => {
    const nothing = join(folder, "nothing.ts");
    writeFileSync(nothing, "export default 1;\n");
    for (const [args, code, said] of [
      [["top-k-qualty"], 1, "there is no claim `top-k-qualty`; did you mean `top-k-quality`?"],
      [[], 2, "gantry reproduce needs a claim, or --list"],
      [["attention", "--list"], 2, "takes a claim or --list, not both"],
      [["attention", "--length", "5"], 2, "the length of attention (=5 steps) cannot be chosen; it is 600"],
      [["attention", "--seeds", "0"], 2, "--seeds (=0) must be a whole number of at least 1"],
      [[nothing], 1, "must export a claim: export default defineClaim({ ... })"],
      [[join(folder, "missing.ts")], 1, "does not exist"],
    ] as const) {
      const outcome = await start(["reproduce", ...args]);
      expect([outcome.code, outcome.stderr.split("\n").length, outcome.stderr]).toEqual([
        code,
        2,
        expect.stringContaining(said),
      ]);
    }
  });
});
