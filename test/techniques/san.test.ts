/** SAN: the scores are those of the plain D, the gradients are the paper's. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { hinge, type Loss, nonSaturating, relativistic } from "../../src/losses/index.ts";
import { DiscriminatorNetwork, dcgan, defineDiscriminator, Head, mlp, r3gan, resnet } from "../../src/models/index.ts";
import { Flatten } from "../../src/nn/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import { san, semiSupervised } from "../../src/techniques/index.ts";
import { grad, noGrad, type Tensor } from "../../src/tensor/index.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { ganOf, technique, tinyConvolutions } from "../training/tiny.ts";

const labels = {
  generator: mlp.generator({ latent: 4, hidden: [8], conditional: true }),
  discriminator: mlp.discriminator({ hidden: [8], conditional: true }),
};
const networks: Record<string, Partial<RecipeInput>> = {
  mlp: {},
  labels,
  "dcgan with spectral norm": tinyConvolutions,
  "mlp in micro-batches": { accumulate: 2 },
};

describe("san", () => {
  it.each(Object.entries(networks))(
    "changes no score, and trains the direction by the difference of the means: %s",
    (_, parts) => {
      for (const loss of [hinge(), nonSaturating(), relativistic()]) {
        let byHand: number[] | undefined;
        let found: number[] | undefined;
        const spy = technique("sanSpy", () => ({
          discriminatorPenalty(
            pass,
            { discriminator, loss: objective }: { discriminator: DiscriminatorNetwork; loss: Loss },
          ) {
            const head = discriminator.modules().find((module) => module instanceof Head)!;
            const named = head.namedParameters();
            const [w, bias] = [named.get("linear.weight")!, named.get("linear.bias")!];
            const embedding = named.get("embedding.weight");
            const sides = [
              [pass.realOutput, pass.realLabels],
              [pass.fakeOutput, pass.fakeLabels],
            ] as const;
            const weightOf = (own: Tensor | undefined): Tensor =>
              embedding === undefined ? w : w.add(embedding.embedding(own!));
            // The number is that of a linear layer with a projection.
            for (const [output, own] of sides) {
              expectClose(output.score, output.features.mul(weightOf(own)).sum(1).add(bias), {
                atol: 1e-5,
                rtol: 1e-4,
              });
            }
            // The gradient of w is that of the loss along w, and that of the difference of the means across it.
            const scores = sides.map(([output]) => output.score.detach().requiresGrad_());
            const halves = objective.discriminator(scores[0]!, scores[1]!);
            const slopes = grad(halves.real.mean().add(halves.fake.mean()), scores);
            const total = noGrad(() =>
              sides
                .map(([{ features }, own], side) => {
                  const weight = weightOf(own);
                  const unit = weight.div(weight.norm(2, 1, true));
                  const along = features.mul(unit).sum(1, true).mul(unit);
                  const sign = (side === 0 ? -1 : 1) / features.shape[0]!;
                  return along.mul(slopes[side]!.unsqueeze(1)).add(features.sub(along).mul(sign)).sum(0);
                })
                .reduce((sum, part) => sum.add(part)),
            );
            byHand = flat(total);
            return undefined;
          },
          gradients(player, gradients, { discriminator }) {
            const names = [...discriminator.namedParameters().keys()];
            if (player === "discriminator") found = flat(gradients[names.indexOf("head.linear.weight")]!);
            return gradients;
          },
        }));
        trainingStep(ganOf({ ...parts, loss, techniques: [san(), spy] })).dispose();
        expectClose(found!, byHand!, { atol: 1e-6, rtol: 1e-4 });
        expect(Math.max(...found!.map(Math.abs))).toBeGreaterThan(1e-5);
      }
    },
  );

  it("gives G and the features what the plain D gives them", () => {
    const first = (techniques: NonNullable<RecipeInput["techniques"]>): Record<string, number[]> => {
      const seen: Record<string, number[]> = {};
      const spy = technique("gradientSpy", () => ({
        gradients(player, gradients, gan) {
          const names = [...gan[player].namedParameters().keys()];
          for (const [i, name] of names.entries()) {
            if (!name.startsWith("head.linear.weight")) seen[`${player}.${name}`] ??= flat(gradients[i]!);
          }
          // The players stay as they are: both runs are compared at the same weights.
          return gradients.map((gradient) => gradient.mul(0));
        },
      }));
      const gan = ganOf({ discriminator: mlp.discriminator({ hidden: [8, 6] }), techniques: [...techniques, spy] });
      trainingStep(gan).dispose();
      return seen;
    };
    const [with_, without] = [first([san()]), first([])];
    for (const [name, values] of Object.entries(without))
      expectClose(with_[name]!, values, { atol: 1e-6, rtol: 1e-4, label: name });
  });

  it.each([
    ["dcgan", { ...tinyConvolutions }],
    [
      "resnet",
      { generator: resnet.generator({ latent: 4, width: 2 }), discriminator: resnet.discriminator({ width: 2 }) },
    ],
    [
      "r3gan",
      {
        generator: r3gan.generator({ latent: 4, width: 4, blocks: 1, groupSize: 4 }),
        discriminator: r3gan.discriminator({ width: 4, blocks: 1, groupSize: 4 }),
      },
    ],
  ])("works with %s, whose last layer then has no spectral norm", (_, parts) => {
    const gan = ganOf({ ...parts, techniques: [san()] }, { count: 16, size: 32, classes: 2 });
    expect(flat(trainingStep(gan)).every(Number.isFinite)).toBe(true);
    expect([...gan.discriminator.stateDict().keys()]).toContain("head.linear.weight");
  });

  it("is refused for a D without such a head, and for one with several logits", () => {
    class Bare extends DiscriminatorNetwork {
      readonly flatten = this.registerModule("flatten", new Flatten());
      override forward(images: Tensor) {
        const score = this.flatten.forward(images).mean(1);
        return { score, logits: score.unsqueeze(1), features: score.unsqueeze(1), hidden: [score.unsqueeze(1)] };
      }
    }
    const bare = defineDiscriminator("bareOfHead", z.strictObject({}), () => new Bare());
    expect(() => ganOf({ discriminator: bare(), techniques: [san()] })).toThrow(
      "`san`: the discriminator `bareOfHead` has no head of one linear layer",
    );
    expect(() => ganOf({ techniques: [semiSupervised({ labels: 4 }), san()] })).toThrow(
      "`san`: the discriminator has 2 logits",
    );
    expect(() => ganOf({ discriminator: dcgan.discriminator({ width: 2, outputs: 3 }), techniques: [san()] })).toThrow(
      "3 logits",
    );
  });
});
