/** defineRecipe: defaults, freezing, and one plain sentence for each way to get it wrong. */

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { UserError } from "../../src/base/errors.ts";
import { partsOf } from "../../src/recipe/parts.ts";
import { defineRecipe, isRecipe, type RecipeInput } from "../../src/recipe/recipe.ts";
import { defineTechnique } from "../../src/techniques/technique.ts";
import { base, maker, plainLoss, recipe, topLike } from "./parts.ts";

describe("defineRecipe", () => {
  it("fills in the defaults", () => {
    expect(recipe).toMatchObject({
      batchSize: 64,
      discriminatorSteps: 1,
      seed: 0,
      latentDistribution: "normal",
      samples: { every: 500, count: 64, columns: 8 },
      log: { every: 20 },
      checkpoint: { every: 500, keep: 2 },
      memoryFormat: "channelsLast",
      device: "cpu",
    });
    expect(defineRecipe({ ...base, samples: { every: 7 } }).samples).toEqual({ every: 7, count: 64, columns: 8 });
  });

  it("gives a value that cannot be changed", () => {
    expect(isRecipe(recipe)).toBe(true);
    expect(isRecipe({ ...recipe })).toBe(false);
    expect(() => Object.assign(recipe, { batchSize: 1 })).toThrow(TypeError);
    expect(() => Object.assign(recipe.samples, { every: 1 })).toThrow(TypeError);
    expect(() => (recipe.techniques as unknown[]).push(1)).toThrow(TypeError);
  });

  it("names its parts by path", () => {
    expect(partsOf(recipe).map(([path, { kind }]) => `${path}=${kind}`)).toEqual([
      "data=testPictures",
      "generator=testMaker",
      "discriminator=testDiscriminator",
      "loss=testHinge",
      "optimizers.generator=testAdam",
      "optimizers.discriminator=testAdam",
      "techniques.testTop=testTop",
    ]);
  });

  const without = (key: keyof RecipeInput) => Object.fromEntries(Object.entries(base).filter(([name]) => name !== key));
  const keyed = defineTechnique("testFunction", z.strictObject({ inner: z.looseObject({}) }), () => ({
    name: "testFunction",
  }));

  it.each<[string, unknown, string]>([
    ["no steps", without("steps"), "`steps` is missing: give the length of the training as `steps` or as `epochs`"],
    [
      "steps and epochs",
      { ...base, epochs: 2 },
      "`epochs` (=2) cannot be given together with `steps`: give one of the two",
    ],
    ["zero", { ...base, batchSize: 0 }, "`batchSize` (=0) must be a positive whole number"],
    ["fraction", { ...base, steps: 1.5 }, "`steps` (=1.5) must be a positive whole number"],
    ["text", { ...base, samples: { every: "often" } }, "`samples.every` (=often) must be a positive whole number"],
    ["misspelt", { ...base, batchSiez: 3 }, "unknown key `batchSiez`; did you mean `batchSize`?"],
    ["misspelt inside", { ...base, samples: { evrey: 3 } }, "unknown key `samples.evrey`; did you mean `every`?"],
    ["unlike all", { ...base, log: { zzzz: 3 } }, "unknown key `log.zzzz`; accepted: every"],
    [
      "choice",
      { ...base, latentDistribution: "cauchy" },
      "`latentDistribution` (=cauchy) must be one of normal, uniform",
    ],
    ["device", { ...base, device: "gpu" }, "`device` (=gpu) must be cpu, cuda, cuda:<number> or mps"],
    ["seed", { ...base, seed: -1 }, "`seed` (=-1) must not be negative"],
    ["name", { ...base, name: "a/b" }, "`name` (=a/b) must consist of letters, digits, `-`, `_` and `.`"],
    ["no loss", without("loss"), "`loss` is missing: it must be a loss, such as hinge()"],
    [
      "wrong role",
      { ...base, loss: topLike() },
      "`loss` must be a loss, such as hinge(); this is the technique `testTop`",
    ],
    [
      "not called",
      { ...base, generator: maker },
      "`generator` must be a generator, such as dcgan.generator(); this is a function: call it",
    ],
    [
      "as text",
      { ...base, loss: "hinge" },
      '`loss` (=hinge) must be a loss, such as hinge(); this is the text "hinge"',
    ],
    [
      "in the list",
      { ...base, techniques: [topLike(), plainLoss()] },
      "`techniques.1` must be a technique, such as topK(); this is the loss `testHinge`",
    ],
    ["no list", { ...base, techniques: topLike() }, "must be a list of techniques, such as [topK()]"],
    ["twice", { ...base, techniques: [topLike(), topLike()] }, "holds `testTop` twice"],
    [
      "one optimizer",
      { ...base, optimizers: base.optimizers.generator },
      "`optimizers.generator` is missing: it must be an optimizer, such as adam()",
    ],
    ["no object", "hinge", "the recipe"],
    [
      "a function",
      { ...base, techniques: [keyed({ inner: { f: Math.sin } })] },
      "`techniques.testFunction.inner.f` cannot be stored with the run",
    ],
    [
      "NaN",
      { ...base, techniques: [keyed({ inner: { list: [1, Number.NaN] } })] },
      "`techniques.testFunction.inner.list.1` cannot be stored",
    ],
  ])("refuses a recipe: %s", (_, input, message) => {
    const attempt = () => defineRecipe(input as RecipeInput);
    expect(attempt).toThrow(UserError);
    expect(attempt).toThrow(message);
  });
});
