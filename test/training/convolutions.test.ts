/** The algorithms of a run's convolutions: measured, stored, taken up again. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { dcgan } from "../../src/models/index.ts";
import { applyOverrides, type Recipe } from "../../src/recipe/index.ts";
import { convolutionChoices, engineSummary, setConvolutionChoices } from "../../src/tensor/index.ts";
import { openRun, startRun } from "../../src/training/index.ts";
import { measuredConvolutionsFile, readConvolutions } from "../../src/training/run/convolutions.ts";
import { tinyRecipe } from "./tiny.ts";

// The engine lies in the cache folder, which the tests exchange for an empty one.
beforeAll(() => void engineSummary());

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gantry-convolutions-"));
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  setConvolutionChoices({});
});
afterEach(() => {
  vi.unstubAllEnvs();
  setConvolutionChoices({});
  rmSync(folder, { recursive: true, force: true });
});

/** Wide enough for Winograd's ways to apply. */
const recipe = (changes: readonly string[] = ["convolution=measure"]): Recipe =>
  applyOverrides(
    tinyRecipe({
      generator: dcgan.generator({ latent: 4, width: 16 }),
      discriminator: dcgan.discriminator({ width: 16 }),
      steps: 2,
      checkpoint: { every: 1 },
    }),
    changes,
  );

const weights = (run: string): Buffer => readFileSync(join(run, "checkpoints/step-000002/generator.safetensors"));

describe("the convolutions of a run", () => {
  it("are measured, and stored for the run and for the machine", async () => {
    const run = join(folder, "run");
    await startRun(recipe(), { directory: run }).train();
    const own = readConvolutions(join(run, "convolutions.json"));
    expect(Object.keys(own).length).toBeGreaterThan(5);
    expect(own).toEqual(convolutionChoices());
    expect(readConvolutions(measuredConvolutionsFile())).toEqual(own);
  });

  it("are those of the machine for a run that begins, with the same bits", async () => {
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    const notes: string[] = [];
    const events = { note: (text: string) => notes.push(text) };
    await startRun(recipe(), { directory: first }).train({ events });
    expect(notes).toEqual([expect.stringMatching(/^the fastest algorithms for \d+ convolutions were measured in /)]);
    setConvolutionChoices({});
    await startRun(recipe(), { directory: second }).train({ events });
    expect(notes).toHaveLength(1);
    expect(readConvolutions(join(second, "convolutions.json"))).toEqual(
      readConvolutions(join(first, "convolutions.json")),
    );
    expect(weights(second)).toEqual(weights(first));
  });

  it("stay those that the run began with, whatever the machine measures later", async () => {
    const [whole, stopped] = [join(folder, "whole"), join(folder, "stopped")];
    await startRun(recipe(), { directory: whole }).train();
    await startRun(recipe(["convolution=measure", "steps=1"]), { directory: stopped }).train();
    const measured = measuredConvolutionsFile();
    const own = readConvolutions(measured);
    const other = Object.fromEntries(
      Object.entries(own).map(([key, way]) => [key, way === "engine" ? "turned" : "engine"]),
    );
    writeFileSync(measured, JSON.stringify({ format: 1, machine: {}, choices: other }));
    setConvolutionChoices({});
    await (await openRun(stopped, ["steps=2"])).train();
    expect(readConvolutions(join(stopped, "convolutions.json"))).toEqual(own);
    expect(weights(stopped)).toEqual(weights(whole));
  });

  it("need no cache: a damaged file is measured again, and one that cannot be written is left", async () => {
    const measured = measuredConvolutionsFile();
    mkdirSync(dirname(measured), { recursive: true });
    writeFileSync(measured, "{");
    await startRun(recipe(), { directory: join(folder, "damaged") }).train();
    expect(readConvolutions(measured)).toEqual(readConvolutions(join(folder, "damaged", "convolutions.json")));
    rmSync(dirname(measured), { recursive: true });
    writeFileSync(dirname(measured), "a file in the place of the folder");
    const { finished } = await startRun(recipe(), { directory: join(folder, "without") }).train();
    expect(finished).toBe(true);
  });

  it("follow rules where the recipe or the environment says so, and nothing is stored", async () => {
    const [fixed, said] = [join(folder, "fixed"), join(folder, "said")];
    await startRun(recipe(["convolution=rules"]), { directory: fixed }).train();
    vi.stubEnv("GANTRY_CONVOLUTION", "rules");
    await startRun(recipe([]), { directory: said }).train();
    for (const run of [fixed, said]) expect(existsSync(join(run, "convolutions.json"))).toBe(false);
    expect(existsSync(measuredConvolutionsFile())).toBe(false);
    expect(weights(said)).toEqual(weights(fixed));
    vi.stubEnv("GANTRY_CONVOLUTION", "fastest");
    await expect(startRun(recipe([]), { directory: join(folder, "odd") }).train()).rejects.toThrow(
      "GANTRY_CONVOLUTION (=fastest) must be one of measure, exact, rules",
    );
  });
});
