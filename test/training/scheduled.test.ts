/** Schedules in training: every number follows its own, the log has it, and a resumed run continues with the same bits. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nonSaturating, relativistic } from "../../src/losses/index.ts";
import { adam, cosine, exponential, linear, valueAt } from "../../src/optim/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import {
  adaptiveAugmentation,
  dragan,
  gradientPenalty,
  logitCentring,
  r1,
  r2,
  topK,
  weightAveraging,
} from "../../src/techniques/index.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { imageLoader, shapeOf } from "../../src/training/trainer/image-loader.ts";
import { RecipeTrainer } from "../../src/training/trainer/recipe-trainer.ts";
import { startRun } from "../../src/training/trainer/run.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { trial } from "./matrix/trial.ts";
import { ganOf, makeDataset, noiseImages, temporaryFolder, tinyConvolutions, tinyRecipe } from "./tiny.ts";

/** Every number that can follow a schedule does. */
const everything: Partial<RecipeInput> = {
  ...tinyConvolutions,
  data: noiseImages() as RecipeInput["data"],
  loss: relativistic(),
  optimizers: {
    generator: adam({
      lr: cosine({ from: 1e-2, to: 1e-3, until: 6 }),
      betas: [0, linear({ from: 0.9, to: 0.99, until: 5 })],
    }),
    discriminator: adam({ lr: exponential({ from: 1e-2, to: 1e-3, until: 100, in: "images" }) }),
  },
  techniques: [
    r1({ weight: linear({ from: 2, to: 1, until: 4 }) }),
    r2({ weight: linear({ from: 2, to: 1, until: 4 }), finiteDifference: 0.01 }),
    gradientPenalty({ weight: linear({ from: 2, to: 1, until: 4 }) }),
    dragan({ weight: linear({ from: 2, to: 1, until: 4 }) }),
    logitCentring({ weight: linear({ from: 0.2, to: 0.1, until: 4 }) }),
    topK({ share: linear({ from: 1, to: 0.5, until: 4 }) }),
    adaptiveAugmentation({ probability: linear({ from: 0, to: 0.8, until: 60, in: "images" }), pairs: true }),
    weightAveraging({ halfLife: cosine({ from: 0, to: 100, until: 60, in: "images" }), rampUp: 0.5 }),
  ],
};

it("a run that is interrupted ends with the same bits", async () => {
  const outcome = await trial(tinyRecipe(everything), 6);
  expect(Object.keys((outcome as { bits: object }).bits)).toContain("optimizer of generator");
});

describe("what a step computes with", () => {
  it("is each number's value at the step's beginning, and the log has it", () => {
    const recipe = tinyRecipe({ ...everything, discriminatorSteps: 2 });
    const dataset = makeDataset({ count: 48, size: 16, classes: 2 });
    const trained = new RecipeTrainer(recipe).build({
      shape: shapeOf(dataset),
      loader: imageLoader(dataset, recipe),
      replica: { rank: 0, size: 1 },
      startWith: undefined,
    });
    for (let step = 0; step < 3; step++) {
      const moment = { step, images: 16 * step };
      trained.applySchedule(undefined);
      trained.trainStep().values.dispose();
      const report = trained.report();
      const share = 1 - (0.5 * step) / 4;
      expect(report).toMatchObject({
        r1Weight: 2 - step / 4,
        r2Weight: 2 - step / 4,
        gradientPenaltyWeight: 2 - step / 4,
        draganWeight: 2 - step / 4,
        logitCentringWeight: expect.closeTo(0.2 - (0.1 * step) / 4, 12),
        k: Math.ceil(8 * share),
        augment: expect.closeTo((0.8 * moment.images) / 60, 12),
        halfLife: valueAt(cosine({ from: 0, to: 100, until: 60, in: "images" }), moment),
      });
      expect(report.lrG).toBe(valueAt(cosine({ from: 1e-2, to: 1e-3, until: 6 }), moment));
      expect(report.beta2G).toBe(valueAt(linear({ from: 0.9, to: 0.99, until: 5 }), moment));
      expect(report.lrD).toBe(valueAt(exponential({ from: 1e-2, to: 1e-3, until: 100, in: "images" }), moment));
    }
    trained.dispose();
  });

  it("of a penalty's weight multiplies the penalty", () => {
    const lossD = (weight: Parameters<typeof logitCentring>[0]): number[] => {
      const gan = ganOf({
        loss: nonSaturating(),
        optimizers: { generator: adam({ lr: 1e-12 }), discriminator: adam({ lr: 1e-12 }) },
        techniques: weight === undefined ? [] : [logitCentring(weight)],
      });
      return [0, 1, 2].map(() => flat(trainingStep(gan))[0]!);
    };
    const [none, one, falling] = [
      lossD(undefined),
      lossD({ weight: 1 }),
      lossD({ weight: linear({ from: 3, to: 1, until: 2 }) }),
    ];
    expectClose(
      falling.map((loss, i) => loss - none[i]!),
      [3, 2, 1].map((factor, i) => factor * (one[i]! - none[i]!)),
      { atol: 1e-5, rtol: 1e-4 },
    );
    expect(Math.abs(one[0]! - none[0]!)).toBeGreaterThan(1e-5);
  });
});

it("a run's report has a table of them, and its log their values", async () => {
  const folder = join(temporaryFolder(), "run");
  const run = startRun(tinyRecipe({ ...everything, log: { every: 2 } }), { directory: folder });
  await run.train();
  const report = readFileSync(join(folder, "report.md"), "utf8");
  expect(report).toContain("## Schedules");
  expect(report).toContain("| `optimizers.generator.lr` | cosine, 0.01 to 0.001 in 6 steps |");
  const [first] = readFileSync(join(folder, "metrics.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line.includes("lossD"));
  expect(JSON.parse(first!)).toMatchObject({ step: 2, r1Weight: 1.75 });
});
