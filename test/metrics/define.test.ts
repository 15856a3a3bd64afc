/** defineMetric: what compute sees, what it gives, and a metric of one's own by its name. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { UserError } from "../../src/base/errors.ts";
import { metricsOf } from "../../src/cli/evaluate/metrics.ts";
import { defineMetric, imageMetricKinds, metricDescription } from "../../src/metrics/index.ts";
import { mixture } from "../../src/metrics/scores/index.ts";
import { ownParts } from "../../src/recipe/index.ts";
import { Generator, Tensor } from "../../src/tensor/index.ts";
import { tinyRecipe } from "../training/tiny.ts";

const largest = defineMetric(
  "testLargest",
  z.strictObject({ factor: z.number().default(2), spread: z.boolean().default(false) }),
  {
    description: "the largest feature",
    needs: { fake: ["features"], real: ["features"] },
    scores: { largest: "higher", gap: "lower", extra: "lower" },
    given: ({ spread }) => (spread ? ["largest", "gap", "extra"] : ["largest", "gap"]),
    compute({ fake, real, random }, { factor, spread }) {
      const top = factor * fake.features.amax().item();
      return {
        largest: { value: top, std: 1 },
        gap: top - factor * real.features.amax().item(),
        extra: spread ? Tensor.rand([1], { generator: random }).item() : undefined,
      };
    },
  },
);

const input = () => ({
  fake: {
    count: 2,
    features: Tensor.fromArray([
      [1, 3],
      [2, 0],
    ]),
  },
  real: { count: 1, features: Tensor.fromArray([[0.5, 1]]) },
  random: new Generator(0),
});

describe("a metric", () => {
  it("computes from the parts that it needs, with its options", () => {
    const metric = largest().build();
    expect(metric.compute(input())).toEqual({ largest: { value: 6, std: 1 }, gap: { value: 4 } });
    expect(metric).toMatchObject({
      kind: "testLargest",
      needs: { fake: ["features"], real: ["features"], classified: false },
      scores: { largest: "higher", gap: "lower" },
      options: { factor: 2, spread: false },
    });
    expect(Object.keys(largest({ spread: true }).build().compute(input()))).toEqual(["largest", "gap", "extra"]);
  });

  it("that is not finite is undefined", () => {
    const odd = defineMetric("testOdd", z.strictObject({}), {
      description: "no numbers",
      needs: {},
      scores: { none: "lower", infinite: "lower", wide: "lower" },
      compute: () => ({ none: Number.NaN, infinite: { value: 1 / 0, std: 2 }, wide: { value: 1, std: Number.NaN } }),
    });
    expect(odd().build().compute(input())).toEqual({
      none: { value: Number.NaN },
      infinite: { value: Number.NaN },
      wide: { value: 1 },
    });
  });

  it("is refused a part that was not collected, and a number that it does not give", () => {
    expect(() =>
      largest()
        .build()
        .compute({ ...input(), real: undefined }),
    ).toThrow("`testLargest` needs `features`, which was not collected");
    const forgetful = defineMetric("testForgetful", z.strictObject({}), {
      description: "nothing",
      needs: {},
      scores: { nothing: "lower" },
      compute: () => ({ nothing: undefined }),
    });
    expect(() => forgetful().build().compute(input())).toThrow(/`testForgetful` gives no number `nothing`/);
  });

  it("has types that know its parts and its scores", () => {
    defineMetric("testTypes", z.strictObject({}), {
      description: "types",
      needs: { fake: ["features"] },
      scores: { a: "lower" },
      compute({ fake, real, classified }) {
        // @ts-expect-error: logits were not asked for
        fake.logits;
        // @ts-expect-error: nothing was asked for of the real samples
        real.features;
        // @ts-expect-error: nor the discriminator's logits
        classified.logits;
        return { a: fake.count };
      },
    });
    defineMetric("testMissing", z.strictObject({}), {
      description: "types",
      needs: {},
      scores: { a: "lower", b: "lower" },
      // @ts-expect-error: b is missing
      compute: () => ({ a: 1 }),
    });
  });

  it("that needs known modes is refused without them", () => {
    expect(() => mixture().build()).toThrow(UserError);
    expect(() => mixture().build()).toThrow(/`mixture` needs data whose modes are known/);
  });
});

describe("by its name", () => {
  it("is known to the command line with its options", () => {
    expect(imageMetricKinds()).toContain("testLargest");
    expect(imageMetricKinds()).not.toContain("mixture");
    expect(imageMetricKinds()).not.toContain("testError");
    expect(metricDescription("testLargest")).toBe("the largest feature");
    const [metric] = metricsOf("testLargest", ["testLargest.factor=3"], []);
    expect(metric!.build().compute(input()).largest).toEqual({ value: 9, std: 1 });
    expect(() => metricsOf("testLargst", [], [])).toThrow(/no metric `testLargst`; did you mean `testLargest`/);
  });

  it("is a part that only its own file can make", () => {
    const evaluate = { features: "mnist-classifier", metrics: [largest()] };
    expect(ownParts(tinyRecipe({ evaluate }))).toContain("evaluate.metrics.testLargest");
  });
});
