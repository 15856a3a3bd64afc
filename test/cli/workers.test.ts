/** Several workers from the command line: a lost one, Ctrl-C, and going on. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { start } from "./spawn.ts";
import { tiny } from "./tiny-run.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-workers-"));
afterAll(() => rmSync(folder, { recursive: true }));
const run = join(folder, "run");

const endless = [...tiny, "--steps", "1000000"];

/** The processes that a process has started (Linux). */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

const newest = (): number => Math.max(...readdirSync(join(run, "checkpoints")).map((name) => Number(name.slice(5))));

describe.skipIf(!existsSync(`/proc/${process.pid}/task/${process.pid}/children`))("--workers", () => {
  it("ends with one sentence when a worker is lost; the run can be resumed", async () => {
    let killed = false;
    const outcome = await start(["train", "mnist", ...endless, "--workers", "2", "--out", run], {
      whenLine: (line, child) => {
        if (killed || !line.includes("20/1000000")) return;
        killed = true;
        const workers = childrenOf(child.pid!);
        expect(workers).toHaveLength(1);
        process.kill(workers[0]!, "SIGKILL");
      },
    });
    expect(outcome.stderr).toMatch(
      /gantry: worker 1 was ended by SIGKILL; the connection to the other workers is lost: .*; the checkpoint of step \d+ is kept\n$/,
    );
    expect(outcome.code).toBe(1);
    const step = newest();
    const resumed = await start(["resume", run, "--workers", "2", "--steps", String(step + 5)]);
    expect(resumed.stderr).toBe("");
    expect(resumed.stdout).toContain(`Finished ${step + 5} steps`);
    expect(resumed.code).toBe(0);
  });

  it("stop together at Ctrl-C", async () => {
    let asked = false;
    const outcome = await start(["resume", run, "--workers", "2", "--steps", "1000000"], {
      whenLine: (line, child) => {
        if (asked || !line.includes("/1000000 ")) return;
        asked = true;
        child.kill("SIGINT");
      },
    });
    expect(outcome.stdout).toContain("Stopped and saved at step");
    expect(outcome.stdout).toContain(`resume ${run} --workers 2\n`);
    expect(outcome.code).toBe(130);
  });

  it("are refused where the batch cannot be shared evenly or the environment says otherwise", async () => {
    const uneven = await start(["train", "mnist", ...endless, "--workers", "3", "--out", join(folder, "uneven")]);
    expect(uneven).toMatchObject({ code: 1 });
    expect(uneven.stderr).toContain("`batchSize` (=16) must be divisible by the number of workers (3)");
    expect(existsSync(join(folder, "uneven"))).toBe(false);
    const env = { RANK: "0", WORLD_SIZE: "4", MASTER_ADDR: "127.0.0.1", MASTER_PORT: "1" };
    const other = await start(["train", "mnist", "--workers", "2"], { env });
    expect(other).toMatchObject({ code: 2 });
    expect(other.stderr).toContain("--workers (=2) contradicts the environment's WORLD_SIZE (=4)");
  });
});
