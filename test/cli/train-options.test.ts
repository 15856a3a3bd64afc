/** `gantry train --overwrite` and `--no-evaluate`, and `gantry report`. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRun, RunDirectory } from "../../src/training/index.ts";
import { inProcess } from "./in-process.ts";
import { start } from "./spawn.ts";
import { tiny } from "./tiny-run.ts";

const work = mkdtempSync(join(tmpdir(), "gantry-train-"));
const home = process.cwd();
beforeAll(() => process.chdir(work));
afterAll(() => {
  process.chdir(home);
  rmSync(work, { recursive: true });
});

const train = (out: string, ...args: string[]) => inProcess(...["train", "mnist", "--out", out, ...tiny, ...args]);
const checkpoints = (run: string): string[] => readdirSync(join(run, "checkpoints")).sort();

describe("--overwrite", () => {
  it("replaces a run, says what is removed, and keeps what is not the run's", async () => {
    await train("again", "--steps", "20");
    writeFileSync("again/notes.txt", "mine");
    expect((await train("again", "--steps", "10")).stderr).toMatch(
      /^gantry: --out again exists and is not empty, and nothing is overwritten; continue it with .* resume again, replace it with --overwrite/,
    );
    const { code, stderr } = await train("again", "--steps", "10", "--overwrite");
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^note: again is overwritten; removed once the new run begins: /);
    for (const said of [
      "checkpoints (2 entries)",
      "metrics.jsonl",
      "recipe.json",
      "report.md",
      "samples (1 entry)",
      "; kept: notes.txt\n",
    ])
      expect(stderr).toContain(said);
    expect(checkpoints("again")).toEqual(["step-000010"]);
    expect(readFileSync("again/notes.txt", "utf8")).toBe("mine");
    expect(readdirSync("again")).not.toContain(".overwritten");
  });

  it("leaves the old run as it was where the new one cannot begin", async () => {
    await train("kept", "--steps", "10");
    const before = readFileSync("kept/metrics.jsonl", "utf8");
    const { code, stderr } = await inProcess(
      ...[
        ...["train", "mnist", "--out", "kept", "--overwrite", "--steps", "10"],
        ...["--set", "data=imageFolder", "--set", "data.path=nowhere"],
      ],
    );
    expect(code).toBe(1);
    expect(stderr).toContain("nowhere");
    expect(readFileSync("kept/metrics.jsonl", "utf8")).toBe(before);
    expect(readdirSync("kept")).not.toContain(".overwritten");
    expect((await openRun("kept")).step).toBe(10);
  });

  it("replaces the run that was trained, not one that was killed before it began", async () => {
    await train("killed", "--steps", "10");
    // As a process leaves it that is killed while it prepares data: the new run's folder, and the old run aside.
    mkdirSync("killed/.overwritten");
    writeFileSync("killed/.overwritten/recipe.json", "{}");
    const { code, stderr } = await train("killed", "--steps", "10", "--overwrite");
    expect(code, stderr).toBe(0);
    expect(readdirSync("killed")).not.toContain(".overwritten");
  });

  describe("of a process that is killed in the middle", () => {
    const logOf = (run: string) => readFileSync(join(run, "metrics.jsonl"), "utf8");
    /** A finished run whose files are moved as far as `count` says. */
    const halfMoved = async (run: string, count: number): Promise<string> => {
      await train(run, "--steps", "10");
      const log = logOf(run);
      mkdirSync(join(run, ".overwriting"));
      const names = new RunDirectory(run).ownNames().slice(0, count);
      for (const name of names) renameSync(join(run, name), join(run, ".overwriting", name));
      return log;
    };

    it.each([2, 7, 99])("puts the run together again when it is resumed (%d files moved)", async (count) => {
      const run = `half-${count}`;
      const log = await halfMoved(run, count);
      if (!existsSync(join(run, "recipe.json"))) {
        const { stderr } = await inProcess("sample", run);
        expect(stderr).toMatch(/was to be overwritten by a process that was killed; .*resume .* puts it back\n$/);
      }
      const resumed = await inProcess("resume", run);
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(logOf(run).startsWith(log)).toBe(true);
      expect(checkpoints(run)).toEqual(["step-000010"]);
      expect(readdirSync(run).filter((name) => name.startsWith(".over"))).toEqual([]);
    });

    it("loses nothing when the next one cannot begin either", async () => {
      const log = await halfMoved("half", 3);
      const { code } = await inProcess(
        ...[
          "train",
          "mnist",
          "--out",
          "half",
          "--overwrite",
          "--set",
          "data=imageFolder",
          "--set",
          "data.path=nowhere",
        ],
      );
      expect(code).toBe(1);
      expect(logOf("half")).toBe(log);
      expect(checkpoints("half")).toEqual(["step-000010"]);
    });

    it("puts a run back that was aside when it was killed", async () => {
      const log = await halfMoved("aside", 99);
      renameSync("aside/.overwriting", "aside/.overwritten");
      expect((await openRun("aside")).step).toBe(10);
      expect(logOf("aside")).toBe(log);
    });
  });

  it("takes no other program's recipe.json for a run, and follows no link", async () => {
    mkdirSync("cook/samples", { recursive: true });
    writeFileSync("cook/recipe.json", JSON.stringify({ title: "cake" }));
    writeFileSync("cook/samples/cake.txt", "mine");
    const { code, stderr } = await train("cook", "--overwrite");
    expect([code, stderr]).toEqual([1, expect.stringContaining("cook is no run (it has no recipe.json of one)")]);
    expect(readFileSync("cook/samples/cake.txt", "utf8")).toBe("mine");

    mkdirSync("elsewhere");
    writeFileSync("elsewhere/letter.txt", "mine");
    await train("linked", "--steps", "10");
    symlinkSync(join(work, "elsewhere"), "linked/.overwritten");
    expect((await train("linked", "--steps", "10", "--overwrite")).stderr).toContain(".overwritten is no folder");
    expect(checkpoints("linked")).toHaveLength(1);
    expect(readdirSync("elsewhere")).toEqual(["letter.txt"]);
    rmSync("linked/.overwritten");
    symlinkSync("nowhere", "linked/csv");
    const again = await train("linked", "--steps", "10", "--overwrite");
    expect(again.code, again.stderr).toBe(0);
  });

  it("knows every file of a run that the page on the run folder has", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/reference/run-format.md"), "utf8");
    const table = page
      .split("## ")[1]!
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    const names = table.flatMap((row) => [...row.split("|")[1]!.matchAll(/`([^`/]+)[^`]*`/g)].map(([, name]) => name!));
    mkdirSync("every");
    for (const name of names) writeFileSync(join("every", name), "");
    const others = names.filter((name) => !new RunDirectory("every").ownNames().includes(name));
    // The lock, and the old run.
    expect(others.sort()).toEqual([".overwriting", ".overwritten", "running.json"]);
  });

  it("never takes a folder that is no run, nor the run that it begins with", async () => {
    mkdirSync("photos");
    writeFileSync("photos/a.txt", "x");
    expect((await train("photos", "--overwrite")).stderr).toBe(
      "gantry: --overwrite: photos is no run (it has no recipe.json of one), and only a run is overwritten; give another --out\n",
    );
    expect(readdirSync("photos")).toEqual(["a.txt"]);
    const own = await train("kept", "--overwrite", "--from", "kept");
    expect(own.stderr).toContain("is to be overwritten, and the new run is to begin with its networks");
    expect(checkpoints("kept")).toHaveLength(1);
    const nowhere = await inProcess(...["train", "mnist", "--overwrite"]);
    expect([nowhere.code, nowhere.stderr]).toEqual([2, "gantry: --overwrite goes with --out, which names the run\n"]);
  });

  it("trains as always where there is nothing yet", async () => {
    mkdirSync("empty");
    for (const out of ["empty", "new"]) {
      const { code, stderr } = await train(out, "--steps", "10", "--overwrite");
      expect([code, stderr]).toEqual([0, ""]);
    }
  });
});

describe("--no-evaluate", () => {
  const withScores = [
    "--set",
    "data.first=64",
    "--set",
    "data.size=16",
    "--steps",
    "2",
    "--set",
    "evaluate.samples=64",
  ];

  it("leaves the scores out of a training", async () => {
    const { code, stderr } = await inProcess(
      ...["train", "narrow-dcgan", "--out", "unscored", "--no-evaluate", "--set", "data.first=64", "--steps", "2"],
    );
    expect(code, stderr).toBe(0);
    expect(readFileSync("unscored/metrics.jsonl", "utf8")).not.toContain('"event":"scores"');
    expect(JSON.parse(readFileSync("unscored/recipe.json", "utf8")).recipe.evaluate).toBeUndefined();
  });

  it("contradicts a setting of the evaluation", async () => {
    const { code, stderr } = await inProcess(...["train", "narrow-dcgan", "--no-evaluate", ...withScores]);
    expect([code, stderr]).toEqual([
      2,
      "gantry: --no-evaluate and --set evaluate.samples=64 differ; give one of them\n",
    ]);
    expect(existsSync("runs")).toBe(false);
  });
});

describe("gantry report", () => {
  it("writes the report of a run that is being trained, from another process", async () => {
    const seen: string[] = [];
    let asked: Promise<unknown> | undefined;
    const training = start(["train", "mnist", "--out", "long", ...tiny, "--steps", "1000000", "--json"], {
      cwd: work,
      whenLine(line, child) {
        const event = JSON.parse(line) as { event: string };
        if (event.event !== "saved" || asked !== undefined) return;
        rmSync("long/report.md", { force: true });
        asked = inProcess(...["report", "long", "--json"]).then(({ code, stdout, stderr }) => {
          expect(code, stderr).toBe(0);
          seen.push(stdout, readFileSync("long/report.md", "utf8"));
          child.kill("SIGINT");
        });
      },
    });
    expect((await training).code).toBe(130);
    await asked;
    const { report, step, steps } = JSON.parse(seen[0]!) as { report: string; step: number; steps: number };
    expect(report).toBe(join(work, "long/report.md"));
    expect(steps).toBe(1_000_000);
    expect(step).toBeGreaterThanOrEqual(10);
    expect(seen[1]).toMatch(/^# mnist\n/);
    expect(seen[1]).toMatch(/\nStep \d+ of 1000000, after .* of training\.\n/);
  });

  it("is what training writes at every checkpoint", async () => {
    const reports: string[] = [];
    const run = await openRun("again", ["steps=40"]);
    await run.train({
      events: {
        tick: () => void reports.push(existsSync("again/report.md") ? readFileSync("again/report.md", "utf8") : ""),
      },
    });
    // Read at steps 20, 30 and 40, each before that step's checkpoint: of the checkpoint before.
    expect(reports.map((text) => /Step (\d+) of/.exec(text)?.[1])).toEqual(["10", "20", "30"]);
  });

  it("shows where a run stands, and refuses what is no run", async () => {
    const { stdout } = await inProcess(...["report", "again"]);
    expect(stdout).toMatch(/^again: step 40 of 40, after [\d.]+ s of training\n {2}report {2}again\/report\.md\n$/);
    expect((await inProcess(...["report", "photos"])).stderr).toContain("is not a run: it has no recipe.json");
  });
});
