/** The command line in a real terminal (util-linux's `script`, which Debian always has), and behind closed pipes. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inProcess } from "./in-process.ts";
import { drawnIn, ESCAPE, Screen } from "./screen.ts";
import { entry } from "./spawn.ts";

const work = mkdtempSync(join(tmpdir(), "gantry terminal ü "));
afterAll(() => rmSync(work, { recursive: true }));

const recipe = `import { adam, defineRecipe, mixture, mixtureOfGaussians, mlp, nonSaturating } from "gantry";
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
`;
const file = join(work, "Rezept 1.ts");
beforeAll(() => writeFileSync(file, recipe));

const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(" ");
const gantry = (...args: string[]): string => quoted([process.execPath, entry, ...args]);

/** The environment without what a test runner says about colours. */
function plainEnvironment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, ...env } = process.env;
  return { ...env, TERM: "xterm", OMP_NUM_THREADS: "1", GANTRY_CONVOLUTION: "rules", ...more };
}

/** Runs lines of bash in a terminal; `answers` types its text once the terminal shows the pattern, in this order. */
async function inTerminal(
  lines: readonly string[],
  { env = {}, answers = [] }: { env?: Record<string, string>; answers?: readonly (readonly [RegExp, string])[] } = {},
): Promise<string> {
  const program = join(work, `program-${Math.random()}.sh`);
  writeFileSync(program, lines.join("\n"));
  const terminal = spawn("script", ["-qefc", `bash '${program}'`, "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: plainEnvironment(env),
  });
  let shown = "";
  let from = 0;
  const waiting = [...answers];
  for await (const data of terminal.stdout) {
    shown += data;
    const found = waiting.length > 0 ? waiting[0]![0].exec(shown.slice(from)) : null;
    if (found === null) continue;
    from += found.index + found[0].length;
    terminal.stdin.write(waiting.shift()![1]);
  }
  return shown;
}

/** What a terminal shows of the output. */
function linesOf(output: string, columns: number): string[] {
  const screen = new Screen(columns);
  screen.write(output.replaceAll("\r\n", "\n"));
  return screen.lines;
}

const CTRL_C = "\u0003";
const CTRL_Z = "\u001a";

describe("a terminal", () => {
  it("shows bold titles, unless NO_COLOR or TERM=dumb says otherwise", async () => {
    const help = (env: Record<string, string>) => inTerminal([gantry("--help")], { env });
    const [bold, plain, dumb] = await Promise.all([help({}), help({ NO_COLOR: "1" }), help({ TERM: "dumb" })]);
    expect(bold).toContain(`${ESCAPE}[1mOptions`);
    expect(plain).not.toContain(ESCAPE);
    expect(dumb).not.toContain(ESCAPE);
    expect(plain).toContain("\nOptions");
  });

  it("that is dumb gets lines and no controls while training", async () => {
    const out = join(work, "dumb");
    const shown = await inTerminal([gantry("train", file, "--out", out, "--steps", "60")], { env: { TERM: "dumb" } });
    expect(shown).not.toContain(ESCAPE);
    expect(shown.replaceAll("\r\n", "")).not.toContain("\r");
    expect(shown.match(/^ *\d+\/60 /gm)).toHaveLength(3);
  });

  it.each([24, 500])("of %d columns shows one line of progress, which never wraps", async (columns) => {
    const out = join(work, `columns-${columns}`);
    const shown = await inTerminal([`stty cols ${columns}`, gantry("train", file, "--out", out, "--steps", "200")]);
    const drawn = drawnIn(shown);
    expect(drawn.length).toBeGreaterThan(2);
    for (const text of drawn) expect(text.length).toBeLessThan(columns);
    const lines = linesOf(shown, columns);
    expect(lines.filter((line) => / ?\d+\/200/.test(line))).toHaveLength(1);
    expect(lines.some((line) => line.startsWith("Finished 200 steps"))).toBe(true);
  });

  it("that does not know its width is taken for one of 80 columns", async () => {
    const shown = await inTerminal(["stty cols 0", gantry("evaluate", "--help")]);
    expect(Math.max(...linesOf(shown, 10_000).map((line) => line.length))).toBeGreaterThan(60);
  });

  it("that is resized keeps one line of progress", async () => {
    const out = join(work, "resized");
    const shown = await inTerminal(
      [
        "stty cols 120",
        `${gantry("train", file, "--out", out)} & child=$!`,
        ...["60", "30", "100"].flatMap((columns) => [`read -r`, `stty cols ${columns}`]),
        "read -r",
        "kill -INT $child; wait $child",
      ],
      {
        // Each width is waited for by what only its lines have: what a pipe still holds has the form of the width before.
        answers: [/img\/s {2}ETA/, /D\(\w+\) \S+ ETA/, /\/1000000 ETA/, /img\/s {2}ETA/].map(
          (seen) => [seen, "\n"] as const,
        ),
      },
    );
    const drawn = drawnIn(shown).map((text) => text.length);
    // Every width was drawn to, and the longer line was erased over all of its rows.
    expect(Math.max(...drawn)).toBeLessThan(120);
    expect(drawn.some((length) => length < 30)).toBe(true);
    expect(shown).toContain(`\r${ESCAPE}[1A`);
    expect(shown).toContain("Stopped and saved at step");
  });

  it("goes on after Ctrl-Z and fg: progress on a line of its own, and the pause in no clock", async () => {
    const out = join(work, "stopped");
    const shown = await inTerminal(
      [
        "set -m",
        gantry("train", file, "--out", out),
        "code=$?",
        `echo; echo "code $code"`,
        "sleep 3",
        "fg",
        `echo "end $?"`,
      ],
      {
        answers: [
          [/ETA/, CTRL_Z],
          [/code 148.*ETA.*ETA/s, CTRL_C],
        ],
      },
    );
    expect(shown).toContain("code 148");
    expect(shown).toContain("end 130");
    const lines = linesOf(shown, 80);
    const progress = lines.filter((line) => line.includes("/1000000 ") && line.includes("ETA"));
    for (const line of progress) expect(line).toMatch(/^ *\d+\/1000000 .*ETA [\d:]+(\^Z|\^C)?$/);
    const log = readFileSync(join(out, "metrics.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const at = (event: string): number => Date.parse(log.find((line) => line.event === event).time);
    const { seconds } = log.findLast((line) => "imagesPerSecond" in line);
    // The clock of training stood still for three seconds; whatever else takes time only widens the difference.
    expect((at("stop") - at("start")) / 1000 - seconds).toBeGreaterThan(2.5);
  });
});

describe("a pipe that is closed", () => {
  it("ends no command with an error, whatever it prints", async () => {
    const run = join(work, "piped");
    expect((await inProcess("train", file, "--out", run, "--steps", "40")).code).toBe(0);
    const commands: [args: string[], reader: string][] = [
      [["lab", "--help"], ":"],
      [["report", run], "head -n 1"],
      [["evaluate", run, "--metrics", "mixture", "--count", "50"], "head -n 1"],
      [["train", file, "--out", join(work, "piped-2"), "--steps", "200", "--json"], "head -n 1"],
    ];
    const results = await Promise.all(commands.map(([args, reader]) => piped(args, reader)));
    for (const { args, status, stderr } of results)
      expect([args, status, stderr]).toEqual([args, 0, expect.not.stringMatching(/EPIPE|gantry: |Error/)]);
  });
});

/** Runs gantry with its output in the pipe of a reader that ends early. */
function piped(
  args: readonly string[],
  reader: string,
): Promise<{ args: string; status: number | null; stderr: string }> {
  const child = spawn("bash", ["-o", "pipefail", "-c", `${gantry(...args)} | ${reader}`], {
    stdio: ["ignore", "ignore", "pipe"],
    env: plainEnvironment(),
  });
  let stderr = "";
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  return new Promise((resolve) => child.on("close", (status) => resolve({ args: args.join(" "), status, stderr })));
}

describe("spaces and letters of other alphabets", () => {
  it("are taken everywhere: recipes, runs, data and files", async () => {
    const folder = join(work, "Läufe und фото");
    mkdirSync(join(folder, "кот 猫"), { recursive: true });
    const sharp = (await import("sharp")).default;
    for (let i = 0; i < 4; i++) {
      const pixels = { create: { width: 16, height: 16, channels: 3, background: { r: i, g: 9, b: 9 } } } as const;
      await sharp(pixels)
        .png()
        .toFile(join(folder, "кот 猫", `bild ${i}.png`));
    }
    const run = join(folder, "erster lauf ✓");
    const small = ["generator.width=2", "discriminator.width=2", "data.size=16"].flatMap((one) => ["--set", one]);
    const commands: string[][] = [
      ["train", join(folder, "кот 猫"), "--out", run, "--steps", "2", ...small],
      ["resume", run, "--steps", "3"],
      ["sample", run, "--count", "4", "--out", join(folder, "ein bild.png")],
      ["report", run],
      ["data", join(folder, "кот 猫")],
      ["train", file, "--out", join(folder, "рецепт"), "--steps", "2"],
    ];
    for (const args of commands) {
      const { code, stderr } = await inProcess(...args);
      expect([args[0], code, stderr]).toEqual([args[0], 0, expect.not.stringContaining("gantry: ")]);
    }
  });

  it("stay whole in the place of an error", () => {
    const broken = join(work, "kaputt ü.ts");
    writeFileSync(broken, `import { defineRecipe } from "gantry";\n\nexport default defineRecipe({ nothing: 1 });\n`);
    const { stderr } = spawnSync(process.execPath, [entry, "train", broken], { encoding: "utf8" });
    expect(stderr).toContain(`gantry: ${broken}:3: `);
  });
});
