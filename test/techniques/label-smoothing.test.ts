import { describe, expect, it } from "vitest";
import { hinge, leastSquares, nonSaturating, wasserstein } from "../../src/losses/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import { labelSmoothing } from "../../src/techniques/index.ts";
import { grad, noGrad, scope, Tensor } from "../../src/tensor/index.ts";
import { loadCheckpoint, writeCheckpoint } from "../../src/training/run/checkpoint.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { ganOf, technique, temporaryFolder } from "../training/tiny.ts";

type Options = Parameters<typeof labelSmoothing>[0];

/** How often each of five points occurs among 20 real and 20 generated ones; the last is never generated. */
const REAL = [9, 6, 3, 1, 1];
const FAKE = [1, 3, 6, 10, 0];
const POINTS = REAL.length;

const indicesOf = (counts: readonly number[], copies: number): Tensor =>
  Tensor.fromArray(BigInt64Array.from(counts.flatMap((count, i) => Array(count * copies).fill(BigInt(i)))));

/**
 * D(x) at every point after gradient descent on a table of scores, with Gantry's loss and the technique's targets for
 * `copies` times 20 points of each kind.
 */
function trainedD(options: Options, loss: RecipeInput["loss"], copies = 1): number[] {
  const gan = ganOf({ techniques: [labelSmoothing(options)], loss });
  return scope(() => {
    const targets = gan.techniques[0]!.targets!(gan, 20 * copies);
    const [real, fake] = [indicesOf(REAL, copies), indicesOf(FAKE, copies)];
    const table = Tensor.zeros([POINTS], { dtype: "float64" }).requiresGrad_();
    // Each point's slope is in proportion to how often it occurs: so are the steps, or rare points would take for ever.
    const occurrences = Tensor.fromArray(Float64Array.from(REAL, (count, i) => (count + FAKE[i]!) / 20));
    for (let i = 0; i < (copies === 1 ? 400 : 60); i++) {
      scope(() => {
        const halves = gan.loss.discriminator(table.indexSelect(0, real), table.indexSelect(0, fake), targets);
        const [slope] = grad(halves.real.mean().add(halves.fake.mean()), [table]) as [Tensor];
        noGrad(() => table.sub_(slope.div(occurrences).mul(gan.loss.name === "leastSquares" ? 0.5 : 4)));
      });
    }
    return flat(gan.loss.name === "leastSquares" ? table : table.sigmoid());
  });
}

/** (alpha p_data + beta p_model) / (p_data + p_model) */
const optimum = (alpha: number, beta: number): number[] =>
  REAL.map((count, i) => (alpha * count + beta * FAKE[i]!) / (count + FAKE[i]!));

describe("labelSmoothing: the best discriminator", () => {
  it.each<[string, Options, number, number]>([
    ["one-sided by default, 0.9", {}, 0.9, 0],
    ["one-sided, 0.75", { real: 0.75 }, 0.75, 0],
    ["two-sided", { real: 0.9, fake: 0.1 }, 0.9, 0.1],
    ["generated side alone", { real: 1, fake: 0.2 }, 1, 0.2],
  ])("is the seed's formula: %s", (_, options, alpha, beta) => {
    const points = (values: number[]) => values.slice(0, alpha === 1 ? POINTS - 1 : POINTS); // D = 1 is never reached
    for (const loss of [nonSaturating(), leastSquares()]) {
      expectClose(points(trainedD(options, loss)), points(optimum(alpha, beta)), { atol: 1e-4, rtol: 0 });
    }
  });

  it.each<[string, Options, number, number]>([
    ["ranges", { real: [0.7, 1.2], fake: [0, 0.3] }, 0.95, 0.15],
    ["flips", { real: 1, flip: 0.1 }, 0.9, 0.1],
    ["both", { real: [0.8, 1], fake: 0.1, flip: 0.25 }, 0.7, 0.3],
  ])("is in expectation that of smoothing by the means, with noise: %s", (_, options, alpha, beta) => {
    // The deviation of a target is below 0.5, so that of its mean over 2,000 draws or more is below 0.0112.
    for (const loss of [nonSaturating(), leastSquares()]) {
      expectClose(trainedD(options, loss, 2_000), optimum(alpha, beta), { atol: 4 * 0.0112, rtol: 0 });
    }
  });
});

describe("labelSmoothing: targets", () => {
  const drawn = (options: Options, count: number): { real: number[]; fake: number[] } => {
    const gan = ganOf({ techniques: [labelSmoothing(options)], loss: nonSaturating() });
    const { real, fake } = gan.techniques[0]!.targets!(gan, count);
    return { real: flat(real as Tensor), fake: flat(fake as Tensor) };
  };
  const share = (values: number[], of: (value: number) => boolean): number => values.filter(of).length / values.length;

  it("are uniform in a range", () => {
    const { real, fake } = drawn({ real: [0.7, 1.2] }, 20_000);
    expect(real.every((t) => t >= 0.7 && t <= 1.2)).toBe(true);
    // sqrt(0.25 * 0.75 / 20,000) = 0.003
    for (const [i, end] of [0.825, 0.95, 1.075].entries()) {
      expect(Math.abs(share(real, (t) => t < end) - (i + 1) / 4)).toBeLessThan(0.015);
    }
    expect(new Set(fake)).toEqual(new Set([0]));
  });

  it("are flipped with the given probability, on each side by itself", () => {
    const { real, fake } = drawn({ real: 1, flip: 0.2 }, 20_000);
    expect(new Set([...real, ...fake])).toEqual(new Set([0, 1]));
    expect(Math.abs(share(real, (t) => t === 0) - 0.2)).toBeLessThan(0.012);
    expect(Math.abs(share(fake, (t) => t === 1) - 0.2)).toBeLessThan(0.012);
    const both = real.filter((t, i) => t === 0 && fake[i] === 1).length / real.length;
    expect(Math.abs(both - 0.04)).toBeLessThan(0.006);
  });

  it("are numbers where nothing is noisy, and nothing is drawn", () => {
    const gan = ganOf({ techniques: [labelSmoothing({ fake: 0.1 })], loss: nonSaturating() });
    expect(gan.techniques[0]!.targets!(gan, 8)).toEqual({ real: 0.9, fake: 0.1 });
    const before = flat(gan.streams.get("technique.labelSmoothing").getState());
    trainingStep(gan).dispose();
    expect(flat(gan.streams.get("technique.labelSmoothing").getState())).toEqual(before);
  });

  it("reach the discriminator's loss: a step's is that of the smoothed cross-entropy", () => {
    let expected = Number.NaN;
    const spy = technique("smoothingSpy", () => ({
      discriminatorPenalty({ realOutput, fakeOutput }) {
        const real = flat(realOutput.score).map(
          (s) => -0.8 * Math.log(1 / (1 + Math.exp(-s))) + 0.2 * Math.log1p(Math.exp(s)),
        );
        const fake = flat(fakeOutput.score).map((s) => Math.log1p(Math.exp(s)));
        const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
        expected = mean(real) + mean(fake);
        return undefined;
      },
    }));
    const gan = ganOf({ techniques: [labelSmoothing({ real: 0.8 }), spy], loss: nonSaturating() });
    expectClose([flat(trainingStep(gan))[0]!], [expected], { rtol: 1e-5 });
  });

  it("continue with the same bits after a checkpoint", () => {
    const make = () => ganOf({ techniques: [labelSmoothing({ real: [0.8, 1], flip: 0.1 })], loss: nonSaturating() });
    const [whole, resumed] = [make(), make()];
    for (let i = 0; i < 3; i++) trainingStep(whole).dispose();
    loadCheckpoint(writeCheckpoint(temporaryFolder(), whole, 0), resumed);
    const [one, other] = [whole, resumed].map((gan) => {
      for (let i = 0; i < 3; i++) trainingStep(gan).dispose();
      return gan.discriminator.parameters().map(flat);
    });
    expect(other).toEqual(one);
  });

  it("are refused by name with a loss that has none, and out of range", () => {
    const build = (options: Options, loss: RecipeInput["loss"] = nonSaturating()) => {
      return () => ganOf({ techniques: [labelSmoothing(options)], loss });
    };
    for (const loss of [hinge(), wasserstein()]) {
      expect(build({}, loss)).toThrow(
        `\`labelSmoothing\` sets targets for the discriminator, and the loss \`${loss.kind}\` has none; use nonSaturating, minimax or leastSquares`,
      );
    }
    expect(build({ real: 1.1 })).toThrow(
      "`labelSmoothing.real` (=1.1) must lie between the loss's own targets, 0 and 1",
    );
    expect(build({ fake: [-0.2, 0.1] })).toThrow("`labelSmoothing.fake` (=[-0.2,0.1]) must lie between");
    expect(build({ real: 0.3, fake: 0.3 })).toThrow(
      "`labelSmoothing.real` (=0.3) must be above the target of generated",
    );
    build({ real: 0.5, fake: -0.9 }, leastSquares({ a: -1, b: 1, c: 0 }))();
    expect(() => labelSmoothing({ flip: 0.5 })).toThrow("`labelSmoothing.flip` (=0.5) must be below 0.5");
    expect(() => labelSmoothing({ real: [1, 0.7] })).toThrow(
      "must be a number, or the ends of a range such as [0.7, 1.2]",
    );
  });
});
