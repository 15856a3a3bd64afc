/** The techniques for small data carry averages, strengths and random streams from step to step: none may be lost. */
import { describe, expect, it } from "vitest";
import { nonSaturating } from "../../src/losses/index.ts";
import { dcgan } from "../../src/models/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import {
  adaptiveAugmentation,
  balancedConsistency,
  consistencyRegularisation,
  diffAugment,
  latentConsistency,
  leCam,
} from "../../src/techniques/index.ts";
import { loadCheckpoint, writeCheckpoint } from "../../src/training/run/checkpoint.ts";
import type { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { flat } from "../nn/oracle.ts";
import { filesIn, ganOf, temporaryFolder } from "../training/tiny.ts";

const lists: Readonly<Record<string, NonNullable<RecipeInput["techniques"]>>> = {
  diffAugment: [diffAugment()],
  // The checkpoint falls within an interval, and p has moved by then.
  adaptiveAugmentation: [adaptiveAugmentation({ interval: 4, images: 100, start: 0.3, target: 0 })],
  consistencyRegularisation: [consistencyRegularisation()],
  "improved consistency regularisation": [balancedConsistency(), latentConsistency()],
  leCam: [leCam({ warmUp: 1, decay: 0.9 })],
  "all that goes together": [
    adaptiveAugmentation({ interval: 2, images: 50, start: 0.3 }),
    balancedConsistency(),
    latentConsistency(),
    leCam({ warmUp: 0, decay: 0.5 }),
  ],
};

describe("a GAN that is continued from a checkpoint ends with the same bits", () => {
  const newGan = (techniques: RecipeInput["techniques"]): BuiltGan =>
    ganOf({
      generator: dcgan.generator({ latent: 4, width: 2, conditional: true }),
      discriminator: dcgan.discriminator({ width: 2, conditional: true, spectralNorm: true }),
      loss: nonSaturating(),
      discriminatorSteps: 2,
      techniques: techniques!,
    });
  /** The log's numbers of three steps. */
  const train = (gan: BuiltGan): unknown[] =>
    [1, 2, 3].map(() => [
      ...flat(trainingStep(gan)),
      ...gan.techniques.map((technique) => technique.report?.() ?? null),
    ]);

  it.each(Object.entries(lists))("%s", (_, techniques) => {
    const [whole, second] = [newGan(techniques), newGan(techniques)];
    train(whole);
    const half = writeCheckpoint(temporaryFolder(), whole, 1);
    const after = train(whole);
    loadCheckpoint(half, second);
    expect(train(second)).toEqual(after);
    const files = [whole, second].map((gan) => filesIn(writeCheckpoint(temporaryFolder(), gan, 1)));
    expect(files[1]).toEqual(files[0]);
    expect(Object.keys(files[0]!)).toContain("state.safetensors");
  });
});
