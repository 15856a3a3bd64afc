/** Workers that torchrun starts, where there is a torchrun. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { freePort } from "../spawn-typescript.ts";
import { entry, type Outcome } from "./spawn.ts";
import { tiny } from "./tiny-run.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-torchrun-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** All output goes to the terminal. The plain way of saying so fails in torchrun 1.13 under Python 3.11. */
const output = ["--redirects", "9:1", "--tee", "9:1"];

function torchrun(rendezvous: readonly string[], out: string): Promise<Outcome> {
  const program = [process.execPath, entry, "train", "mnist", ...tiny, "--steps", "6", "--out", out];
  const child = spawn("torchrun", [...rendezvous, ...output, "--nproc_per_node", "2", "--no_python", ...program]);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

describe.skipIf(spawnSync("torchrun", ["--help"]).status !== 0)("torchrun", () => {
  it("starts workers that train together, on the port of its own store's or another", async () => {
    const [first, second] = [await freePort(), await freePort()];
    const workers = [
      // Its own store listens at the address of the workers' rendezvous.
      ["--master_port", String(first)],
      ["--rdzv_backend", "c10d", "--rdzv_endpoint", `127.0.0.1:${second}`, "--rdzv_id", "test"],
    ];
    for (const [i, rendezvous] of workers.entries()) {
      const { code, stdout, stderr } = await torchrun(rendezvous, join(folder, String(i)));
      expect(stdout, stderr).toContain("Finished 6 steps");
      expect(code).toBe(0);
    }
  }, 180_000);
});
