/** Parts for the tests of recipes: schemas of every shape that `--set` has to reach, and nothing that needs an engine. */

import { z } from "zod";
import { defineDataset } from "../../src/data/index.ts";
import { defineLoss } from "../../src/losses/loss.ts";
import { defineDiscriminator, defineGenerator } from "../../src/models/network.ts";
import { defineOptimizer } from "../../src/optim/optimizer.ts";
import { defineSchedule } from "../../src/optim/schedules.ts";
import { defineRecipe, type RecipeInput } from "../../src/recipe/recipe.ts";
import { defineTechnique } from "../../src/techniques/technique.ts";

const nothing = (): never => {
  throw new Error("the parts of these tests are never built");
};

export const images = defineDataset(
  "testPictures",
  z.strictObject({
    size: z.int().min(8).max(256).default(32),
    folder: z.string().default("here"),
    augment: z.strictObject({ flip: z.boolean().default(false) }).prefault({}),
  }),
  nothing,
);
export const folder = defineDataset("testFolder", z.strictObject({ path: z.string() }), nothing);
export const maker = defineGenerator(
  "testMaker",
  z.strictObject({ width: z.int().min(1).default(64), norm: z.enum(["batch", "none"]).default("batch") }),
  nothing,
);
export const critic = defineDiscriminator(
  "testDiscriminator",
  z.strictObject({ width: z.int().min(1).default(64) }),
  nothing,
);
export const plainLoss = defineLoss("testHinge", z.strictObject({}), nothing);
export const clipLoss = defineLoss(
  "testWasserstein",
  z.strictObject({ clip: z.number().positive().nullable().default(0.01) }),
  nothing,
);
export const topLike = defineTechnique(
  "testTop",
  z
    .strictObject({ gamma: z.number().gt(0).max(1).default(0.99), floor: z.number().min(0).max(1).default(0.5) })
    .refine(({ gamma, floor }) => gamma >= floor, { error: "needs `gamma` to be no smaller than `floor`" }),
  nothing,
);
export const smooth = defineTechnique("testSmooth", z.strictObject({ alpha: z.number().default(0.9) }), nothing);
export const adamLike = defineOptimizer(
  "testAdam",
  z.strictObject({
    lr: z.number().positive().default(2e-4),
    betas: z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]).default([0.5, 0.999]),
  }),
  nothing,
);
export const sgdLike = defineOptimizer("testSgd", z.strictObject({ lr: z.number().positive().default(0.1) }), nothing);
export const decay = defineSchedule("testDecay", z.strictObject({ from: z.int().min(0).default(0) }), nothing);

export const base: RecipeInput = {
  name: "test",
  data: images(),
  generator: maker(),
  discriminator: critic(),
  loss: plainLoss(),
  techniques: [topLike({ floor: 0.25 })],
  optimizers: { generator: adamLike(), discriminator: adamLike({ lr: 4e-4 }) },
  steps: 100,
};

export const recipe = defineRecipe(base);
