/** `gantry completion`: the words that it offers, and a real bash that offers them at the press of a key. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { inProcess } from "./in-process.ts";
import { entry, start } from "./spawn.ts";

const work = mkdtempSync(join(tmpdir(), "gantry-completion-"));
const runs = ["older", "two words", "$(touch made-by-a-name)", "line\nbreak"];
beforeAll(() => {
  for (const name of runs) {
    mkdirSync(join(work, "runs", name), { recursive: true });
    writeFileSync(join(work, "runs", name, "recipe.json"), "{}");
  }
  utimesSync(join(work, "runs/older"), 0, 0);
  mkdirSync(join(work, "runs/no run"));
});
afterAll(() => rmSync(work, { recursive: true }));

/** The words that the last one can become. */
async function words(...typed: string[]): Promise<string[]> {
  const { stdout, code } = await inProcess("completion", "words", "--", ...typed);
  expect(code).toBe(0);
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => line.slice(0, line.indexOf("\t")));
}

describe("the words that are offered", () => {
  it("are commands first, and those of a command that has some", async () => {
    expect(await words("re")).toEqual(["resume", "report", "reproduce"]);
    expect(await words("help", "dia")).toEqual(["diagnose"]);
    expect(await words("--v")).toEqual(["--version"]);
    expect(await words("data", "g")).toEqual(["get"]);
    expect(await words("nowhere", "")).toEqual([]);
  });

  it("are the flags of the command, without those that were given once and may not come twice", async () => {
    expect(await words("sample", "runs/older", "--no-a")).toEqual(["--no-averaged"]);
    expect(await words("train", "mnist", "--s")).toEqual(["--set", "--steps", "--seed", "--studio", "--stack"]);
    expect(await words("train", "--seed", "3", "--set", "steps=1", "--se")).toEqual(["--set"]);
    expect(await words("reproduce", "--dr")).toEqual(["--dry-run"]);
    expect(await words("verify", "--", "--j")).toEqual([]);
  });

  it("are the values of flags", async () => {
    expect(await words("export", "runs/older", "--to", "c")).toEqual(["csv"]);
    // As bash divides the word.
    expect(await words("export", "runs/older", "--to", "=", "c")).toEqual(["csv"]);
    expect(await words("export", "runs/older", "--to", "=")).toContain("tensorboard");
    expect(await words("train", "mnist", "--out", "")).toEqual([]);
  });

  it("are shipped recipes, datasets and claims", async () => {
    expect(await words("train", "cifar10-s")).toContain("cifar10-sngan");
    expect(await words("train", "mnist", "")).toEqual([]);
    expect(await words("train", "--seed", "3", "mnist-b")).toContain("mnist-biggan");
    expect(await words("data", "fashion")).toContain("fashion-mnist");
  });
});

describe("with folders of runs", () => {
  it("offers them, the newest first, but none whose name would end a line", async () => {
    const offered = async (...typed: string[]) =>
      (await start(["completion", "words", "--", ...typed], { cwd: work })).stdout.split("\n").filter(Boolean);
    const all = await offered("resume", "");
    expect(all.at(-1)).toBe("runs/older\t");
    expect(all.sort()).toEqual(["runs/$(touch made-by-a-name)\t", "runs/older\t", "runs/two words\t"]);
    expect(await offered("compare", "nowhere/")).toEqual([]);
  });

  it("in bash: a key completes command and run, and no name is run as code", async () => {
    const shell = spawn("script", ["-qefc", "bash --norc --noprofile -i", "/dev/null"], {
      cwd: work,
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, TERM: "dumb", PS1: "> ", NO_COLOR: "1", HISTFILE: "" },
    });
    let shown = "";
    shell.stdout.on("data", (data) => (shown += data));
    const type = async (text: string, until: string) => {
      const before = shown.length;
      shell.stdin.write(text);
      await vi.waitFor(() => expect(shown.slice(before)).toContain(until), { timeout: 60_000 });
    };
    await type(`eval "$('${process.execPath}' '${entry}' completion bash)"; echo read''y\n`, "ready");
    await type("gantry() { printf '<%s>' \"$@\"; echo end; }; echo defi''ned\n", "defined");
    await type("gantry resu\t", "resume ");
    await type("runs/tw\t", "words");
    await type("\n", "<resume><runs/two words>end");
    await type("gantry verify runs/\\$\t", "name");
    await type("\n", "<verify><runs/$(touch made-by-a-name)>end");
    shell.stdin.write("exit\n");
    await new Promise((resolve) => shell.on("close", resolve));
    expect(existsSync(join(work, "made-by-a-name"))).toBe(false);
  });
});

it("prints a script for each shell, and names them where another is asked for", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout } = await inProcess("completion", shell);
    expect(stdout).toContain("completion words --");
  }
  const { code, stderr } = await inProcess("completion", "csh");
  expect(code).toBe(2);
  expect(stderr).toContain("the shell (=csh) must be bash, zsh, fish");
});
