/** The experiment on mixtures: its grid, its records, its tables and figures. */
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { expandGrid, makePage } from "../../src/experiments/index.ts";
import { annealSweep } from "../../src/experiments/mixture/anneal.ts";
import {
  groupsOf,
  groupTable,
  type MixtureRecord,
  mixture,
  mixtureTables,
  populatedModes,
  recordOf,
  verdicts,
} from "../../src/experiments/mixture/mixture.ts";
import { milestones, mixtureSweep, STANDARD, setupOf, updates } from "../../src/experiments/mixture/setup.ts";
import { parseOption } from "../../src/experiments/options.ts";
import { appendRecord, readRecords } from "../../src/experiments/records.ts";
import { loadRecipe } from "../../src/recipe/load.ts";
import { startRun } from "../../src/training/index.ts";
import { filesIn, temporaryFolder } from "../training/tiny.ts";
import { cells } from "./markdown.ts";

const standard = { inits: ["pytorch"], losses: ["nonSaturating"], roundings: ["ceil"], latents: [2] } as const;

const curve = (values: readonly number[]): MixtureRecord["curve"] =>
  values.map((highQuality, i) => ({ step: (i + 1) * 10, highQuality, modes: 4, reverseKl: 0.1, distance: 0.02 }));

const record = (update: MixtureRecord["update"], seed: number, share: number): MixtureRecord => ({
  format: 1,
  modes: 4,
  update,
  ...STANDARD,
  seed,
  steps: 20,
  samples: 100,
  batchSize: 8,
  k: update === "all" ? 8 : 6,
  seconds: 120,
  engine: { gantry: "0" },
  mixture: {
    centres: [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ],
    sigma: 0.05,
  },
  curve: curve([0.5, share]),
  histogram: [25, 25, 25, 25],
});

describe("mixtureSweep", () => {
  it("is all arms with the first seed first, each differing in the rows alone", async () => {
    const { recipe } = await loadRecipe("mixture");
    const { runs } = expandGrid(
      mixtureSweep({ ...standard, modes: [64, 25], updates, seeds: 2, steps: 100_000 }),
      recipe,
    );
    expect(() => parseOption("--modes", mixture.options.modes, "24")).toThrow("--modes (=24) must be a square number");
    expect(runs.slice(0, 5).map(({ name }) => name)).toEqual([
      "modes=25_update=all-seed0",
      "modes=25_update=top-seed0",
      "modes=25_update=bottom-seed0",
      "modes=25_update=random-seed0",
      "modes=64_update=all-seed0",
    ]);
    const [all, top, bottom] = runs.map(({ recipe: { techniques } }) => techniques[0]!.options);
    expect(all).toMatchObject({ floor: 1, gamma: 0.99, everySteps: 2000 });
    expect(top).toMatchObject({ floor: 0.75, keep: "top", everySteps: 2000 });
    expect(bottom).toEqual({ ...top, keep: "bottom" });
  });

  it("varies initialisation, loss, k's rounding and z, and names only what is not standard", async () => {
    const { recipe } = await loadRecipe("mixture");
    const other = {
      inits: ["pytorch", "glorot"],
      losses: ["minimax"],
      roundings: ["cumulative"],
      latents: [10],
    } as const;
    const { runs } = expandGrid(
      mixtureSweep({ ...other, modes: [25], updates: ["top"], seeds: 1, steps: 100 }),
      recipe,
    );
    expect(runs.map(({ name }) => name)).toEqual([
      "modes=25_init=pytorch_loss=minimax_rounding=cumulative_z=10_update=top-seed0",
      "modes=25_init=glorot_loss=minimax_rounding=cumulative_z=10_update=top-seed0",
    ]);
    const [plain, glorot] = runs.map((run) => run.recipe);
    expect(plain!.generator.options).toMatchObject({ init: "default", latent: 10 });
    for (const player of ["generator", "discriminator"] as const)
      expect(glorot![player].options).toMatchObject({ init: "xavierNormal", biasStd: 0.01 });
    expect(glorot!.loss.kind).toBe("minimax");
    expect(glorot!.techniques[0]!.options.rounding).toBe("cumulative");
    expect(setupOf(glorot!)).toEqual({ init: "glorot", loss: "minimax", rounding: "cumulative", latent: 10 });
    expect(setupOf(recipe)).toEqual(STANDARD);
  });

  it("anneals a shorter run in proportion", async () => {
    const { recipe } = await loadRecipe("mixture");
    const short = expandGrid(mixtureSweep({ ...standard, modes: [25], updates, seeds: 5, steps: 5_000 }), recipe)
      .runs[0]!.recipe;
    expect(short.techniques[0]!.options.everySteps).toBe(100);
    expect(short.evaluate!.every).toBe(100);
    expect(short.checkpoint.at).toEqual([50, 250, 500, 1000, 2500, 5000]);
    expect(milestones(10)).toEqual([1, 2, 5, 10]);
  });
});

describe("annealSweep", () => {
  it("has every pair below 1, and all samples once", async () => {
    const { recipe } = await loadRecipe("mixture");
    const { cells, runs } = expandGrid(
      annealSweep({ gammas: [0.5, 0.9], floors: [0.25, 1], modes: 25, seeds: 1, steps: 500 }),
      recipe,
    );
    expect(cells.map(({ values }) => values[0])).toEqual(["all samples", "gamma 0.5, nu 0.25", "gamma 0.9, nu 0.25"]);
    expect(runs[1]!.recipe.techniques[0]!.options).toMatchObject({ gamma: 0.5, floor: 0.25, everySteps: 10 });
  });
});

describe("records", () => {
  it("hold the results of a run", async () => {
    const { recipe } = await loadRecipe("mixture");
    const sweep = mixtureSweep({ ...standard, modes: [4], updates: ["bottom"], seeds: 1, steps: 50 });
    const set = [
      "evaluate.samples=200",
      "evaluate.every=25",
      "samples.count=10",
      "batchSize=8",
      "generator.hidden=[8]",
      "discriminator.hidden=[8]",
    ];
    const [run] = expandGrid({ ...sweep, set: [...sweep.set, ...set] }, recipe).runs;
    const path = join(temporaryFolder(), "run");
    await startRun(run!.recipe, { directory: path }).train();
    const found = await recordOf(path);
    expect(found).toMatchObject({ modes: 4, update: "bottom", seed: 0, steps: 50, samples: 200, batchSize: 8, k: 6 });
    expect(found.curve.map(({ step }) => step)).toEqual([25, 50]);
    const good = found.histogram.reduce((sum, count) => sum + count, 0);
    expect(good / 200).toBeCloseTo(found.curve.at(-1)!.highQuality, 12);
    expect(found.strip!.map(({ step }) => step)).toEqual([1, 3, 5, 10, 25, 50]);
    expect(found.density!.total).toBe(200);
    const folder = temporaryFolder();
    appendRecord(join(folder, "records.jsonl"), found);
    expect(readRecords(folder, mixture)).toEqual([found]);
  });
});

describe("tables", () => {
  const apart = [
    ...[0.9, 0.91, 0.92].map((share, seed) => record("all", seed, share)),
    ...[0.97, 0.96, 0.98].map((share, seed) => record("top", seed, share)),
  ];

  it("have the interval of Student's t, and bold only values that it separates", () => {
    const [group] = groupsOf(apart);
    const lines = cells(groupTable(group!)).split("\n");
    // s = 1 point, t(0.975, 2) = 4.303, n = 3: 2.48 points.
    expect(lines[2]).toContain("| all samples | 0 1 2 | 8 | 91.0 ± 2.5 | 4 ± 0 | 4 ± 0 |");
    expect(lines[3]).toContain("| top-k | 0 1 2 | 6 | **97.0 ± 2.5** | 4 ± 0 | 4 ± 0 |");
    // Differences of 7, 5 and 6 points: t = 6 sqrt(3), whose p has a closed form with two degrees of freedom.
    expect(verdicts(group!)).toEqual(["top-k minus all samples, by seed: +6.0 ± 2.5 points; p = 0.009: apart from 0."]);
  });

  it("call nothing better that the interval does not separate", () => {
    const close = [...apart.slice(0, 3), ...[0.91, 0.93, 0.95].map((share, seed) => record("top", seed, share))];
    const [group] = groupsOf(close);
    expect(groupTable(group!)).not.toContain("**");
    expect(verdicts(group!)[0]).toContain(": not told from 0");
    const [alone] = groupsOf([apart[0]!, apart[3]!]);
    expect(verdicts(alone!)[0]).toContain("+7 points; too few seeds for a test");
  });

  it("count modes as populated from a tenth of an equal share on, 2.5 of 100 samples here", () => {
    expect(populatedModes({ ...apart[0]!, histogram: [90, 3, 2, 0] })).toBe(2);
    expect(populatedModes({ ...apart[0]!, samples: 30, histogram: [28, 1, 1, 0] })).toBe(3);
    // A tenth is enough: 2 of 80.
    expect(populatedModes({ ...apart[0]!, samples: 80, histogram: [74, 3, 2, 1] })).toBe(3);
  });

  it("keep mixtures and lengths apart", () => {
    expect(groupsOf([...apart, { ...apart[0]!, steps: 40 }, { ...apart[0]!, modes: 9 }]).length).toBe(3);
  });

  it("keep set-ups apart, and name them", () => {
    const glorot = { ...apart[0]!, init: "glorot", latent: 10 } as const;
    expect(mixtureTables([apart[0]!, glorot])).toContain(
      "### 4 modes, Glorot's initialisation, z of 10, 20 iterations",
    );
    const folder = temporaryFolder();
    for (const one of [apart[0]!, glorot]) appendRecord(join(folder, "records.jsonl"), one);
    expect(readRecords(folder, mixture)).toEqual([apart[0], glorot]);
    // A record of version 0.1 has none of the fields.
    const { init, loss, rounding, latent, ...old } = apart[0]!;
    appendRecord(join(folder, "old", "records.jsonl"), old);
    expect(readRecords(join(folder, "old"), mixture)).toEqual([apart[0]]);
  });
});

describe("the page", () => {
  it("has tables and figures as SVG and PNG, from records alone", async () => {
    const folder = temporaryFolder();
    const withFilm = {
      ...record("top", 0, 0.97),
      strip: [{ step: 1, points: [[0, 0]] as [number, number][] }],
      density: { frame: { x: 0, y: 0, size: 1 }, cells: 2, counts: [[0, 1]] as [number, number][], total: 1 },
    };
    await makePage(mixture, [record("all", 0, 0.9), withFilm], folder);
    expect(Object.keys(filesIn(folder)).sort()).toEqual([
      ...["density", "quality", "recovered", "strip"].flatMap((name) => [
        `figures/modes-4-${name}.png`,
        `figures/modes-4-${name}.svg`,
      ]),
      "tables.md",
    ]);
    const { width } = await sharp(join(folder, "figures", "modes-4-quality.png")).metadata();
    expect(width).toBe(720);
  });
});
