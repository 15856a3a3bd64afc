/** The package as a stranger gets it: packed, installed into a project of their own, used from TypeScript and by npx. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "gantry-package-"));
const project = join(folder, "project");
afterAll(() => rmSync(folder, { recursive: true }));

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, GANTRY_STACK: "1", NO_COLOR: "1" },
  });
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
  "technique.ts": `import { describe, Tensor, z, type Technique } from "gantry";

/** Pulls generated images towards gray: weight * mean(x^2). */
export const towardsGray = describe(
  "technique",
  "towardsGray",
  z.strictObject({ weight: z.number().positive().default(0.1) }),
  ({ weight }): Technique => {
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
};

describe("the packed package", () => {
  beforeAll(() => {
    // Brings dist/ up to date in a clone.
    run(process.execPath, [join(root, "bin/gantry.js"), "--version"], folder);
    const [packed] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", folder], root)) as [
      { filename: string },
    ];
    mkdirSync(project);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
    const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
    run("npm", ["install", ...flags, join(folder, packed.filename)], project);
  }, 300_000);

  it("holds what it needs and no more", () => {
    const installed = readdirSync(join(project, "node_modules/gantry")).sort();
    expect(installed).toEqual(expect.arrayContaining(["bin", "dist", "native", "package.json", "scripts", "src"]));
    for (const name of ["test", "bench", "runs", "tsconfig.build.json", "node_modules"])
      expect(installed).not.toContain(name);
  });

  it("has declarations that a strict project compiles against, and trains with a technique of its own", () => {
    run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."], project);
    const printed = run(process.execPath, ["out/program.js"], project).trim();
    const result = JSON.parse(printed) as { step: number; finished: boolean; samples: string; ticks: object[] };
    expect(result).toMatchObject({ step: 20, finished: true });
    expect(result.ticks).toMatchObject([
      { step: 10, seen: 10 },
      { step: 20, seen: 20 },
    ]);
    expect(existsSync(result.samples)).toBe(true);
  });

  it("says in the editor what does not fit", () => {
    const wrong = files["recipe.ts"].replace("loss: hinge()", "loss: topK()").replace("steps: 20", "stepz: 20");
    writeFileSync(join(project, "wrong.ts"), wrong);
    let output = "";
    try {
      run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", ".", "--noEmit"], project);
    } catch (error) {
      output = (error as { stdout: string }).stdout;
    }
    rmSync(join(project, "wrong.ts"));
    expect(output).toContain("wrong.ts");
    expect(output).toMatch(/stepz|"technique"/);
  });

  it("trains the same recipe by npx, to the same numbers, and resumes it", () => {
    const printed = run("npx", ["--no-install", "gantry", "train", "./recipe.ts", "--out", "runs/cli"], project);
    expect(printed).toContain("Finished 20 steps");
    expect(printed).toContain("npx gantry sample runs/cli");
    const ticks = (name: string) =>
      readFileSync(join(project, "runs", name, "metrics.jsonl"), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ lossD }) => lossD !== undefined)
        .map(({ step, lossD, lossG, seen, k }) => ({ step, lossD, lossG, seen, k }));
    expect(ticks("cli")).toHaveLength(2);
    expect(ticks("cli")).toEqual(ticks("api"));
    expect(run("npx", ["--no-install", "gantry", "resume", "runs/cli", "--steps", "22"], project)).toContain(
      "Finished 22 steps",
    );
    // The classifiers that scores can use without a download travel with the package.
    const evaluate = [
      "--no-install",
      "gantry",
      "evaluate",
      "runs/cli",
      "--features",
      "mnist-classifier",
      "--count",
      "64",
    ];
    const scored = JSON.parse(run("npx", [...evaluate, "--json"], project)) as { scores: { name: string }[] };
    expect(scored.scores[0]!.name).toBe("fid@mnist-classifier");
    run("npx", ["--no-install", "gantry", "sample", "runs/cli", "--count", "4", "--out", "four.png"], project);
    expect(existsSync(join(project, "four.png"))).toBe(true);
  });
});
