/** What a scheduler does to a training: the same line again, SIGTERM at any time, and more or fewer workers. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { listCheckpoints } from "../../src/training/index.ts";
import { tinyTraining } from "../torture/trial.ts";
import { inProcess } from "./in-process.ts";
import { start } from "./spawn.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-scheduler-"));
afterAll(() => rmSync(folder, { recursive: true }));

const steps = (run: string): number[] => listCheckpoints(join(run, "checkpoints")).map(({ step }) => step);

describe("--resume-or-start", () => {
  const run = join(folder, "run");
  const line = (...more: string[]) => start([...tinyTraining(run, 60), "--resume-or-start", ...more]);

  it("starts a run and continues it", async () => {
    expect(await line()).toMatchObject({ code: 0, stderr: "" });
    expect(steps(run).at(-1)).toBe(60);
    // A longer run is the same run.
    const longer = [...tinyTraining(run, 80), "--resume-or-start"];
    expect(await start(longer)).toMatchObject({ code: 0, stderr: "" });
    expect(steps(run).at(-1)).toBe(80);
    const { overrides } = JSON.parse(readFileSync(join(run, "recipe.json"), "utf8"));
    expect(overrides.filter((text: string) => text === "steps=80")).toHaveLength(1);
  });

  it("does not continue a run of other settings, and needs the folder's name", async () => {
    // Also where fewer steps than the run has reached would be refused by themselves.
    const other = await start([...tinyTraining(run, 40), "--seed", "9", "--resume-or-start"]);
    expect(other.code).toBe(1);
    expect(other.stderr).toBe(
      `gantry: --out ${run} holds a run of other settings: its \`seed\` is 0, this command's is 9; give another --out, or the settings that it began with\n`,
    );
    expect(await inProcess("train", "mixture", "--resume-or-start")).toMatchObject({ code: 2 });
    expect(await inProcess("train", "mixture", "--out", run, "--resume-or-start", "--overwrite")).toMatchObject({
      code: 2,
    });
  });
});

describe("SIGTERM", () => {
  const begun = (text: string) => text.includes('"event":"begin"');

  it("in the first step leaves the checkpoint of that step", async () => {
    const run = join(folder, "first");
    const flags = [...tinyTraining(run, 1_000_000).filter((flag) => flag !== "--quiet"), "--json"];
    let asked = false;
    const { code } = await start(flags, {
      whenLine: (text, child) => {
        if (begun(text) && !asked) asked = child.kill("SIGTERM");
      },
    });
    expect(code).toBe(143);
    expect(steps(run)).toHaveLength(1);
    expect(steps(run)[0]).toBeLessThan(20);
  });
});

describe("a run of two workers", () => {
  it("is continued by one, which says that the bits are others, and not by three, which cannot share the batch", async () => {
    const run = join(folder, "workers");
    const two = await start([...tinyTraining(run, 20), "--workers", "2"]);
    expect(two).toMatchObject({ code: 0, stderr: "" });
    const one = await start(["resume", run, "--steps", "40"]);
    expect(one.code, one.stderr).toBe(0);
    expect(one.stdout).toContain("workers 2 is now 1: the run continues, but not with the bits that it would have had");
    const three = await start(["resume", run, "--steps", "60", "--workers", "3"]);
    expect(three.code).toBe(2);
    expect(three.stderr).toContain("must be divisible by the number of workers (3)");
    expect(steps(run).at(-1)).toBe(40);
    expect(existsSync(join(run, "running.json"))).toBe(false);
  });
});
