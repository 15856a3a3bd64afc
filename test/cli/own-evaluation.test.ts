/** `gantry evaluate` as a run evaluates itself: features, metrics of its own and seed; and statistics files. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Score } from "../../src/metrics/index.ts";
import { inProcess } from "./in-process.ts";
import { type Outcome, start } from "./spawn.ts";

const work = mkdtempSync(join(tmpdir(), "gantry-own-"));
const home = process.cwd();
afterAll(() => {
  process.chdir(home);
  rmSync(work, { recursive: true });
});

const gantry = (...args: string[]): Promise<Outcome> => inProcess(...args);

const metric = `import { defineMetric, z } from "gantry";
export const ink = defineMetric("ownInk", z.strictObject({ power: z.number().default(1) }), {
  description: "mean of the pixels",
  needs: { fake: ["images"] },
  scores: { ink: "higher" },
  compute: ({ fake }, { power }) => ({ ink: fake.images.double().mean().item() ** power }),
});
`;

const recipe = `${metric.replace("import { defineMetric, z }", "import { adam, dcgan, defineMetric, defineRecipe, fid, hinge, inceptionScore, mnist, weightAveraging, z }")}
export default defineRecipe({
  data: mnist({ size: 16, first: 150 }),
  generator: dcgan.generator({ latent: 4, width: 2 }),
  discriminator: dcgan.discriminator({ width: 2, spectralNorm: true }),
  loss: hinge(),
  techniques: [weightAveraging({ decay: 0.5 })],
  optimizers: { generator: adam({ lr: 1e-3 }), discriminator: adam({ lr: 1e-3 }) },
  batchSize: 8,
  steps: 4,
  evaluate: {
    every: 4,
    features: "mnist-classifier",
    metrics: [fid(), inceptionScore({ splits: 3 }), ink({ power: 2 })],
    samples: 140,
    real: 120,
  },
});
`;

const vectors = `import { adam, defineRecipe, mixture, mixtureOfGaussians, mlp, nonSaturating } from "gantry";
export default defineRecipe({
  data: mixtureOfGaussians(),
  generator: mlp.generator({ latent: 2, hidden: [4] }),
  discriminator: mlp.discriminator({ hidden: [4] }),
  loss: nonSaturating(),
  optimizers: { generator: adam({ lr: 1e-3 }), discriminator: adam({ lr: 1e-3 }) },
  batchSize: 4,
  steps: 3,
  evaluate: { every: 3, features: "samples", metrics: [mixture()], samples: 300 },
});
`;

interface Evaluated {
  protocol: string;
  scores: Score[];
}

/** The scores of the run's log. */
function logged(run: string): Score[] {
  const lines = readFileSync(join(work, run, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => JSON.parse(line)).findLast(({ event }) => event === "scores").scores;
}

async function scored(...args: string[]): Promise<Evaluated> {
  const { code, stdout, stderr } = await gantry("evaluate", ...args, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Evaluated;
}

/** What each training printed. */
const trained = new Map<string, string>();

beforeAll(async () => {
  process.chdir(work);
  writeFileSync(join(work, "ink.ts"), metric);
  writeFileSync(join(work, "digits.ts"), recipe);
  writeFileSync(join(work, "vectors.ts"), vectors);
  for (const name of ["digits", "vectors"]) {
    const { code, stdout, stderr } = await gantry("train", `${name}.ts`, "--out", name);
    expect(code, stderr).toBe(0);
    trained.set(name, stdout);
  }
  mkdirSync("grays");
  for (const [i, level] of [10, 20, 60].entries()) {
    const background = { r: level, g: level, b: level };
    await sharp({ create: { width: 16, height: 16, channels: 3, background } })
      .png()
      .toFile(`grays/${i}.png`);
  }
});

describe("gantry evaluate RUN", () => {
  it("gives the scores that the run has in its log: the same values under the same protocol", async () => {
    const { protocol, scores } = await scored("digits");
    expect(protocol).toBe("run");
    const log = logged("digits");
    expect(log.map(({ name }) => name)).toEqual(["fid@mnist-classifier", "inceptionScore@mnist-classifier", "ink"]);
    expect(scores).toEqual(log);
  });

  it("takes other metrics, counts and seeds for the run's, and a preset for all of it", async () => {
    const ink = await scored("digits", "--metrics", "ownInk", "--count", "70", "--seed", "5");
    expect(
      ink.scores.map(({ name, protocol }) => [name, protocol.fakeCount, protocol.seeds, protocol.options]),
    ).toEqual([["ink", 70, [5], { power: 2 }]]);
    const quick = await scored("digits", "--protocol", "quick", "--features", "mnist-classifier", "--count", "70");
    expect(quick.protocol).toBe("quick");
    expect(quick.scores[0]!.protocol).toMatchObject({ seeds: [0], real: { count: 150 } });
    const refused = await gantry("evaluate", "grays", "--protocol", "run");
    expect(refused.stderr).toContain("--protocol run is how a run scores itself while it trains");
  });

  it("announces its cost before it begins", async () => {
    const { stderr } = await gantry("evaluate", "digits");
    expect(stderr).toMatch(
      /^140 samples(?: and 120 real images)?, 64 features of mnist-classifier each: about [\d.]+ s\n/,
    );
    expect(trained.get("digits")).toMatch(
      /\nEvaluating 140 samples.*, 64 features of mnist-classifier each: about .* s\.\n.*Step 4: fid/s,
    );
  });

  it("scores vectors by the run's own metrics, and refuses what is of images", async () => {
    expect((await scored("vectors")).scores).toEqual(logged("vectors"));
    const { code, stderr } = await gantry("evaluate", "vectors", "--real", "grays");
    expect([code, stderr]).toEqual([2, "gantry: --real goes with images, and vectors makes vectors\n"]);
  });
});

describe("a metric of one's own that looks at pixels", () => {
  it("scores a folder, from the file that defines it", async () => {
    const { scores } = await scored("grays", "--import", "ink.ts", "--metrics", "ownInk");
    expect(scores.map(({ name, value }) => [name, value])).toEqual([["ink", 30]]);
    const unknown = await start(["evaluate", "grays", "--metrics", "ownInk"], { cwd: work });
    expect(unknown.stderr).toContain("there is no metric `ownInk`");
  });
});

describe("statistics files", () => {
  const common = ["--features", "mnist-classifier"];

  it("are written of what is evaluated, and compared with they give the score of the images", async () => {
    const args = ["--real", "grays", "--save-statistics", "grays.npz", "--metrics", "fid"];
    const saving = await gantry("evaluate", "grays", ...common, ...args);
    expect(saving.code, saving.stderr).toBe(0);
    expect(saving.stdout).toContain("\nstatistics: grays.npz\n");
    const images = await scored("digits", "--real", "grays", ...common, "--metrics", "fid");
    const statistics = await scored("digits", "--real", "grays.npz", ...common, "--metrics", "fid");
    const [a, b] = [statistics, images].map(({ scores }) => scores[0]!);
    expect(a!.value / b!.value).toBeCloseTo(1, 10);
    expect(a!.protocol.real).toMatchObject({ count: 3, hash: b!.protocol.real!.hash });
    expect(a!.protocol.real!.statistics).toBe("mean and covariance, read from grays.npz");
  });

  it("are written of a folder that nothing is compared with", async () => {
    const { code, stdout, stderr } = await gantry(
      "evaluate",
      "grays",
      "--features",
      "mnist-classifier",
      "--save-statistics",
      "alone.npz",
      "--set",
      "inceptionScore.splits=1",
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(
      "there are no real images to compare with (--real), so only scores that need none are measured",
    );
    expect(stdout).toMatch(/inceptionScore@mnist-classifier/);
    expect(stdout).toContain("statistics: alone.npz");
  });

  it("are written of fewer images than the scores of the protocol need", async () => {
    const args = ["evaluate", "grays", "--features", "mnist-classifier"];
    const { code, stdout, stderr } = await gantry(...args, "--save-statistics", "few.npz");
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("`inceptionScore` is left out: it needs at least 10 samples, and grays has 3");
    expect(stdout).toContain("no scores: without --real there is nothing to compare with");
    expect(stdout).toContain("statistics: few.npz");
    const { scores } = await scored("digits", "--real", "few.npz", ...common, "--metrics", "fid");
    expect(scores[0]!.protocol.real).toMatchObject({ count: 3 });
    // Scores that were asked for are refused, with what to do.
    const refused = await gantry(...args, "--real", "grays");
    expect(refused.stderr).toContain(
      "`inceptionScore` (splits 10) needs at least 10 samples, and there are 3 of grays; set `inceptionScore.splits` to at most 3, " +
        "or choose other metrics (gantry evaluate: --set inceptionScore.splits=3, or --metrics fid)",
    );
  });

  it.each([
    [
      "what needs more",
      ["digits", "--real", "grays.npz", "--metrics", "kid,fid", "--features", "mnist-classifier"],
      "and `kid` needs more",
    ],
    [
      "other features",
      ["digits", "--real", "grays.npz", "--metrics", "fid", "--features", "cifar10-classifier"],
      "its statistics are of 64 features, and cifar10-classifier has 96",
    ],
    [
      "a split",
      ["digits", "--real", "grays.npz", "--real-split", "test", ...common],
      "--real-split test: grays.npz holds statistics",
    ],
    [
      "statistics as images",
      ["grays.npz", ...common],
      "grays.npz holds statistics of features, and no images: give it as --real",
    ],
    [
      "several seeds",
      ["digits", ...common, "--seeds", "2", "--save-statistics", "x.npz"],
      "--save-statistics writes the statistics of one evaluation",
    ],
    [
      "another file",
      ["digits", ...common, "--save-statistics", "digits.ts"],
      "--save-statistics (=digits.ts) must end in .npz",
    ],
  ])("refuse %s", async (_, args, says) => {
    const { code, stderr } = await gantry("evaluate", ...args);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain(says);
  });
});
