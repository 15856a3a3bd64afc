/** Sweeps: what is run, that it is run once, and what the table says. Children are stand-ins that do not train. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  defineSweep,
  expandGrid,
  loadSweep,
  parseAxis,
  runResults,
  runSweep,
  runsOf,
  SweepFolder,
  stateOf,
  sweepTable,
  writeResults,
} from "../../src/experiments/index.ts";
import { recipeChanges } from "../../src/experiments/sweep/recipe-changes.ts";
import { defineRecipe, toPlainRecipe } from "../../src/recipe/index.ts";
import { temporaryFolder } from "../training/tiny.ts";
import { fidScore, mnist, stage, sweepOver } from "./sweep-folder.ts";

describe("an axis", () => {
  it("takes values as --set does, with commas inside brackets", () => {
    expect(parseAxis("techniques=[],[topK],[topK,r1]").values.map(({ label }) => label)).toEqual([
      "[]",
      "[topK]",
      "[topK,r1]",
    ]);
    expect(parseAxis("loss = hinge, wasserstein").values[1]).toEqual({
      label: "wasserstein",
      set: ["loss=wasserstein"],
    });
    expect(parseAxis("techniques+=r1,dragan").values[0]!.set).toEqual(["techniques+=r1"]);
  });

  it.each([
    ["batchSize", "--over: `batchSize` must be written key=a,b,c"],
    ["batchSize=32,,64", "the sweep over `batchSize` has an empty value"],
    ["batchSize=32,32", "the sweep over `batchSize` names 32 twice"],
  ])("refuses %s", (text, message) => {
    expect(() => parseAxis(text)).toThrow(message);
  });
});

describe("the grid", () => {
  it("has every combination with every seed, and each run has its recipe", () => {
    const grid = expandGrid(sweepOver(["batchSize=16,32", "techniques=[],[topK]", "loss=hinge,wasserstein"], 3), mnist);
    expect(grid.cells.map(({ label }) => label)).toEqual(
      ["16", "32"].flatMap((b) =>
        ["[]", "[topK]"].flatMap((t) =>
          ["hinge", "wasserstein"].map((l) => `batchSize=${b} techniques=${t} loss=${l}`),
        ),
      ),
    );
    expect(grid.runs).toHaveLength(24);
    expect(new Set(grid.runs.map(({ name }) => name)).size).toBe(24);
    const run = grid.runs.find(({ name }) => name === "batchSize=32_techniques=none_loss=wasserstein-seed2")!;
    expect(run.recipe).toMatchObject({ batchSize: 32, seed: 2, techniques: [], loss: { kind: "wasserstein" } });
    expect(run.recipe.evaluate).toBeUndefined();
  });

  it("is one cell, named as the recipe, without axes", () => {
    expect(expandGrid(sweepOver([], 2), mnist).runs.map(({ name }) => name)).toEqual(["mnist-seed0", "mnist-seed1"]);
  });

  it("knows variants of several overrides, and keeps their folders apart", () => {
    const sweep = defineSweep({
      recipe: "mnist",
      over: {
        gan: { "a b": ["loss=wasserstein", "discriminatorSteps=5"], "A-b": [], "a/b": ["loss=leastSquares"] },
        batchSize: [32],
      },
    });
    const { cells, runs } = expandGrid(sweep, mnist);
    expect(cells.map(({ name }) => name)).toEqual([
      "gan=a-b_batchSize=32",
      "gan=A-b_batchSize=32-2",
      "gan=a-b_batchSize=32-3",
    ]);
    expect(runs[0]!.recipe).toMatchObject({ discriminatorSteps: 5, loss: { kind: "wasserstein" } });
  });

  it("names the cell that does not fit, and two that are the same", () => {
    expect(() => expandGrid(sweepOver(["batchSize=16,0"]), mnist)).toThrow(
      /the cell batchSize=0: .*must be a positive/,
    );
    expect(() => expandGrid(sweepOver(["batchSize=16,1_6"]), mnist)).toThrow(
      "the cells batchSize=16 and batchSize=1_6 are the same recipe",
    );
  });

  it("leaves the seed to --seeds, and takes an axis once", async () => {
    const axes = ["batchSize=16,32", "batchSize=64"].map(parseAxis);
    await expect(loadSweep("mnist", { axes })).rejects.toThrow("two axes `batchSize`; put their values into one");
    expect(() => defineSweep({ recipe: "mnist", over: { seed: [1, 2] } })).toThrow("`seed=1`: a sweep gives each run");
    expect(() => defineSweep({ recipe: "mnist", seeds: 0 })).toThrow("the sweep: `seeds` must be at least 1");
    expect(() => defineSweep({ recipe: "mnist", ovre: {} } as never)).toThrow("ovre");
  });

  it.each([1, 2, 3, 5, 12, 13])("is shared out among %i without rest or overlap", (count) => {
    const grid = expandGrid(sweepOver(["batchSize=16,32,64", "loss=hinge,wasserstein"], 2), mnist);
    const shares = Array.from({ length: count }, (_, i) => runsOf(grid, { index: i + 1, count }));
    const names = shares.flat().map(({ name }) => name);
    expect(names.toSorted()).toEqual(grid.runs.map(({ name }) => name).toSorted());
    const sizes = shares.map(({ length }) => length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });
});

describe("a folder", () => {
  const first = sweepOver(["batchSize=16,32"], 2);
  const folderWith = () => {
    const folder = new SweepFolder(join(temporaryFolder(), "s"));
    folder.define(first, mnist);
    return folder;
  };

  it("takes the same definition again, and gives it back", () => {
    const folder = folderWith();
    folder.define(first, mnist);
    expect(folder.sweep()).toEqual(first);
  });

  it("takes more seeds, which are more runs of the same cells", () => {
    const folder = folderWith();
    const more = { ...first, seeds: 5 };
    folder.check(more, mnist);
    expect(folder.sweep()).toEqual(first);
    folder.define(more, mnist);
    expect(folder.sweep()).toEqual(more);
    const before = expandGrid(first, mnist).runs.map(({ name }) => name);
    expect(expandGrid(more, mnist).runs.map(({ name }) => name)).toEqual(expect.arrayContaining(before));
    const other = { ...sweepOver(["batchSize=16,64"], 7) };
    expect(() => folder.define(other, mnist)).toThrow("`batchSize` was 16,32 there");
    expect(folder.sweep()).toEqual(more);
  });

  it.each([
    ["fewer seeds", { ...first, seeds: 1 }, "--seeds was 2 there and is 1 here"],
    ["values", sweepOver(["batchSize=16,64"]), "`batchSize` was 16,32 there and is 16,64 here"],
    ["an axis", sweepOver(["batchSize=16,32", "loss=hinge"]), "`loss` was none there and is hinge here"],
    ["overrides", sweepOver(["batchSize=16,32"], 2, ["steps=5"]), "--set was evaluate=null there and is steps=5 here"],
  ])("refuses another definition: %s", (_, other, message) => {
    expect(() => folderWith().define(other, mnist)).toThrow(message);
    expect(() => folderWith().check(other, mnist)).toThrow(message);
  });

  it("continues by its path, and only as it was defined", async () => {
    const { path } = folderWith();
    expect((await loadSweep(path)).sweep).toEqual(first);
    for (const more of [
      { seeds: 3 },
      { set: ["steps=1"] },
      { axes: [parseAxis("loss=hinge,wasserstein")] },
      { out: "x" },
    ])
      await expect(loadSweep(path, more)).rejects.toThrow(
        `the folder ${path} holds a sweep, which continues as it was defined`,
      );
  });

  it("does not move in with something else", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "recipe.json"), "{}");
    expect(() => new SweepFolder(folder).define(first, mnist)).toThrow(
      `${folder} exists, is not empty and holds no sweep; choose another folder with --out`,
    );
    expect(readdirSync(folder)).toEqual(["recipe.json"]);
  });

  it("refuses the order of the axes, and the same variant with other overrides", () => {
    const folder = new SweepFolder(join(temporaryFolder(), "s"));
    folder.define(sweepOver(["batchSize=16,32", "loss=hinge"]), mnist);
    expect(() => folder.define(sweepOver(["loss=hinge", "batchSize=16,32"]), mnist)).toThrow("the order of the axes");
    const variants = (set: string[]) => defineSweep({ recipe: "mnist", over: { gan: { a: set } } });
    const other = new SweepFolder(join(temporaryFolder(), "s"));
    other.define(variants(["steps=3"]), mnist);
    expect(() => other.define(variants(["steps=4"]), mnist)).toThrow("`gan=a` was steps=3 there and is steps=4 here");
  });

  it("refuses a recipe that has changed, by its key", () => {
    const changed = defineRecipe({ ...mnist, batchSize: 65 } as never);
    expect(() => folderWith().define(first, changed)).toThrow("the recipe's `batchSize` was 64 there and is 65 here");
    const [change] = recipeChanges(
      toPlainRecipe(mnist),
      toPlainRecipe(defineRecipe({ ...mnist, techniques: [mnist.techniques[0]!] } as never)),
    );
    expect(change).toEqual({ key: "techniques", before: "[topK,weightAveraging]", after: "[topK]" });
  });
});

describe("running", () => {
  it("runs everything once, with N children at a time that share the threads", async () => {
    const { folder, grid, command, events } = stage(sweepOver(["batchSize=16,32"], 3), () => ({ wait: 150 }));
    const outcome = await runSweep(folder, grid, "mnist", { command, jobs: 3, threads: 2 });
    expect(outcome).toEqual({ runs: 6, finished: 6, failed: 0, elsewhere: 0, open: 0 });
    const starts = events().filter(({ what }) => what === "train");
    expect(starts.map(({ name }) => name).toSorted()).toEqual(grid.runs.map(({ name }) => name).toSorted());
    for (const { args } of starts) expect(args.join(" ")).toContain("--threads 2 --json");
    let now = 0;
    const load = events().map(({ what }) => (now += what === "end" ? -1 : 1));
    // On a busy machine the third may begin when the first has ended.
    expect(Math.max(...load)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...load)).toBeLessThanOrEqual(3);
    // Again: nothing is left to do.
    await runSweep(folder, grid, "mnist", { command });
    expect(events()).toHaveLength(12);
  });

  it("continues with the threads that it began with, whatever --jobs is now", async () => {
    const { folder, grid, command, events, fix } = stage(sweepOver([], 2), ({ seed }) =>
      seed === 1 ? { failAt: 2, message: "no" } : {},
    );
    await runSweep(folder, grid, "mnist", { command, jobs: 1, threads: 3 });
    const more = stage(sweepOver([], 1));
    fix();
    rmSync(folder.run(grid.runs[1]!.name), { recursive: true });
    await runSweep(folder, grid, "mnist", { command, jobs: 8, retry: true });
    const starts = events().filter(({ what }) => what === "train");
    expect(starts).toHaveLength(3);
    for (const { args } of starts) expect(args.join(" ")).toContain("--threads 3 --json");
    await expect(runSweep(folder, grid, "mnist", { command, threads: 4 })).rejects.toThrow(
      `--threads (=4): the runs of ${folder.path} have 3, and with another number their bits would not compare`,
    );
    expect(more.folder.threads(undefined, 5)).toBe(5);
    expect(more.folder.threads(5, 1)).toBe(5);
  });

  it("says in the table what differs in the runs' engines", async () => {
    const { folder, grid, command } = stage(sweepOver(["batchSize=16,32"], 1));
    await runSweep(folder, grid, "mnist", { command });
    const [first, second] = runResults(folder, grid);
    const libtorch = (version: string) => ({ engine: { libtorch: version, node: version } });
    const table = (a: string, b: string) =>
      sweepTable(grid, [
        { ...first!, ...libtorch(a) },
        { ...second!, ...libtorch(b) },
      ]);
    expect(table("1.13.1", "2.13.0").notes).toContain(
      "the runs differ in libtorch (1.13.1, 2.13.0), on which their bits depend",
    );
    expect(table("1.13.1", "1.13.1").notes.join()).not.toContain("differ");
  });

  it("notes failures with their reason, continues, and tries them again when asked", async () => {
    const broken = stage(sweepOver(["batchSize=16,32,64"], 1), ({ cell }) =>
      cell.values[0] === "16"
        ? { failAt: 2, message: "training diverged" }
        : cell.values[0] === "32"
          ? { killAt: 2 }
          : {},
    );
    const { folder, grid, command, events } = broken;
    expect(await runSweep(folder, grid, "mnist", { command })).toMatchObject({ finished: 1, failed: 2, open: 0 });
    const reasons = grid.runs.map((run) => stateOf(folder, run)).map((state) => "reason" in state && state.reason);
    expect(reasons).toEqual(["training diverged", "it was ended by SIGKILL", false]);
    const table = writeResults(folder, grid);
    expect(table.rows[0]!.failures).toEqual([{ seed: 0, reason: "training diverged" }]);
    expect(readFileSync(join(folder.path, "table.md"), "utf8")).toContain("- batchSize=16, seed 0: training diverged");
    const before = events().length;
    await runSweep(folder, grid, "mnist", { command });
    expect(events()).toHaveLength(before);
    broken.fix();
    expect(await runSweep(folder, grid, "mnist", { command, retry: true })).toMatchObject({ finished: 3, failed: 0 });
    expect(
      events()
        .slice(before)
        .filter(({ what }) => what !== "end")
        .map(({ what }) => what),
    ).toEqual(["resume", "resume"]);
    expect(writeResults(folder, grid).rows[0]!.failures).toEqual([]);
  });

  it("stops when asked, children saving, and resumes what was begun", async () => {
    const { folder, grid, command, events } = stage(sweepOver(["batchSize=16,32"], 1), () => ({ steps: 40, wait: 25 }));
    const stop = new AbortController();
    const outcome = await runSweep(folder, grid, "mnist", {
      ...{ command, stop: stop.signal },
      events: { child: (_, { event, step }) => event === "tick" && step === 2 && stop.abort() },
    });
    expect(outcome).toEqual({ runs: 2, finished: 0, failed: 0, elsewhere: 0, open: 2 });
    expect(grid.runs.map((run) => stateOf(folder, run).kind)).toEqual(["begun", "waiting"]);
    expect(await runSweep(folder, grid, "mnist", { command, jobs: 2 })).toMatchObject({ finished: 2 });
    expect(
      events()
        .filter(({ what }) => what !== "end")
        .map(({ what }) => what)
        .toSorted(),
    ).toEqual(["resume", "train", "train"]);
  });

  it("runs nothing twice when several processes work in one folder", async () => {
    const { folder, grid, command, events } = stage(sweepOver(["batchSize=16,32"], 3), () => ({ wait: 30 }));
    const two = await Promise.all([1, 2].map(() => runSweep(folder, grid, "mnist", { command, jobs: 2 })));
    expect(events().filter(({ what }) => what !== "end")).toHaveLength(6);
    expect(two[0]!.elsewhere + two[1]!.elsewhere).toBeGreaterThan(0);
    expect(grid.runs.every((run) => stateOf(folder, run).kind === "finished")).toBe(true);
  });

  it("leaves alone what a machine of another name has claimed, and takes over the claim of a dead child", async () => {
    const { folder, grid, command } = stage(sweepOver(["batchSize=16,32"], 1));
    const [away, dead] = grid.runs;
    const claims = join(folder.path, "claims");
    mkdirSync(claims, { recursive: true });
    const claim = (name: string, host: string) =>
      writeFileSync(join(claims, `${name}.json`), JSON.stringify({ pid: 2 ** 22 + 1, host }));
    claim(away!.name, "another-machine");
    claim(dead!.name, hostname());
    expect(await runSweep(folder, grid, "mnist", { command })).toMatchObject({ finished: 1, elsewhere: 1, open: 1 });
    expect(() => folder.claim(away!.name)).toThrow(
      `on another-machine (if that has ended, remove ${join(claims, `${away!.name}.json`)}); wait for it or stop it`,
    );
    rmSync(join(claims, `${away!.name}.json`));
    expect(await runSweep(folder, grid, "mnist", { command })).toMatchObject({ finished: 2 });
  });

  it("waits for a child that outlived its sweep", async () => {
    const { folder, grid, command, events } = stage(sweepOver([], 1), () => ({ steps: 10, wait: 60 }));
    const [run] = grid.runs;
    const { spawn } = await import("node:child_process");
    const orphan = spawn(command[0]!, [...command.slice(1), "train", "mnist", "--out", folder.run(run!.name)]);
    while (!existsSync(join(folder.run(run!.name), "running.json")))
      await new Promise((resolve) => setTimeout(resolve, 20));
    const held: string[] = [];
    const outcome = await runSweep(folder, grid, "mnist", {
      command,
      events: { held: (_, message) => void held.push(message) },
    });
    expect(held.join()).toContain(`is being trained by process ${orphan.pid}`);
    expect(outcome.finished).toBe(1);
    expect(events().map(({ what }) => what)).toEqual(["train", "end"]);
  });

  it("treats a run whose last evaluation was interrupted as begun", async () => {
    const sweep = sweepOver([], 1, ["evaluate.samples=10"]);
    const { folder, grid, command, events } = stage(sweep, () => ({ score: fidScore(3), unscored: true }));
    // The child claims to have finished, but there is no score: a failure, until it is resumed.
    expect(await runSweep(folder, grid, "mnist", { command })).toMatchObject({ failed: 1 });
    expect(await runSweep(folder, grid, "mnist", { command, retry: true })).toMatchObject({ finished: 1 });
    expect(
      events()
        .filter(({ what }) => what !== "end")
        .map(({ what }) => what),
    ).toEqual(["train", "resume"]);
  });

  it("starts a run again where a child was killed while it made its folder, but touches no stranger's files", async () => {
    const { folder, grid, command } = stage(sweepOver([], 2));
    const [first, second] = grid.runs.map(({ name }) => folder.run(name));
    mkdirSync(join(first!, "samples"), { recursive: true });
    writeFileSync(join(first!, ".recipe.json.1-0123456789ab.tmp"), "{");
    mkdirSync(second!, { recursive: true });
    writeFileSync(join(second!, "thesis.txt"), "");
    expect(await runSweep(folder, grid, "mnist", { command })).toMatchObject({ finished: 1, failed: 1 });
    expect(folder.failure(grid.runs[1]!.name)).toContain("is not a run, but holds thesis.txt");
  });

  it("does not count a run that someone trained for longer", async () => {
    const { folder, grid, command } = stage(sweepOver([], 1));
    await runSweep(folder, grid, "mnist", { command });
    const file = join(folder.run(grid.runs[0]!.name), "recipe.json");
    const description = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...description, recipe: { ...description.recipe, threads: 7 } }));
    expect(stateOf(folder, grid.runs[0]!).kind).toBe("finished");
    writeFileSync(file, JSON.stringify({ ...description, recipe: { ...description.recipe, steps: 9 } }));
    expect(stateOf(folder, grid.runs[0]!)).toMatchObject({
      kind: "failed",
      lasting: true,
      reason: expect.stringContaining("`steps` is 9"),
    });
    expect(await runSweep(folder, grid, "mnist", { command, retry: true })).toMatchObject({ failed: 1 });
  });
});
