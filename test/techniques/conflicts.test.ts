import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { hinge, nonSaturating } from "../../src/losses/index.ts";
import type { Technique } from "../../src/techniques/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { ganOf, technique } from "../training/tiny.ts";

describe("techniques that do not go together are refused by name", () => {
  const number = () => Tensor.zeros([]);
  const refusal = (...techniques: ReturnType<typeof technique>[]): unknown => {
    try {
      ganOf({ techniques });
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
    expect(() => ganOf({ techniques: [smoothing], loss: hinge() })).toThrow(
      "`smoothing` sets targets for the discriminator, and the loss `hinge` has none; use nonSaturating, minimax or leastSquares",
    );
    ganOf({ techniques: [smoothing], loss: nonSaturating() });
    const both = [smoothing, technique("second", () => ({ targets: () => ({ real: 0.9 }) }))];
    expect(() => ganOf({ techniques: both, loss: nonSaturating() })).toThrow("`smoothing` and `second` both set");
  });

  it("two techniques that exclude each other, in either order", () => {
    const shy = technique("shy", () => ({ without: { loud: "one hides what the other shows" } }));
    const loud = technique("loud", () => ({}));
    for (const techniques of [
      [shy, loud],
      [loud, shy],
    ]) {
      expect(() => ganOf({ techniques })).toThrow(
        "`shy` and `loud` cannot stand in one recipe: one hides what the other shows",
      );
    }
    ganOf({ techniques: [shy] });
  });

  it("a state that is kept but not put back, and a name that is not the kind", () => {
    const state = () => ({ tensors: new Map(), numbers: {} });
    expect(() => ganOf({ techniques: [technique("forgetful", () => ({ state }))] })).toThrow(
      "`forgetful` has `state` but no `load`",
    );
    const misnamed = technique("misnamed", () => ({ name: "other" }) as object);
    expect(() => ganOf({ techniques: [misnamed] })).toThrow("the technique `misnamed` calls itself `other`");
  });

  it("a member that is no hook, which would never be called", () => {
    const misspelt = technique("misspelt", () => ({ augmnet: (images: Tensor) => images }) as object);
    expect(() => ganOf({ techniques: [misspelt] })).toThrow(
      "the technique `misspelt` has `augmnet`, which is no hook; did you mean `augment`?",
    );
  });

  it("a loss or penalty that is not one number", () => {
    const perSample: Partial<Technique>[] = [
      { discriminatorLoss: (pass) => pass.realOutput.score },
      { discriminatorPenalty: (pass) => pass.realOutput.score },
      { generatorLoss: (pass) => pass.selectedOutput.score },
      { generatorPenalty: (pass) => pass.fakeOutput.score },
    ];
    for (const hooks of perSample) {
      const [hook] = Object.keys(hooks);
      const gan = ganOf({ techniques: [technique("vector", () => hooks)] });
      expect(() => trainingStep(gan)).toThrow(
        `\`vector\`: ${hook} must return a number, and gave a tensor of shape [8]`,
      );
      expect(gan.discriminator.parameters().every((parameter) => parameter.requiresGrad)).toBe(true);
    }
  });
});
