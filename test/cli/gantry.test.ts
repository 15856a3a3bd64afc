/** The command line from outside: what it prints, where it writes, how it ends. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { cloneLock } from "../../scripts/setup/prepare.js";
import { jsonLines, start } from "./spawn.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A GAN so small that a step takes milliseconds. */
const tiny = [
  ...["data.first=256", "data.size=16", "generator.width=4", "generator.latent=8", "discriminator.width=4"],
  ...[
    "batchSize=16",
    "log.every=5",
    "samples.every=10",
    "samples.count=16",
    "samples.columns=4",
    "checkpoint.every=10",
    "evaluate.samples=70",
    "evaluate.real=200",
  ],
].flatMap((setting) => ["--set", setting]);
const run = join(folder, "run");
const train = (...more: string[]) => ["train", "mnist", ...tiny, "--threads", "1", ...more];

describe("gantry", () => {
  it("starts at once when everything is set up, even if another process is setting up the clone", async () => {
    const cache = { GANTRY_CACHE: join(folder, "held-cache") };
    vi.stubEnv("GANTRY_CACHE", cache.GANTRY_CACHE);
    const lock = cloneLock();
    vi.unstubAllEnvs();
    mkdirSync(dirname(lock), { recursive: true });
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname() }));
    const { version } = createRequire(import.meta.url)("../../package.json");
    expect(await start(["--version"], { env: cache })).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("helps without loading a command or the engine", async () => {
    const coverage = join(folder, "coverage");
    const { code, stdout } = await start(["--help"], { env: { NODE_V8_COVERAGE: coverage } });
    expect(code).toBe(0);
    for (const word of ["train", "resume", "sample", "data", "doctor", "--version"]) expect(stdout).toContain(word);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    const loaded = readdirSync(coverage).flatMap((name) => {
      const report = JSON.parse(readFileSync(join(coverage, name), "utf8")) as { result: { url: string }[] };
      return report.result.map(({ url }) => url).filter((url) => url.includes("/dist/"));
    });
    expect(loaded.some((url) => url.endsWith("/dist/cli/shell.js"))).toBe(true);
    expect(loaded.filter((url) => /\/(tensor|training|data|nn)\/|zod|cli\/(train|data|doctor)\.js/.test(url))).toEqual(
      [],
    );
  });

  it.each([
    ...[
      "train",
      "resume",
      "sample",
      "import",
      "average",
      "project",
      "diagnose",
      "export",
      "evaluate",
      "compare",
      "train-classifier",
      "sweep",
      "lab",
      "lab mixture",
    ],
    ...["lab oracle", "lab anneal", "lab anomaly", "lab images", "data", "data get", "data inception", "doctor"],
  ])("%s --help fits 80 columns", async (command) => {
    const { code, stdout } = await start([...command.split(" "), "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: gantry ${command}`);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it.each<[string[], number, string]>([
    [["trian"], 2, "gantry: unknown command `gantry trian`; did you mean `train`?"],
    [["--quiet"], 2, "gantry: unknown flag --quiet; the command comes first"],
    [["train"], 2, "gantry: <recipe> is missing: gantry train <recipe>; see gantry train --help"],
    [["train", "mnits"], 1, "gantry: there is no recipe `mnits`; did you mean `mnist`?"],
    [["train", "mnist", "--oot", "x"], 2, "gantry: unknown flag --oot; did you mean --out?"],
    [
      ["train", "mnist", "--set", "batchSiez=3"],
      2,
      "gantry: --set: unknown key `batchSiez`; did you mean `batchSize`?",
    ],
    [["train", "mnist", "--set", "techniques.topK.floor=2"], 2, "gantry: --set: `techniques.topK.floor` (=2) must be"],
    [["train", "mnist", "--seed", "x"], 2, "gantry: --seed (=x) must be a whole number of at least 0"],
    [["resume", "/nowhere"], 1, "gantry: /nowhere is not a run"],
    [["sample", "/nowhere"], 1, "gantry: /nowhere is not a run"],
    [["sample", "x", "--truncation", "wide"], 2, "gantry: --truncation (=wide) must be a number above 0"],
  ])("answers %j in one line", async (args, code, message) => {
    const outcome = await start(args, { cwd: folder });
    expect(outcome.stderr).toContain(message);
    expect(outcome.stderr.trimEnd()).not.toContain("\n");
    expect(outcome).toMatchObject({ code, stdout: "" });
  });

  it("shows the trace when asked, by flag or variable", async () => {
    const flag = await start(["train", "mnist", "--stack", "--set", "steps=x"]);
    expect(flag.stderr).toMatch(/^gantry: --set: .*\n(.*\n)*\s+at /);
    expect((await start(["trian"], { env: { GANTRY_STACK: "1" } })).stderr).toContain("    at ");
  });
});

describe("train, resume and sample", () => {
  let text = "";

  beforeAll(async () => {
    const outcome = await start(train("--set", "steps=20", "--out", run));
    expect(outcome).toMatchObject({ code: 0 });
    text = outcome.stdout;
  });

  it("train writes a run and prints its folder and the next commands", () => {
    expect(text).toMatch(/^ 5\/20 {2}D -?\d+\.\d\d {2}G .*D\(real\) .*D\(fake\) .*k 1\d .*img\/s {2}ETA /m);
    expect(text).toContain(join(run, "samples/000020.png"));
    expect(text).toContain(join(run, "metrics.jsonl"));
    expect(text).toMatch(/checkpoint {2}\S+step-000020/);
    expect(text).toMatch(new RegExp(`Next:\\n.* sample ${run}\\n`));
    expect([...text].filter((letter) => letter !== "\n" && letter < " ")).toEqual([]);
    expect(readdirSync(join(run, "samples"))).toEqual(["000010.png", "000020.png"]);
    expect(existsSync(join(run, "recipe.json"))).toBe(true);
  });

  it("train never writes into a run that exists", async () => {
    const { code, stderr } = await start(train("--out", run));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `--out ${run} exists and is not empty.* resume ${run}, replace it with --overwrite, or give another --out`,
      ),
    );
  });

  it("a train that cannot begin leaves no directory behind", async () => {
    const out = join(folder, "unbegun");
    const { code, stderr } = await start(train("--set", `data.path=${folder}`, "--out", out));
    expect(code).toBe(1);
    expect(stderr).toContain(folder);
    expect(existsSync(out)).toBe(false);
    mkdirSync(out);
    expect((await start(train("--set", `data.path=${folder}`, "--out", out))).stderr).toContain(folder);
    expect(readdirSync(out)).toEqual([]);
    rmdirSync(out);
    const device = await start(train("--device", "mps", "--out", out));
    expect(device.stderr).toMatch(/device \(=mps\) is not available: this libtorch \S+ offers cpu|^$/);
    if (device.code !== 0) expect(existsSync(out)).toBe(false);
    const file = await start(train("--out", join(run, "recipe.json")));
    expect(file.stderr).toContain("recipe.json is a file; give the path of a new directory");
  });

  it("settings that do not go together are wrong usage, and nothing is announced before", async () => {
    const out = join(folder, "refused");
    for (const [recipe, set, said] of [
      [
        "mixture",
        "techniques.topK.everySteps=null",
        "`topK` counts epochs, and this data has none; give it `everySteps`",
      ],
      ["mixture", "techniques+=diffAugment", "diffAugment: it changes images"],
      ["mixture", "techniques.topK.perClass=true", "topK: `perClass` (=true) needs data with classes"],
      ["mnist", "data.size=30", "cannot make images of 30 x 30"],
    ]) {
      const args = ["train", recipe!, "--set", set!, "--set", "steps=2", "--out", out];
      const { code, stdout, stderr } = await start(args);
      expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining(said!)]);
      expect(existsSync(out)).toBe(false);
    }
  });

  it("--quiet prints the directory only, and the default one is made of recipe and time", async () => {
    const { code, stdout } = await start(train("--set", "steps=1", "--quiet"), { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toMatch(/\/runs\/mnist-\d{8}-\d{6}\n$/);
    expect(existsSync(join(stdout.trim(), "metrics.jsonl"))).toBe(true);
  });

  it("--json prints one object a line, and the error too", async () => {
    const { stdout } = await start(["resume", run, "--set", "steps=25", "--json"]);
    const lines = jsonLines(stdout);
    const events = lines.map(({ event }) => event).filter((event) => event !== "evaluating");
    // The first note is about rates that another length changes.
    expect(events).toEqual(["start", "note", "begin", "tick", "saved", "saved", "note", "scored", "end"]);
    expect(lines[2]).toMatchObject({ from: 20, to: 25 });
    expect(lines[3]).toMatchObject({ step: 25, k: expect.any(Number), lossD: expect.any(Number) });
    expect(lines.at(-1)).toMatchObject({ directory: run, step: 25, finished: true });
    const failed = await start(["resume", run, "--set", "batchSize=8", "--json"]);
    expect(failed.code).not.toBe(0);
    expect(jsonLines(failed.stdout)).toEqual([{ event: "error", message: expect.stringContaining("batchSize=8") }]);
  });

  it("sample draws a grid, the same one for the same seed", async () => {
    const draw = async (name: string, ...more: string[]) => {
      const out = join(folder, name);
      const args = ["sample", run, "--count", "6", "--columns", "3", "--threads", "1", "--out", out, ...more];
      const { code, stdout } = await start(args);
      expect({ code, stdout }).toEqual({ code: 0, stdout: `6 images: ${out}\n` });
      return readFileSync(out);
    };
    const [first, again, other] = [
      await draw("a.png"),
      await draw("b.png", "--seed", "0"),
      await draw("c.png", "--seed", "1"),
    ];
    expect(await sharp(first).metadata()).toMatchObject({ format: "png", width: 3 * 18 + 2, height: 2 * 18 + 2 });
    expect(first.equals(again)).toBe(true);
    expect(first.equals(other)).toBe(false);
    const classed = await start(["sample", run, "--class", "3"]);
    expect(classed.stderr).toContain(
      "class (=3): the generator of this run was trained without classes; to have them, train with --set",
    );
  });
});

describe("Ctrl-C", () => {
  it("finishes the step, saves, and says how to continue; resume does", async () => {
    const stopped = join(folder, "stopped");
    let asked = false;
    const args = train("--set", "steps=1000000", "--set", "samples.every=1000000", "--set", "checkpoint.every=1000000");
    const outcome = await start([...args, "--out", stopped], {
      whenLine: (line, child) => {
        if (asked || !line.includes("/1000000")) return;
        asked = true;
        child.kill("SIGINT");
      },
    });
    expect(outcome.code).toBe(130);
    expect(outcome.stdout).toContain("Stopping after this step");
    expect(outcome.stdout).toMatch(new RegExp(`Next:\\n.* resume ${stopped}\\n`));
    const [, at] = /Stopped and saved at step (\d+) of 1000000/.exec(outcome.stdout)!;
    expect(readdirSync(join(stopped, "checkpoints"))).toEqual([`step-${at!.padStart(6, "0")}`]);
    const steps = Number(at) + 5;
    const resumed = await start(["resume", stopped, "--set", `steps=${steps}`]);
    expect(resumed.stdout).toContain(`Continuing from step ${at} to ${steps}`);
    expect(resumed.stdout).toContain(`Finished ${steps} steps`);
    expect(resumed.code).toBe(0);
  });
});

describe("a recipe of the user's own, trained from this clone", () => {
  it("shares the engine's classes, is resumed with its own parts, and is refused in one line when it is broken", async () => {
    const file = join(folder, "mine.ts");
    writeFileSync(
      file,
      `import { adam, dcgan, defineRecipe, defineTechnique, GeneratorNetwork, hinge, mnist, z, type Technique } from "gantry";

const watcher = defineTechnique("watcher", z.strictObject({ weight: z.number().default(1) }), ({ weight }): Technique => {
  let same = 0;
  return {
    name: "watcher",
    prepare(gan) {
      same = gan.generator instanceof GeneratorNetwork ? 1 : 0;
    },
    generatorPenalty: ({ fake }) => fake.square().mean().mul(weight),
    report: () => ({ same, weight }),
  };
});

export default defineRecipe({
  data: mnist({ size: 16, first: 128 }),
  generator: dcgan.generator({ latent: 8, width: 4 }),
  discriminator: dcgan.discriminator({ width: 4 }),
  loss: hinge(),
  techniques: [watcher({ weight: 0.5 })],
  optimizers: { generator: adam(), discriminator: adam() },
  batchSize: 16, steps: 4, log: { every: 2 }, threads: 1,
});
`,
    );
    const own = join(folder, "own");
    const trained = await start(["train", file, "--out", own, "--set", "techniques.watcher.weight=0.25", "--json"]);
    const tick = jsonLines(trained.stdout).find(({ event }) => event === "tick");
    expect(tick).toMatchObject({ same: 1, weight: 0.25 });
    const resumed = await start(["resume", own, "--steps", "6", "--json"]);
    expect(jsonLines(resumed.stdout).at(-1)).toMatchObject({ step: 6, finished: true });
    writeFileSync(file, "export default 3 +;\n");
    const broken = await start(["resume", own, "--steps", "8", "--trust"]);
    expect(broken).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`gantry: ${file}:1:19: syntax error: Unexpected token\n`),
    });
  });
});
