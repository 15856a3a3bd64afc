/** Work outlives its output: a terminal that is closed, a disk that is full, a reader that ended. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { entry } from "./spawn.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-output-"));
afterAll(() => rmSync(folder, { recursive: true }));

const recipe = join(folder, "vectors.ts");
writeFileSync(
  recipe,
  `import { adam, defineRecipe, mixtureOfGaussians, mlp, nonSaturating } from "gantry";
export default defineRecipe({
  data: mixtureOfGaussians(),
  generator: mlp.generator({ latent: 2, hidden: [4] }),
  discriminator: mlp.discriminator({ hidden: [4] }),
  loss: nonSaturating(),
  optimizers: { generator: adam({ lr: 1e-3 }), discriminator: adam({ lr: 1e-3 }) },
  batchSize: 4,
  steps: 1_000_000,
  log: { every: 20 },
  samples: { every: 1_000_000 },
  checkpoint: { every: 1_000_000 },
});
`,
);

const checkpoints = (run: string): string[] => readdirSync(join(run, "checkpoints"));

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 50));
}

/**
 * Runs gantry in a terminal (util-linux's `script`) that is closed once it shows `text`, and gives the exit code. The
 * shell passes SIGHUP on twice, as a login shell and the system do, and lives to note the code.
 */
async function inClosedTerminal(args: readonly string[], text: string): Promise<number> {
  const noted = join(folder, `code-${readdirSync(folder).length}`);
  const command = [process.execPath, entry, ...args].map((argument) => `'${argument}'`).join(" ");
  const hangUp = `trap 'kill -HUP $child; sleep 0.2; kill -HUP $child' HUP`;
  const line = `${command} & child=$!; ${hangUp}; wait $child; code=$?; while kill -0 $child; do wait $child; code=$?; done; echo $code > '${noted}'`;
  const terminal = spawn("script", ["-qefc", line, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
  let shown = "";
  for await (const data of terminal.stdout) {
    shown += data;
    if (shown.includes(text)) break;
  }
  expect(shown).toContain(text);
  terminal.kill("SIGKILL");
  await until(() => existsSync(noted) && readFileSync(noted, "utf8") !== "");
  return Number(readFileSync(noted, "utf8"));
}

/** The code of a stop by a signal, or of the second SIGHUP where that meets a process that has saved and is ending. */
const STOPPED = [143, 129];

describe.skipIf(spawnSync("script", ["--version"]).status !== 0)("a closed terminal", () => {
  it("counts as Ctrl-C: a training saves a checkpoint", async () => {
    const run = join(folder, "closed");
    expect(await inClosedTerminal(["train", recipe, "--out", run], "ETA")).toBeOneOf(STOPPED);
    expect(checkpoints(run)).toHaveLength(1);
    expect(existsSync(join(run, "running.json"))).toBe(false);
  });

  it("stops the workers of a training, with a checkpoint", async () => {
    const run = join(folder, "closed-workers");
    expect(await inClosedTerminal(["train", recipe, "--out", run, "--workers", "2"], "ETA")).toBeOneOf(STOPPED);
    expect(checkpoints(run)).toHaveLength(1);
  });

  it("stops the run of a sweep, with a checkpoint", async () => {
    const out = join(folder, "sweep");
    const args = ["sweep", recipe, "--over", "batchSize=4,8", "--seeds", "1", "--out", out];
    expect(await inClosedTerminal(args, "/1000000")).toBeOneOf(STOPPED);
    const runs = readdirSync(join(out, "runs")).map((name) => join(out, "runs", name));
    expect(runs.map((run) => checkpoints(run).length)).toEqual([1]);
    expect(readdirSync(join(out, "claims"))).toEqual([]);
  });

  it("ends an evaluation as SIGTERM does", async () => {
    const args = ["evaluate", "mnist", "--split", "test", "--features", "mnist-classifier", "--threads", "1"];
    expect(await inClosedTerminal([...args, "--seeds", "1000"], "features of")).toBeOneOf(STOPPED);
  });
});

describe.skipIf(!existsSync("/dev/full"))("a full disk behind standard output", () => {
  const gantry = (args: readonly string[]) =>
    spawnSync("sh", ["-c", `"$@" > /dev/full`, "sh", process.execPath, entry, ...args], { encoding: "utf8" });

  it("ends no training, and the exit code says that output was lost", () => {
    const run = join(folder, "full");
    const { status, stderr } = gantry(["train", recipe, "--out", run, "--steps", "30"]);
    expect(stderr).toMatch(/^gantry: standard output cannot be written \(ENOSPC: .*\); what it holds is incomplete\n$/);
    expect(status).toBe(1);
    expect(checkpoints(run)).toEqual(["step-000030"]);
  });

  it("does not hide another failure", () => {
    const { status, stderr } = gantry(["train", recipe, "--out", recipe]);
    expect(stderr).toContain("is a file; give the path of a new directory");
    expect(status).toBe(1);
  });
});

describe("a reader that ended", () => {
  it("ends no training, which succeeds", () => {
    const run = join(folder, "pipe");
    const line = `"$@" | head -n 1; test -d '${run}/checkpoints/step-000200'`;
    const shell = ["sh", process.execPath, entry, "train", recipe, "--out", run, "--steps", "200"];
    const { status, stderr, stdout } = spawnSync("bash", ["-o", "pipefail", "-c", line, ...shell], {
      encoding: "utf8",
    });
    expect({ status, stderr, lines: stdout.split("\n").length }).toEqual({ status: 0, stderr: "", lines: 2 });
  });
});
