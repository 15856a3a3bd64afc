/** `diagnose` finds each fault in a run that was made with it, says nothing of healthy runs, and shows its evidence. */
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { imagesOfGrid, pairDistances, rowsOf } from "../../src/diagnosis/images.ts";
import { diagnose } from "../../src/diagnosis/index.ts";
import { overlapOf } from "../../src/diagnosis/overlap.ts";
import { checks } from "../../src/diagnosis/registry.ts";
import { isLasting, lastStretch, median, thinned } from "../../src/diagnosis/series.ts";
import { encodePng, tile } from "../../src/formats/index.ts";
import { defineRecipe, type RecipeInput } from "../../src/recipe/recipe.ts";
import { startRun } from "../../src/training/index.ts";
import { newDirectory } from "../training/short-run.ts";
import { temporaryFolder } from "../training/tiny.ts";
import { faulty, healthy } from "./faults.ts";

async function trained(recipe: RecipeInput): Promise<string> {
  const directory = newDirectory();
  await startRun(defineRecipe(recipe), { directory }).train();
  return directory;
}

describe("a run with a fault", () => {
  it.each(Object.entries(faulty))("%s", async (_, [check, recipe]) => {
    const directory = await trained(recipe);
    const { findings, step } = await diagnose(directory);
    const found = findings.find(({ name }) => name === check);
    expect(found, JSON.stringify(findings)).toBeDefined();
    expect(found!.since).toBeGreaterThan(0);
    expect(found!.since).toBeLessThanOrEqual(step);
    expect(found!.evidence).toMatch(/\d/);
    expect(Object.values(found!.numbers).every(Number.isFinite)).toBe(true);
    if (found!.picture !== undefined) expect(existsSync(found!.picture)).toBe(true);
    if (check === "collapse" && found!.picture !== undefined) {
      expect(found!.evidence).toContain("by the features of mnist-classifier");
    }
    // A picture of copies: as many as are shown above as what they copy below.
    if (check === "memorising") {
      const { width, height } = await sharp(found!.picture!).metadata();
      expect([(width! - 2) % 18, height]).toEqual([0, 38]);
    }
  });

  it("is said to have diverged when it has", async () => {
    const [, recipe] = faulty["a critic without a bound"]!;
    const directory = newDirectory();
    const run = startRun(defineRecipe({ ...recipe, steps: 400 }), { directory });
    await expect(run.train()).rejects.toThrow("training has diverged");
    const [found] = (await diagnose(directory)).findings;
    expect(found).toMatchObject({ name: "divergence" });
    expect(found!.evidence).toContain(`step ${found!.since}: `);
  });
});

describe("a healthy run", () => {
  it.each(Object.entries(healthy))("%s: nothing is found", async (name, recipe) => {
    const { findings, clear, unknown } = await diagnose(await trained(recipe));
    expect(findings).toEqual([]);
    const impossible = name === "ring" ? ["memorising", "overfitting"] : [];
    expect(unknown.map((one) => one.name)).toEqual(impossible);
    expect(clear).toHaveLength(checks.length - impossible.length);
  });
});

describe("a run that tells too little", () => {
  it("gets a reason for each check, and no finding", async () => {
    const directory = await trained({ ...healthy.digits!, steps: 10 });
    const { findings, unknown } = await diagnose(directory);
    expect(findings).toEqual([]);
    expect(unknown.map(({ name, reason }) => `${name}: ${reason}`)).toEqual([
      "divergence: the log has 2 lines, and 20 are needed",
      "saturation: the log has 2 norms of G's gradient, and 20 are needed",
      "collapse: the run has 1 sample grid, and 3 are needed",
    ]);
  });

  it("that is a folder of something else is refused", async () => {
    await expect(diagnose(temporaryFolder())).rejects.toThrow("is not a run");
  });

  it("says so where lines of its log cannot be read, and is refused where none can", async () => {
    const directory = newDirectory();
    cpSync(join(import.meta.dirname, "../fixtures/exported-run"), directory, { recursive: true });
    const log = join(directory, "metrics.jsonl");
    // The fixture holds half a line.
    expect((await diagnose(directory)).unreadable).toBe(1);
    writeFileSync(log, `${readFileSync(log, "utf8")}{"step": 7, "lossD\n`);
    expect((await diagnose(directory)).unreadable).toBe(2);
    writeFileSync(log, "{{\nno log\n");
    await expect(diagnose(directory)).rejects.toThrow(
      /metrics.jsonl: none of its 2 lines can be read, so nothing can be said of this run$/,
    );
    writeFileSync(log, "{");
    await expect(diagnose(directory)).rejects.toThrow(/its only line cannot be read/);
  });

  it("has no log yet", async () => {
    const directory = newDirectory();
    startRun(defineRecipe(healthy.ring!), { directory });
    const { findings, clear, step } = await diagnose(directory);
    expect([findings, clear, step]).toEqual([[], [], 0]);
  });
});

describe("docs/how-to/diagnose.md", () => {
  const page = (name: string): string => readFileSync(join(import.meta.dirname, "../../docs", name), "utf8");

  it("has a heading for each check", () => {
    const headings = [...page("how-to/diagnose.md").matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings.slice(0, -1)).toEqual(checks.map(({ name }) => name));
  });

  it("and the pages of results say, word for word, what the checks say was measured", () => {
    const words = (text: string): string => text.replace(/\s+/g, " ");
    for (const { measured } of checks) {
      for (const { page: name, text } of measured) expect(words(page(name))).toContain(words(text));
    }
    expect(checks.flatMap(({ measured }) => measured)).not.toEqual([]);
  });
});

describe("the measures", () => {
  it("read a grid's images back as they were tiled", async () => {
    const pixels = Uint8Array.from({ length: 5 * 4 * 4 * 6 }, (_, i) => (i * 37) % 256);
    const size = { height: 4, width: 6 };
    for (const channels of [1, 3, 4]) {
      const batch = { pixels: pixels.subarray(0, 5 * channels * 24), count: 5, channels, ...size };
      const file = join(temporaryFolder(), "grid.png");
      writeFileSync(file, await encodePng(tile(batch, { columns: 2 })));
      const layout = { count: 5, columns: 2, padding: 2, channels, size };
      expect(await imagesOfGrid(file, layout)).toEqual({ ...batch, pixels: Uint8Array.from(batch.pixels) });
      await expect(imagesOfGrid(file, { ...layout, channels: 2 })).rejects.toThrow("do not show all 2 channels");
      await expect(imagesOfGrid(file, { ...layout, count: 9 })).rejects.toThrow("a grid of 9 samples of this run has");
    }
    const broken = join(temporaryFolder(), "broken.png");
    writeFileSync(broken, "no picture");
    await expect(imagesOfGrid(broken, { count: 1, columns: 1, padding: 2, channels: 1, size: 4 })).rejects.toThrow(
      "is no picture",
    );
  });

  it("are distances, medians, stretches and overlaps", () => {
    const rows = rowsOf({ pixels: Uint8Array.from([0, 0, 3, 4, 0, 10]), count: 3, channels: 1, height: 1, width: 2 });
    expect(pairDistances(rows)).toEqual([5, 10, Math.hypot(3, 6)]);
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
    expect(lastStretch([1, 5, 1, 6, 7], (value) => value > 2)).toEqual([6, 7]);
    expect(lastStretch([5, 1], (value) => value > 2)).toEqual([]);
    const list = Array.from({ length: 100 }, (_, i) => i);
    expect(thinned(list, 7)).toEqual([0, 24, 48, 72, 97, 98, 99]);
    expect(isLasting(list.slice(0, 10), list)).toBe(true);
    expect(isLasting(list.slice(0, 9), list.slice(0, 9))).toBe(false);
    expect(isLasting(list.slice(0, 10), [...list, ...list])).toBe(false);
    expect(overlapOf({ from: 0, to: 1, real: [1, 1, 2, 0], fake: [0, 0, 2, 2] })).toBe(0.5);
  });
});
