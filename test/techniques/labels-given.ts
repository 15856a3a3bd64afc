/** The labels with which a technique has images made and passed through D, for tests of techniques in class-conditional GANs. */
import { mlp } from "../../src/models/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import type { Technique, TechniqueContext } from "../../src/techniques/index.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { flat } from "../nn/oracle.ts";
import { ganOf, technique } from "../training/tiny.ts";

/** Of one step: the labels of its batches, and those that the technique's penalties give to the networks, pass by pass. */
export interface LabelsGiven {
  /** Of the discriminator's update. */
  readonly real: number[];
  readonly fake: number[];
  /** Of the generator's update. */
  readonly generated: number[];
  /** Given to the discriminator, and to the generator, in the discriminator's update. */
  readonly seenByD: number[][];
  readonly made: number[][];
  /** Given to the generator in its own. */
  readonly madeAgain: number[][];
}

/** A step of a GAN with five classes whose networks look at labels; `before` are techniques that stand before this one. */
export function labelsGiven(
  descriptor: { build(context: TechniqueContext): Technique },
  before: NonNullable<RecipeInput["techniques"]> = [],
): LabelsGiven {
  const seen = { real: [], fake: [], generated: [], seenByD: [], made: [], madeAgain: [] } as LabelsGiven;
  const watched = technique("watched", (context) => {
    const { discriminatorPenalty, generatorPenalty } = descriptor.build(context);
    return {
      throughAugmentation: true,
      discriminatorPenalty(pass, gan) {
        seen.real.push(...flat(pass.realLabels!));
        seen.fake.push(...flat(pass.fakeLabels!));
        const discriminate: typeof pass.discriminate = (images, labels) => {
          seen.seenByD.push(flat(labels!));
          return pass.discriminate(images, labels);
        };
        return watching(gan, seen.made, () => discriminatorPenalty?.({ ...pass, discriminate }, gan));
      },
      generatorPenalty(pass, gan) {
        seen.generated.push(...flat(pass.labels!));
        return watching(gan, seen.madeAgain, () => generatorPenalty?.(pass, gan));
      },
    };
  });
  const gan = ganOf(
    {
      generator: mlp.generator({ latent: 4, hidden: [8], conditional: true }),
      discriminator: mlp.discriminator({ hidden: [8], conditional: true }),
      techniques: [...before, watched],
    },
    { count: 48, size: 16, classes: 5 },
  );
  trainingStep(gan).dispose();
  return seen;
}

/** Notes the labels that the generator is given while `body` runs. */
function watching<T>({ generator }: Pick<ReturnType<typeof ganOf>, "generator">, into: number[][], body: () => T): T {
  const { forward } = generator;
  generator.forward = (latents, labels) => {
    into.push(flat(labels!));
    return forward.call(generator, latents, labels);
  };
  try {
    return body();
  } finally {
    generator.forward = forward;
  }
}
