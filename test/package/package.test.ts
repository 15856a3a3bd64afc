/**
 * The package as a stranger gets it: packed, installed into a project of their own, used from TypeScript and by npx. The
 * files of examples/ lie in that project too, and are run as their first lines say, for fewer steps.
 */
import { spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBinding } from "../../scripts/setup/index.js";
import { freePort } from "../spawn-typescript.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "gantry-package-"));
const project = join(folder, "project");
afterAll(() => rmSync(folder, { recursive: true }));

/** What a program prints; where it fails, that and its errors are the message. */
function run(command: string, args: readonly string[], cwd: string, more: Record<string, string> = {}): string {
  const env = { ...process.env, GANTRY_STACK: "1", NO_COLOR: "1", ...more };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", env });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** The compiler, in the stranger's project. */
const tsc = (...args: string[]) =>
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...args], project);

/** The word of GANTRY_TORCH for the libtorch of these tests, or its folder where a private cache would hide it. */
function engineRoot(): string {
  const { source, root: folder } = ensureBinding().engine;
  return source === "system" ? "system" : folder;
}

/** The installed command. */
const gantry = (...args: string[]) => run("npx", ["--no-install", "gantry", ...args], project);

/** The numbers of a run's log, one object for each line of training. */
function ticksOf(directory: string): Record<string, unknown>[] {
  const lines = readFileSync(join(project, directory, "metrics.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ lossD, lossGenerator }) => (lossD ?? lossGenerator) !== undefined);
}

const files = {
  "package.json": JSON.stringify({ name: "stranger", private: true, type: "module" }),
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      ...{ target: "es2023", module: "nodenext", strict: true, rootDir: ".", outDir: "out", types: ["node"] },
      ...{
        exactOptionalPropertyTypes: true,
        rewriteRelativeImportExtensions: true,
        typeRoots: [join(root, "node_modules/@types")],
      },
    },
    include: ["*.ts"],
  }),
  "technique.ts": `import { defineTechnique, Tensor, z } from "gantry";

/** Pulls generated images towards gray: weight * mean(x^2). */
export const towardsGray = defineTechnique(
  "towardsGray",
  z.strictObject({ weight: z.number().positive().default(0.1) }),
  ({ weight }) => {
    let seen = 0;
    return {
      name: "towardsGray",
      generatorPenalty({ fake }) {
        seen = fake instanceof Tensor ? seen + 1 : Number.NaN;
        return fake.square().mean().mul(weight);
      },
      report: () => ({ seen }),
    };
  },
);
`,
  "recipe.ts": `import { adam, dcgan, defineRecipe, hinge, mnist, topK } from "gantry";
import { towardsGray } from "./technique.ts";

export default defineRecipe({
  data: mnist({ size: 16, first: 512 }),
  generator: dcgan.generator({ latent: 8, width: 4 }),
  discriminator: dcgan.discriminator({ width: 4, spectralNorm: true }),
  loss: hinge(),
  techniques: [topK(), towardsGray({ weight: 0.2 })],
  optimizers: { generator: adam({ lr: 2e-4 }), discriminator: adam({ lr: 2e-4 }) },
  batchSize: 16,
  steps: 20,
  log: { every: 10 },
  threads: 1,
});
`,
  "program.ts": `import { startRun, type Tick } from "gantry";
import recipe from "./recipe.ts";

const ticks: Tick[] = [];
const run = startRun(recipe, { directory: "runs/api" });
const result = await run.train({ events: { tick: (tick) => void ticks.push(tick) } });
console.log(JSON.stringify({ ...result, ticks }));
`,
  "entries.ts": `import { UserError } from "gantry";
import { statistics } from "gantry/experiments";
import { writeNpy } from "gantry/formats";
import { type Score, formulas } from "gantry/metrics";
import { Linear } from "gantry/nn";
import { adam } from "gantry/optim";
import { Generator, Tensor } from "gantry/tensor";

const layer: Linear = new Linear({ rng: new Generator(1), device: "cpu" }, 2, 1);
const optimizer = adam({ lr: 0.1 });
const output: Tensor = layer.forward(Tensor.ones([3, 2]));
const score: Pick<Score, "value"> = { value: output.shape[0] ?? 0 };
console.log(JSON.stringify([score, typeof optimizer, ...[UserError, statistics, writeNpy, formulas].map((it) => typeof it)]));
`,
};

describe("the packed package", () => {
  let tarball = "";
  beforeAll(() => {
    // Brings dist/ up to date in a clone.
    run(process.execPath, [join(root, "bin/gantry.js"), "--version"], folder);
    const [packed] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", folder], root)) as [
      { filename: string },
    ];
    tarball = join(folder, packed.filename);
    mkdirSync(project);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
    cpSync(join(root, "examples"), project, { recursive: true });
    const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
    run("npm", ["install", ...flags, tarball], project);
    // Packing compiles the binding for the other libtorch too, and installs that first where it is missing.
  }, 1_200_000);

  it("contains what it needs and no more", () => {
    const installed = readdirSync(join(project, "node_modules/gantry")).sort();
    expect(installed).toEqual(expect.arrayContaining(["bin", "dist", "native", "package.json", "scripts", "src"]));
    for (const name of ["test", "bench", "runs", "tsconfig.build.json", "node_modules"])
      expect(installed).not.toContain(name);
    expect(readdirSync(join(project, "node_modules/gantry/docs/how-to"))).toContain("setup.md");
    // docs/how-to/install.md says 11.8 MB; most of it is the WebAssembly of `gantry export --to web`.
    expect(statSync(tarball).size).toBeLessThan(13e6);
  });

  it.runIf(process.platform === "linux" && process.arch === "x64")("computes without a compiler", () => {
    const carried = readdirSync(join(project, "node_modules/gantry/prebuilt"));
    expect(carried).toEqual(["linux-x64-libtorch-1.13.1", "linux-x64-libtorch-2.13.0"]);
    writeFileSync(
      join(project, "sum.js"),
      'import { Tensor } from "gantry/tensor";\nconsole.log(Tensor.ones([3]).sum().item());\n',
    );
    // An empty cache, and a compiler that does not exist: compiling would be refused.
    const bare = { GANTRY_CACHE: join(folder, "cache"), GANTRY_TORCH: engineRoot(), CXX: "/nowhere/c++" };
    expect(run(process.execPath, ["sum.js"], project, bare).trim()).toBe("3");
    expect(readdirSync(join(folder, "cache/native"))).toHaveLength(1);
  });

  it("runs from a TypeScript file that Node itself loads, where it can", () => {
    if (!(process.features as { typescript?: unknown }).typescript) return;
    writeFileSync(
      join(project, "mean.ts"),
      'import { Tensor } from "gantry/tensor";\nconst x: Tensor = Tensor.ones([3]);\nconsole.log(x.mean().item());\n',
    );
    expect(run(process.execPath, ["mean.ts"], project).trim()).toBe("1");
  });

  it("is faultless to publint and to Are the types wrong", async () => {
    const { messages } = await publint({ pkgDir: join(project, "node_modules/gantry"), pack: false, strict: true });
    expect(messages).toEqual([]);
    // Resolves every entry as `bundler` and `node16` do. The package has no CommonJS, which the profile leaves out.
    const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
    run(process.execPath, [attw, tarball, "--profile", "esm-only", "--format", "json"], project);
  });

  it("has declarations that a strict project compiles against, and trains with a technique of its own", () => {
    tsc("-p", ".");
    const printed = run(process.execPath, ["out/program.js"], project).trim();
    const result = JSON.parse(printed) as { step: number; finished: boolean; samples: string; ticks: object[] };
    expect(result).toMatchObject({ step: 20, finished: true });
    expect(result.ticks).toMatchObject([
      { step: 10, seen: 10 },
      { step: 20, seen: 20 },
    ]);
    expect(existsSync(result.samples)).toBe(true);
  });

  it("has entry points that every way of resolving modules finds, with their types", () => {
    for (const [module, moduleResolution] of [
      ["node16", "node16"],
      ["nodenext", "nodenext"],
      ["esnext", "bundler"],
    ] as const) {
      tsc("-p", ".", "--noEmit", "--module", module, "--moduleResolution", moduleResolution);
    }
    expect(JSON.parse(run(process.execPath, ["out/entries.js"], project))).toEqual([
      { value: 3 },
      ..."object function object function object".split(" "),
    ]);
  });

  it("shows type errors in the editor", () => {
    const wrong = files["recipe.ts"].replace("loss: hinge()", "loss: topK()").replace("steps: 20", "stepz: 20");
    writeFileSync(join(project, "wrong.ts"), wrong);
    expect(() => tsc("-p", ".", "--noEmit")).toThrow(/wrong\.ts.*(stepz|"technique")/s);
    rmSync(join(project, "wrong.ts"));
  });

  it("refuses x[0] in the editor, in a project without @types/node too", () => {
    const compilerOptions = { types: [], typeRoots: [], skipLibCheck: true };
    writeFileSync(
      join(project, "bare.json"),
      JSON.stringify({ extends: "./tsconfig.json", compilerOptions, include: ["bare.ts"] }),
    );
    writeFileSync(
      join(project, "bare.ts"),
      'import { Tensor } from "gantry/tensor";\nexport const row = Tensor.zeros([2])[0];\n',
    );
    expect(() => tsc("-p", "bare.json", "--noEmit")).toThrow("can't be used to index type 'Tensor'");
    rmSync(join(project, "bare.ts"));
  });

  it("trains the same recipe by npx, to the same numbers, and resumes it", () => {
    const printed = gantry("train", "./recipe.ts", "--out", "runs/cli");
    expect(printed).toContain("Finished 20 steps");
    expect(printed).toContain("npx gantry sample runs/cli");
    const numbers = (directory: string) =>
      ticksOf(directory).map(({ step, lossD, lossG, seen, k }) => ({ step, lossD, lossG, seen, k }));
    expect(numbers("runs/cli")).toHaveLength(2);
    expect(numbers("runs/cli")).toEqual(numbers("runs/api"));
    expect(gantry("resume", "runs/cli", "--steps", "22")).toContain("Finished 22 steps");
    // The classifiers that scores can use without a download travel with the package.
    const evaluate = ["evaluate", "runs/cli", "--features", "mnist-classifier", "--count", "64", "--json"];
    const scored = JSON.parse(gantry(...evaluate)) as { scores: { name: string }[] };
    expect(scored.scores[0]!.name).toBe("fid@mnist-classifier");
    gantry("sample", "runs/cli", "--count", "4", "--out", "four.png");
    expect(existsSync(join(project, "four.png"))).toBe(true);
  });

  describe("the examples", () => {
    /** Trains the recipe or trainer that an example exports, for a few steps of a small batch. */
    function train(name: string, ...flags: string[]): Record<string, unknown> {
      const out = `runs/${name}`;
      const few = ["--steps", "3", "--set", "batchSize=8", "--set", "log.every=1", "--threads", "1"];
      expect(gantry("train", `./${name}.ts`, "--out", out, ...few, ...flags)).toContain("Finished 3 steps");
      return ticksOf(out).at(-1)!;
    }

    it("are all run here", () => {
      const tested = readFileSync(import.meta.filename, "utf8");
      // The notebook is run by test/notebook.
      for (const name of readdirSync(join(root, "examples")).filter((name) => name.endsWith(".ts"))) {
        expect(tested, name).toContain(`it("${name.replace(/\.ts$/, "")}:`);
      }
    });

    it("own-technique: its noise shrinks", () => {
      expect(train("own-technique", "--set", "techniques.instanceNoise.until=4").noise).toBeCloseTo(0.1);
    });

    it("own-model: its networks are trained, and the options of both can be set", () => {
      train("own-model", "--set", "generator.width=8", "--set", "discriminator.width=8");
      gantry("sample", "runs/own-model", "--count", "4", "--out", "own-model.png");
      expect(existsSync(join(project, "own-model.png"))).toBe(true);
    });

    it("own-loss: it is minimised by both players", () => {
      const { lossD, lossG } = train("own-loss");
      expect(lossD).toBeGreaterThan(0);
      expect(lossG).toBeGreaterThan(0);
    });

    it("own-loop: it trains, in at most 40 lines", () => {
      const printed = run(process.execPath, ["out/own-loop.js", "300"], project);
      const [, share = "0"] = /([\d.]+) % of the samples/.exec(printed) ?? [];
      expect(Number(share)).toBeGreaterThan(5);
      expect(readFileSync(join(root, "examples/own-loop.ts"), "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(
        40,
      );
    });

    it("own-claim: its runs end in a verdict that says how short they were", () => {
      const few = ["--seeds", "1", "--length", "2", "--threads", "1"];
      expect(gantry("reproduce", "./own-claim.ts", ...few)).toContain(
        "Verdict: at 1 of 5 seeds, 2 of 2,000 steps: undecided",
      );
    });

    it("own-step: the numbers that it returns are logged, and a resumed run continues", () => {
      expect(Object.keys(train("own-step"))).toEqual(
        expect.arrayContaining(["lossCritic", "lossGenerator", "distance"]),
      );
      expect(gantry("resume", "runs/own-step", "--steps", "4")).toContain("Finished 4 steps");
    });

    it("own-data: its arrays are found again on resuming", () => {
      train("own-data");
      expect(gantry("resume", "runs/own-data", "--steps", "4")).toContain("Finished 4 steps");
    });

    it("own-metric: it is among the scores, and a command line can name it", () => {
      train("own-metric", "--set", "evaluate.every=3", "--set", "evaluate.samples=32", "--set", "data.first=64");
      const flags = ["--features", "mnist-classifier", "--metrics", "classDistance", "--count", "32", "--json"];
      const { scores } = JSON.parse(gantry("evaluate", "runs/own-metric", ...flags)) as { scores: { name: string }[] };
      expect(scores.map(({ name }) => name)).toEqual(["classDistance@mnist-classifier"]);
    });

    it("sweep-in-code: its table has a row for each pair of values", () => {
      const printed = run(process.execPath, ["out/sweep-in-code.js", "3", "1"], project);
      for (const loss of ["hinge", "nonSaturating"]) {
        for (const size of [32, 64]) expect(printed).toContain(`loss=${loss} batchSize=${size} {`);
      }
      expect(readdirSync(join(project, "sweeps/losses-3/runs"))).toHaveLength(4);
    });

    it("server: it answers with a PNG, and what there is not with 400 and a sentence, in fewer than 40 lines", async () => {
      const source = readFileSync(join(root, "examples/server.ts"), "utf8");
      expect(source.trimEnd().split("\n").length).toBeLessThan(40);
      const conditional = ["generator", "discriminator"].flatMap((player) => ["--set", `${player}.conditional=true`]);
      gantry("train", "./recipe.ts", "--out", "runs/classes", "--steps", "1", ...conditional);
      const port = String(await freePort());
      const server = spawn(process.execPath, ["out/server.js", "runs/classes", port], { cwd: project });
      try {
        const address = await new Promise<string>((found, failed) => {
          server.stdout.on("data", (text) => found(String(text).trim()));
          server.on("exit", () => failed(new Error("the server has ended")));
        });
        const png = await fetch(`${address}/?seed=7&class=3&truncation=1.2`);
        expect([png.status, png.headers.get("content-type")]).toEqual([200, "image/png"]);
        const given = Buffer.from(await png.arrayBuffer());
        expect([given.readUInt32BE(16), given.readUInt32BE(20)]).toEqual([16, 16]);
        for (const [query, sentence] of [
          ["?seed=x", "seed (=NaN) must be a whole number"],
          ["?class=cat", "class (=cat) must be one of: 0, 1, 2"],
          ["?class=3&truncation=-1", "truncation (=-1) must be a number of at least 0.01"],
          ["?sede=1", "`sede` is unknown; there are seed, class and truncation"],
          ["other", "/other is unknown; there is only /"],
        ]) {
          const refused = await fetch(`${address}/${query}`);
          expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining(sentence!)]);
        }
      } finally {
        server.kill();
      }
    });
  });
});
