/** `gantry diagnose` and `gantry export` as a person calls them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defineRecipe } from "../../src/recipe/recipe.ts";
import { startRun } from "../../src/training/index.ts";
import { faulty } from "../diagnosis/faults.ts";
import { newDirectory } from "../training/short-run.ts";
import { start } from "./spawn.ts";

const stored = join(import.meta.dirname, "../fixtures/exported-run");

describe("gantry diagnose", () => {
  it("ends with 3, the evidence, the page and what was measured, as text and as JSON", async () => {
    const directory = newDirectory();
    const [, recipe] = faulty["points that stay at the middle of 25 modes"]!;
    await startRun(defineRecipe(recipe), { directory }).train();
    const { code, stdout } = await start(["diagnose", directory]);
    expect(code).toBe(3);
    expect(stdout).toContain("Step 200: 1 fault found.\n\nmode collapse, since step 50\n");
    expect(stdout).toContain("  A generated batch reaches 1 of 25 modes, each sample counted for its nearest.\n");
    expect(stdout).toContain("  What it means and what can be done: docs/how-to/diagnose.md#collapse\n");
    expect(stdout).toContain("  Measured here (docs/results/improved.md): ");
    expect(stdout).toContain("\n  checked and found clear: discriminator-wins, generator-wins\n  not checked: ");
    expect(stdout).toContain("  not checked: memorising (the run makes vectors)\n");
    const json = await start(["diagnose", directory, "--json"]);
    expect(json.code).toBe(3);
    expect(JSON.parse(json.stdout)).toMatchObject({
      step: 200,
      findings: [{ name: "collapse", since: 50, numbers: { modes: 1, of: 25 }, page: "how-to/diagnose.md#collapse" }],
      clear: ["discriminator-wins", "generator-wins"],
    });
    // Lines in which D has won, after those of the training.
    const log = join(directory, "metrics.jsonl");
    const line = (step: number): string => `${JSON.stringify({ step, dReal: 0.99, dFake: 0.01, seconds: step })}\n`;
    const more = Array.from({ length: 12 }, (_, i) => line(201 + i)).join("");
    writeFileSync(log, `${readFileSync(log, "utf8")}${more}`);
    const again = await start(["diagnose", directory]);
    expect(again.stdout).toContain("D wins, since step 201\n");
  });

  it("ends with 0 where nothing is found, and refuses what is no run", async () => {
    const { code, stdout } = await start(["diagnose", stored]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Step 6: nothing found in \d checks\.\n/);
    const wrong = await start(["diagnose", join(stored, "samples")]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("is not a run");
  });
});

describe("gantry export", () => {
  it("writes into the run or where --out says, and names the files", async () => {
    const out = join(newDirectory(), "tables");
    const { code, stdout } = await start(["export", stored, "--to", "csv", "--out", out]);
    expect(code).toBe(0);
    expect(stdout).toBe(["ticks", "scores", "outputs"].map((name) => `${join(out, name)}.csv\n`).join(""));
    const json = await start(["export", stored, "--to", "tensorboard", "--out", out, "--json"]);
    expect(JSON.parse(json.stdout)).toEqual({
      to: "tensorboard",
      files: [expect.stringMatching(/\.gantry$/)],
      notes: [],
    });
  });

  it.each([
    [[], "--to is missing; it must be tensorboard or csv or onnx or pytorch or web or hub"],
    [
      ["--to", "tensorbord"],
      "--to (=tensorbord) must be tensorboard or csv or onnx or pytorch or web or hub; did you mean tensorboard?",
    ],
    [["--to", "constructor"], "--to (=constructor) must be tensorboard or csv or onnx or pytorch or web or hub"],
  ])("refuses %j", async (flags, message) => {
    const { code, stderr } = await start(["export", stored, ...flags]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
