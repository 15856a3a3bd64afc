import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { hinge, nonSaturating } from "../../src/losses/index.ts";
import type { Technique } from "../../src/techniques/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { trainingStep } from "../../src/training/step.ts";
import { gameOf, technique } from "../training/tiny.ts";

describe("techniques that do not go together are refused by name", () => {
  const number = () => Tensor.zeros([]);
  const refusal = (...techniques: ReturnType<typeof technique>[]): unknown => {
    try {
      gameOf({ techniques });
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it.each<[keyof Technique, Partial<Technique>, string]>([
    ["discriminatorLoss", { discriminatorLoss: number }, "replace the discriminator's loss"],
    ["generatorLoss", { generatorLoss: number }, "replace the generator's loss"],
    ["select", { select: () => null }, "select the samples"],
  ])("two with %s", (_hook, hooks, deed) => {
    const error = refusal(
      technique("one", () => hooks),
      technique("two", () => hooks),
    ) as Error;
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toContain(`\`one\` and \`two\` both ${deed}`);
    expect(
      refusal(
        technique("one", () => hooks),
        technique("two", () => ({})),
      ),
    ).toBeUndefined();
  });

  it("smoothing and a loss without targets", () => {
    const smoothing = technique("smoothing", () => ({ targets: () => ({ real: 0.9 }) }));
    expect(() => gameOf({ techniques: [smoothing], loss: hinge() })).toThrow(
      "`smoothing` sets targets for the discriminator, and the loss `hinge` has none; use nonSaturating, minimax or leastSquares",
    );
    gameOf({ techniques: [smoothing], loss: nonSaturating() });
    const both = [smoothing, technique("second", () => ({ targets: () => ({ real: 0.9 }) }))];
    expect(() => gameOf({ techniques: both, loss: nonSaturating() })).toThrow("`smoothing` and `second` both set");
  });

  it("a technique and one that it says it makes no sense with, in either order", () => {
    const shy = technique("shy", () => ({ without: { loud: "one hides what the other shows" } }));
    const loud = technique("loud", () => ({}));
    for (const techniques of [
      [shy, loud],
      [loud, shy],
    ]) {
      expect(() => gameOf({ techniques })).toThrow(
        "`shy` and `loud` cannot stand in one recipe: one hides what the other shows",
      );
    }
    gameOf({ techniques: [shy] });
  });

  it("a state that is kept but not put back, and a name that is not the kind", () => {
    const state = () => ({ tensors: new Map(), numbers: {} });
    expect(() => gameOf({ techniques: [technique("forgetful", () => ({ state }))] })).toThrow(
      "`forgetful` has `state` but no `load`",
    );
    const misnamed = technique("misnamed", () => ({ name: "other" }) as object);
    expect(() => gameOf({ techniques: [misnamed] })).toThrow("the technique `misnamed` calls itself `other`");
  });

  it("a member that is no hook, which would never be called", () => {
    const misspelt = technique("misspelt", () => ({ augmnet: (images: Tensor) => images }) as object);
    expect(() => gameOf({ techniques: [misspelt] })).toThrow(
      "the technique `misspelt` has `augmnet`, which is no hook; did you mean `augment`?",
    );
  });

  it("a loss or penalty that is not one number", () => {
    const perSample: Partial<Technique>[] = [
      { discriminatorLoss: (pass) => pass.judgedReal.score },
      { discriminatorPenalty: (pass) => pass.judgedReal.score },
      { generatorLoss: (pass) => pass.kept.score },
      { generatorPenalty: (pass) => pass.judged.score },
    ];
    for (const hooks of perSample) {
      const [hook] = Object.keys(hooks);
      const game = gameOf({ techniques: [technique("vector", () => hooks)] });
      expect(() => trainingStep(game)).toThrow(
        `\`vector\`: ${hook} must return a number, and gave a tensor of shape [8]`,
      );
      expect(game.discriminator.parameters().every((parameter) => parameter.requiresGrad)).toBe(true);
    }
  });
});
