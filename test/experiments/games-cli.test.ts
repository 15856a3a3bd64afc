/** `gantry lab games` as a person runs it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { start } from "../cli/spawn.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-lab-games-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("gantry lab games", () => {
  it("plays, tabulates, draws, and makes the page again from the records", async () => {
    const out = join(folder, "games");
    const flags = ["--games", "dirac,bilinear", "--orders", "alternating", "--weights", "0.5", "--seeds", "3"];
    const { code, stdout } = await start(["lab", "games", ...flags, "--steps", "200", "--out", out]);
    expect(code).toBe(0);
    expect(stdout.indexOf("### Bilinear")).toBeLessThan(stdout.indexOf("### Dirac-GAN"));
    expect(stdout).not.toContain("Simultaneous");
    expect(stdout.match(/\| historical averaging, weight 0\.5 \|/g)).toHaveLength(2);
    expect(existsSync(join(out, "figures", "bilinear-ways.png"))).toBe(true);

    const others = ["lab", "games", ...flags, "--steps", "300", "--out", out];
    expect((await start(others)).stderr).toBe(
      `gantry: ${join(out, "records.jsonl")} holds a record that was played with --lr 0.05 --steps 200 --seeds 3 --weights 0.5 --orders alternating, ` +
        "not --lr 0.05 --steps 300 --seeds 3 --weights 0.5 --orders alternating; choose another folder with --out\n",
    );

    const again = join(folder, "again");
    const second = await start(["lab", "games", "--records", join(out, "records.jsonl"), "--out", again, "--json"]);
    expect(second.stdout).toBe(`${JSON.stringify({ event: "end", directory: again })}\n`);
    for (const file of ["tables.md", "figures/dirac-ways.svg", "figures/dirac-alternating-distance.svg"]) {
      expect(readFileSync(join(again, file), "utf8"), file).toBe(readFileSync(join(out, file), "utf8"));
    }
  });

  it("says what is wrong in one line", async () => {
    const wrong = async (...args: string[]) => {
      const { code, stderr } = await start(["lab", "games", ...args]);
      return [code, stderr.trimEnd()];
    };
    expect(await wrong("--games", "bilinaer")).toEqual([
      2,
      "gantry: --games: there is no `bilinaer`; did you mean `bilinear`?",
    ]);
    expect(await wrong("--orders", ",")).toEqual([
      2,
      "gantry: --orders (=,) must name at least one of simultaneous, alternating",
    ]);
    expect(await wrong("--weights", "0.1,-1")).toEqual([
      2,
      "gantry: --weights (=-1) must be a number above 0, such as 1.5",
    ]);
    const missing = join(folder, "none");
    expect(await wrong("--records", missing)).toEqual([
      1,
      `gantry: ${missing} holds no records; name a file or a folder with those of gantry lab games`,
    ]);
  });
});
