/** `gantry lab mixture`, `oracle` and `anneal` as a person runs them, in one small folder. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { start } from "../cli/spawn.ts";
import { cells } from "./markdown.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-lab-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const out = join(folder, "mixture");
const mixture = ["lab", "mixture", "--modes", "4", "--updates", "top", "--seeds", "1", "--steps", "10", "--out", out];

describe("gantry lab", () => {
  it("trains, tabulates, and repeats no run", async () => {
    const { code, stdout } = await start([...mixture, "--threads", "1"]);
    expect(code).toBe(0);
    expect(stdout).toContain("### 4 modes, 10 iterations");
    expect(cells(stdout)).toContain("| top-k | 0 | 234 |");
    const log = join(out, "runs", "modes=4_update=top-seed0", "metrics.jsonl");
    const before = statSync(log).mtimeMs;
    expect((await start([...mixture, "--threads", "1"])).code).toBe(0);
    expect(statSync(log).mtimeMs).toBe(before);
  });

  it("makes the page again from the records", async () => {
    const again = join(folder, "again");
    const { code } = await start(["lab", "mixture", "--records", join(out, "records.jsonl"), "--out", again]);
    expect(code).toBe(0);
    expect(readFileSync(join(again, "tables.md"), "utf8")).toBe(readFileSync(join(out, "tables.md"), "utf8"));
  });

  it("measures the oracle's cosines on a run", async () => {
    const run = join(out, "runs", "modes=4_update=top-seed0");
    const oracle = join(folder, "oracle");
    const { code, stdout } = await start(["lab", "oracle", run, "--steps", "1,10", "--batches", "2", "--out", oracle]);
    expect(code).toBe(0);
    expect(stdout).toContain("One plain gradient step; 4 modes, trained on top-k, seed 0");
    expect(existsSync(join(oracle, "figures", "oracle-modes-4-top-seed0-gradient.png"))).toBe(true);
  });

  it("says what is wrong in one line", async () => {
    const wrong = async (...args: string[]) => {
      const { code, stderr } = await start(["lab", ...args]);
      return [code, stderr.trimEnd()];
    };
    expect(await wrong("mixture", "--updates", "all,tpo")).toEqual([
      2,
      "gantry: --updates: there is no `tpo`; did you mean `top`?",
    ]);
    expect(await wrong("oracle")).toEqual([
      2,
      "gantry: gantry lab oracle needs a run, or --records PATH; see gantry lab oracle --help",
    ]);
    expect(await wrong("anneal", "--gammas", "2")).toEqual([
      2,
      "gantry: --gammas (=2) must be numbers above 0 and at most 1, such as 0.5,0.75",
    ]);
    expect(await wrong("mixture", "--updates", ",")).toEqual([
      2,
      "gantry: --updates (=,) must name at least one of all, top, bottom, random",
    ]);
    for (const [args, said] of [
      [["mixture", "--modes", "24"], "modes (=24) must be a square number"],
      [["anneal", "--modes", "24"], "modes (=24) must be a square number"],
      [["anneal", "--shard", "3/2"], "--shard"],
    ] as const) {
      const [code, message] = await wrong(...args, "--out", join(folder, "none"));
      expect(code).toBe(2);
      expect(message).toContain(said);
      expect(existsSync(join(folder, "none"))).toBe(false);
    }
  });
});
