/** `gantry sweep` from outside: real children, really killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { parseShard } from "../../src/cli/sweep.ts";
import { entry, jsonLines, start } from "./spawn.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-sweep-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A GAN so small that a step takes a millisecond; its steps are many, so that there is time to end it. */
const tiny = [
  ...["data.first=64", "data.size=8", "generator=mlp", "discriminator=mlp", "generator.hidden=[4]"],
  ...["discriminator.hidden=[4]", "batchSize=8", "techniques=[]", "evaluate=null", "log.every=20"],
  ...["samples.every=100000", "samples.count=4", "samples.columns=2", "checkpoint.every=50"],
].flatMap((setting) => ["--set", setting]);

const sweep = (...more: string[]) => ["sweep", "mnist", ...tiny, "--threads", "1", ...more];

/** The beginnings and ends that a run's log tells of. */
function sessions(out: string, run: string): { event: string; step: number }[] {
  const log = readFileSync(join(out, "runs", run, "metrics.jsonl"), "utf8");
  const lines = log.split("\n").filter((line) => line.includes('"event"'));
  const events = lines.map((line) => JSON.parse(line) as { event: string; step: number });
  return events.filter(({ event }) => event !== "outputs");
}

/** Starts a sweep and hands its JSON lines to `take`, until it ends. */
function watched(args: readonly string[], take: (line: Record<string, unknown>, sweep: ChildProcess) => void) {
  return new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    const child = spawn(process.execPath, [entry, ...args, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) take(JSON.parse(line) as Record<string, unknown>, child);
    });
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
}

/** A child's step, where the line is such a tick. */
const stepOf = (line: Record<string, unknown>): number => {
  const child = line.child as { event?: string; step?: number } | undefined;
  return child?.event === "tick" ? Number(child.step) : 0;
};

describe("gantry sweep", () => {
  it("continues after it was killed with its child, and refuses another definition in the folder", async () => {
    const out = join(folder, "killed");
    const command = sweep("--out", out, "--over", "loss=hinge,leastSquares", "--seeds", "1", "--set", "steps=600");
    let killed = false;
    const end = await watched(command, (line, parent) => {
      if (killed || stepOf(line) < 100) return;
      killed = true;
      const { pid } = JSON.parse(readFileSync(join(out, "runs/loss=hinge-seed0/running.json"), "utf8"));
      parent.kill("SIGKILL");
      process.kill(pid, "SIGKILL");
    });
    expect(end).toEqual({ code: null, signal: "SIGKILL" });
    const changed = await start(
      sweep("--out", out, "--over", "loss=hinge,minimax", "--seeds", "1", "--set", "steps=600"),
    );
    expect(changed).toMatchObject({ code: 1, stdout: "" });
    expect(changed.stderr).toContain("`loss` was hinge,leastSquares there and is hinge,minimax here");

    const again = await start([...command, "--jobs", "2"]);
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(again.stdout).toContain("resumed  loss=hinge, seed 0");
    expect(again.stdout).toMatch(/^\| loss +\| runs +\| +lossD/m);
    const first = sessions(out, "loss=hinge-seed0");
    expect(first.map(({ event }) => event)).toEqual(["start", "resume", "finish"]);
    expect(first[1]!.step).toBeGreaterThanOrEqual(50);
    expect(sessions(out, "loss=leastSquares-seed0").map(({ event }) => event)).toEqual(["start", "finish"]);
    const files = ["records.jsonl", "runs.csv", "sweep.json", "table.csv", "table.json", "table.md"];
    expect(readdirSync(out)).toEqual(expect.arrayContaining(files));
    expect(readdirSync(join(out, "claims"))).toEqual([]);

    // Nothing is left to do: no child, the same table.
    const table = readFileSync(join(out, "table.md"), "utf8");
    const idle = await start(["sweep", out, "--json"]);
    expect(jsonLines(idle.stdout).map(({ event }) => event)).toEqual(["start", "plan", "end"]);
    expect(readFileSync(join(out, "table.md"), "utf8")).toBe(table);

    const compared = await start(["sweep", out, "--against", "loss=hinge"]);
    expect(compared.stdout).toContain("Each cell minus loss=hinge, by seed:");
    expect(compared.stdout).toMatch(/^\| leastSquares +\| lossD +\| +1 \| +[+-][\d.]+ \| +– \|$/m);
    const json = await start(["sweep", out, "--against", "loss=hinge", "--json"]);
    const { differences } = jsonLines(json.stdout).at(-1) as { differences: { cell: string; score: string }[] };
    expect(differences[0]).toMatchObject({ cell: "loss=leastSquares", score: "lossD", seeds: 1 });
    const unknown = await start(["sweep", out, "--against", "loss=minimax"]);
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toContain("no cell `loss=minimax`; it has `loss=hinge`, `loss=leastSquares`");
  });

  it("ends with 130 at Ctrl-C after its children have saved; a failed run is a row, and 1", async () => {
    const out = join(folder, "stopped");
    const command = sweep(
      "--out",
      out,
      "--over",
      "device=cpu,cuda:7",
      "--seeds",
      "1",
      "--set",
      "steps=600",
      "--jobs",
      "2",
    );
    let stopped = false;
    const end = await watched(command, (line, parent) => {
      if (stopped || stepOf(line) < 100) return;
      stopped = true;
      parent.kill("SIGINT");
    });
    expect(end).toEqual({ code: 130, signal: null });
    const [begin, stop] = sessions(out, "device=cpu-seed0");
    expect(begin!.event).toBe("start");
    expect(stop!.event).toBe("stop");
    const ended = await start(["sweep", out]);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/\| cuda:7 +\| 0 of 1, 1 failed +\| +– \|/);
    expect(ended.stdout).toMatch(/Failed:\n\n- device=cuda:7, seed 0: \S/);
    expect(ended.stdout).toContain("--retry");
    const [, , resumed, finish] = sessions(out, "device=cpu-seed0");
    expect(resumed).toMatchObject({ event: "resume", step: stop!.step });
    expect(finish).toMatchObject({ event: "finish", step: 600 });
  });

  it("takes relative paths from where it was begun, wherever it is continued", async () => {
    const pictures = join(folder, "pics");
    mkdirSync(pictures);
    for (let i = 0; i < 16; i++) {
      const pixels = Uint8Array.from({ length: 64 }, (_, at) => (at * i) % 256);
      await sharp(pixels, { raw: { width: 8, height: 8, channels: 1 } })
        .png()
        .toFile(join(pictures, `${i}.png`));
    }
    const data = ["data=imageFolder", "data.path=pics", "data.size=8", "data.channels=1", "generator=mlp"];
    const networks = ["discriminator=mlp", "generator.hidden=[4]", "discriminator.hidden=[4]", "techniques=[]"];
    const rest = ["evaluate=null", "batchSize=8", "steps=4"];
    const set = [...data, ...networks, ...rest].flatMap((setting) => ["--set", setting]);
    const begun = await start(["sweep", "mnist", ...set, "--seeds", "1", "--out", "relative"], { cwd: folder });
    expect(begun.stdout).not.toContain("is not the sweep's any more");
    expect(begun.code, begun.stderr + begun.stdout).toBe(0);
    const again = ["sweep", "mnist", ...set, "--seeds", "2", "--out", join(folder, "relative")];
    const continued = await start(again, { cwd: tmpdir() });
    expect(continued.code, continued.stderr + continued.stdout).toBe(0);
  });

  it("takes a file that defines the sweep, and shows what it would do", async () => {
    const file = join(folder, "sizes.sweep.ts");
    writeFileSync(
      file,
      `import { defineSweep } from "gantry";
       export default defineSweep({ name: "sizes", recipe: "mnist", over: { size: { a: ["batchSize=8"], b: ["batchSize=16", "steps=9"] } }, seeds: 2 });`,
    );
    const { code, stdout, stderr } = await start(["sweep", file, "--dry-run", "--shard", "2/2"], { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^waiting {3}size=b-seed0\nwaiting {3}size=b-seed1\n\n/);
    expect(existsSync(join(folder, "sweeps"))).toBe(false);
  });

  it.each([
    [["--over", "batchSize"], 2, "--over: `batchSize` must be written key=a,b,c"],
    [["--over", "batchSize=0,1"], 2, "the cell batchSize=0: --set: `batchSize` (=0) must be"],
    [
      ["--over", "batchSize=8,16", "--set", "batchSize=4"],
      1,
      "--set batchSize=4: the sweep's axis `batchSize` sets `batchSize` itself",
    ],
    [["--shard", "0/2"], 2, "--shard (=0/2) must be I/N with I from 1 to N"],
    [["--at", "last"], 2, "--at (=last) must be final or best"],
    [["--overr", "a=b"], 2, "unknown flag --overr; did you mean --over?"],
  ])("refuses %j", async (flags, code, message) => {
    const outcome = await start(["sweep", "mnist", "--out", join(folder, "no"), ...flags]);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toContain(message);
    expect(existsSync(join(folder, "no"))).toBe(false);
  });

  it("reads shares from 1 on", () => {
    expect(parseShard("2/3")).toEqual({ index: 2, count: 3 });
    expect(() => parseShard("4/3")).toThrow("--shard (=4/3)");
  });
});
