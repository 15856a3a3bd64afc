/** `gantry studio`, and the request to stop, as a person and a program use them. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, it } from "vitest";
import { entry, start } from "./spawn.ts";
import { tiny } from "./tiny-run.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-cli-studio-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts `gantry studio`, calls `use` with its first line, and ends it as Ctrl-C does. */
async function withStudio(args: readonly string[], use: (line: string) => Promise<void>): Promise<number | null> {
  const child = spawn(process.execPath, [entry, "studio", ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    try {
      await use(line);
    } finally {
      child.kill("SIGINT");
    }
    break;
  }
  return ended;
}

describe("gantry studio", () => {
  it("prints its address, answers there, and ends with Ctrl-C", async () => {
    const code = await withStudio([folder, "--port", "0", "--json"], async (line) => {
      const { address, folder: shown } = JSON.parse(line) as { address: string; folder: string };
      expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{24}$/);
      expect(shown).toBe(folder);
      const page = await (await fetch(address)).text();
      expect(page).toContain("<title>Gantry studio</title>");
      const script = /src="\.\/(assets\/[^"]+\.js)"/.exec(page)![1]!;
      expect((await fetch(new URL(script, address))).headers.get("content-type")).toContain("javascript");
    });
    expect(code).toBe(0);
  });

  it("says what --host gives away", async () => {
    const { code, stdout } = await start(["studio", folder, "--host", "0.0.0.0", "--port", "0"], {
      whenLine: (line, child) => void (line.startsWith("Ctrl-C") && child.kill("SIGINT")),
    });
    expect(code).toBe(0);
    expect(stdout).toContain("Whoever has it can read every run of this folder, stop those that are");
  });

  it.each([
    [["studio"], "there is no folder `runs` here; name the folder with your runs: gantry studio DIR"],
    [["studio", "none"], "none does not exist; give a folder with runs"],
    [["studio", ".", "--port", "70000"], "--port (=70000) must be at most 65535"],
    [["studio", ".", "--port", "x"], "--port (=x) must be a whole number of at least 0"],
  ])("refuses %j in one sentence", async (args, message) => {
    const { code, stderr } = await start(args, { cwd: folder });
    expect(code).toBeGreaterThan(0);
    expect(stderr).toBe(`gantry: ${message}\n`);
  });
});

describe("a file `stop` in a run's folder", () => {
  it("ends its training with a checkpoint; the command says so with 130, and a resume goes on", async () => {
    const run = join(folder, "run");
    const { code, stdout } = await start(["train", "mnist", "--json", "--out", run, ...tiny, "--steps", "1000000"], {
      whenLine: (line) => {
        const { event, step } = JSON.parse(line) as { event: string; step?: number };
        if (event === "tick" && step === 20) writeFileSync(join(run, "stop"), "");
      },
    });
    expect(code).toBe(130);
    const end = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as { event: string; step: number; finished: boolean };
    expect(end).toMatchObject({ event: "end", finished: false });
    expect(existsSync(join(run, "stop"))).toBe(false);
    expect(readdirSync(join(run, "checkpoints"))).toContain(`step-${String(end.step).padStart(6, "0")}`);
    expect(JSON.parse(readFileSync(join(run, "metrics.jsonl"), "utf8").trimEnd().split("\n").at(-1)!)).toMatchObject({
      event: "stop",
      step: end.step,
    });
    // An old request does not count.
    writeFileSync(join(run, "stop"), "");
    const resumed = await start(["resume", run, "--quiet", "--steps", String(end.step + 10)]);
    expect(resumed.code).toBe(0);
    expect(existsSync(join(run, "stop"))).toBe(false);
  });
});
