/** Several workers from the command line: a lost one, Ctrl-C, and going on. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { start } from "./spawn.ts";
import { tiny } from "./tiny-run.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-workers-"));
afterAll(() => rmSync(folder, { recursive: true }));
const run = join(folder, "run");

const endless = [...tiny, "--steps", "1000000"];

/** Code that the first worker runs as it loads its recipe, the others, and all when they open their data. */
interface Interference {
  readonly first?: string;
  readonly others?: string;
  readonly opening?: string;
}

/** A recipe of two steps, with what a test adds to it. */
function recipeWith({ first = "", others = "", opening = "" }: Interference): string {
  const path = join(folder, `recipe-${readdirSync(folder).length}.ts`);
  writeFileSync(
    path,
    `import { once } from "node:events";
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { adam, defineRecipe, defineDataset, nonSaturating, mixtureOfGaussians, mlp, z } from "gantry";

const note = (what) => process.env.LOG && appendFileSync(process.env.LOG, (process.env.LOCAL_RANK ?? "first") + " " + what + "\\n");
if (process.env.RANK === undefined) { ${first} } else { ${others} }
note("starts");
const watched = defineDataset("watched", z.strictObject({}), async (_, context) => {
  const { stop } = context;
  ${opening}
  return mixtureOfGaussians().build(context);
});
export default defineRecipe({
  data: watched({}),
  generator: mlp.generator({ latent: 2, hidden: [4] }),
  discriminator: mlp.discriminator({ hidden: [4] }),
  loss: nonSaturating(),
  optimizers: { generator: adam({ lr: 1e-3 }), discriminator: adam({ lr: 1e-3 }) },
  batchSize: 4,
  steps: 2,
});
`,
  );
  return path;
}

/** The processes that a process has started (Linux). */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

const newest = (): number => Math.max(...readdirSync(join(run, "checkpoints")).map((name) => Number(name.slice(5))));

/** The addresses and ports at which a process listens, as /proc/net/tcp writes them: 0100007F is 127.0.0.1. */
function listening(pid: number): string[][] {
  const links = readdirSync(`/proc/${pid}/fd`).map((name) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`);
    } catch {
      return "";
    }
  });
  const rows = ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n").slice(1),
  );
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === "0A" && links.includes(`socket:[${inode}]`))
    .map(([, local]) => local!.split(":"));
}

/** Whether a port of this machine answers, within a second. */
function answers(port: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number.parseInt(port, 16), "127.0.0.1", () => resolve(true));
    socket.on("error", () => resolve(false));
    setTimeout(() => resolve(false), 1_000);
    socket.once("connect", () => socket.destroy());
  });
}

describe.skipIf(!existsSync(`/proc/${process.pid}/task/${process.pid}/children`))("--workers", () => {
  it("ends with one sentence when a worker is lost; the run can be resumed", async () => {
    let killed = false;
    let deaf: Promise<boolean[]> = Promise.resolve([]);
    const outcome = await start(["train", "mnist", ...endless, "--workers", "2", "--out", run], {
      whenLine: (line, child) => {
        if (killed || !line.includes("20/1000000")) return;
        killed = true;
        const workers = childrenOf(child.pid!);
        expect(workers).toHaveLength(1);
        // Gloo's own ports, on which only this machine is heard; none for the rendezvous.
        const ports = [child.pid!, ...workers].flatMap(listening);
        for (const [address] of ports) expect(address).toBe("0100007F");
        // All workers are connected: the gloo of libtorch 1.13 has closed its ports, and those of later ones hear nobody.
        deaf = Promise.all(ports.map(([, port]) => answers(port!))).then((all) => {
          process.kill(workers[0]!, "SIGKILL");
          return all;
        });
      },
    });
    expect(await deaf).not.toContain(true);
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

  it("end when the first is killed", async () => {
    let worker = 0;
    const { code } = await start(["resume", run, "--workers", "2", "--steps", "1000000"], {
      whenLine: (line, child) => {
        if (worker !== 0 || !line.includes("/1000000 ")) return;
        worker = childrenOf(child.pid!)[0]!;
        child.kill("SIGKILL");
      },
    });
    expect(code).toBe(null);
    expect(worker).toBeGreaterThan(0);
    await expect.poll(() => existsSync(`/proc/${worker}`), { timeout: 20_000 }).toBe(false);
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
    expect(uneven).toMatchObject({ code: 2 });
    expect(uneven.stderr).toContain("`batchSize` (=16) must be divisible by the number of workers (3)");
    expect(existsSync(join(folder, "uneven"))).toBe(false);
    const env = { RANK: "0", WORLD_SIZE: "4", MASTER_ADDR: "127.0.0.1", MASTER_PORT: "1" };
    const other = await start(["train", "mnist", "--workers", "2"], { env });
    expect(other).toMatchObject({ code: 2 });
    expect(other.stderr).toContain("--workers (=2) contradicts the environment's WORLD_SIZE (=4)");
  });

  it("are started once the first has its data; Ctrl-C before stops", async () => {
    const log = join(folder, "log");
    const recipe = recipeWith({ opening: `note("opening"); await sleep(500); note("opened");` });
    const outcome = await start(["train", recipe, "--workers", "2", "--out", join(folder, "ordered")], {
      env: { LOG: log },
    });
    expect(outcome.stdout, outcome.stderr).toContain("Finished 2 steps");
    const seen = ["first starts", "first opening", "first opened", "1 starts", "1 opening", "1 opened"];
    expect(readFileSync(log, "utf8").trim().split("\n")).toEqual(seen);
    const long = recipeWith({
      opening:
        "process.kill(process.pid, 'SIGINT'); await sleep(30_000, undefined, { signal: stop }).catch(() => { throw stop.reason; });",
    });
    const stopped = await start(["train", long, "--workers", "2", "--out", join(folder, "stopped")]);
    expect(stopped.stdout, stopped.stderr).toContain(
      "Stopped while the data was being prepared; what is prepared is kept.",
    );
    expect(stopped.code).toBe(130);
  });

  it("end the command with one sentence when one ends before it connects to the first", async () => {
    const out = join(folder, "unmet");
    const failing = recipeWith({ others: `throw new Error("no such disk");` });
    const failed = await start(["train", failing, "--workers", "2", "--out", out]);
    expect(failed.stderr).toMatch(/^gantry: worker 1 ended with code 1: .*no such disk.*\n$/);
    expect(failed.code).toBe(1);
    expect(existsSync(out)).toBe(false);
  });

  it("that are slow to start are neither waited for after Ctrl-C nor left behind", async () => {
    const hanging = `writeFileSync(process.env.PID, String(process.pid)); setInterval(() => {}, 1000); await once(process, "never");`;
    const whenHanging = (what: string) =>
      `const poll = setInterval(() => existsSync(process.env.PID) && (clearInterval(poll), ${what}), 50);`;
    const ends = [
      { what: "process.kill(process.pid, 'SIGINT')", code: 130 },
      { what: "process.exit(9)", code: 9 },
    ];
    for (const [i, { what, code }] of ends.entries()) {
      const pid = join(folder, `pid-${i}`);
      const recipe = recipeWith({ first: whenHanging(what), others: hanging });
      const outcome = await start(["train", recipe, "--workers", "2", "--out", join(folder, `hung-${i}`)], {
        env: { PID: pid },
      });
      expect(outcome.code, outcome.stderr).toBe(code);
      const worker = Number(readFileSync(pid, "utf8"));
      // It may take a while until its end is noticed.
      await expect.poll(() => existsSync(`/proc/${worker}`), { timeout: 20_000 }).toBe(false);
    }
  });
});
