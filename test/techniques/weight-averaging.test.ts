import { describe, expect, it } from "vitest";
import { linear } from "../../src/optim/index.ts";
import { weightAveraging } from "../../src/techniques/index.ts";
import { Generator } from "../../src/tensor/index.ts";
import { drawSamples } from "../../src/training/sampling/sample.ts";
import type { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { ganOf, tinyConvolutions } from "../training/tiny.ts";

const NAME = "body.0.weight";

/** The weight after each of some steps, the first being the initial one. */
function follow(gan: BuiltGan, steps: number): number[][] {
  const weight = (): number[] => flat(gan.generator.stateDict().get(NAME)!);
  const seen = [weight()];
  for (let i = 0; i < steps; i++) {
    trainingStep(gan).dispose();
    seen.push(weight());
  }
  return seen;
}

const averageOf = (gan: BuiltGan): number[] => flat(gan.techniques[0]!.state!().tensors.get(NAME)!);

describe("weightAveraging", () => {
  it("is decay^n w0 + (1 - decay) sum of decay^(n - i) wi over the generator's updates", () => {
    const gan = ganOf({ techniques: [weightAveraging({ decay: 0.8 })], discriminatorSteps: 2 });
    const weights = follow(gan, 5);
    const expected = weights[0]!.map((first, j) =>
      weights.slice(1).reduce((sum, w, i) => sum + 0.2 * 0.8 ** (4 - i) * w[j]!, 0.8 ** 5 * first),
    );
    expectClose(averageOf(gan), expected, { atol: 1e-6 });
  });

  it("follows the weights until `start`", () => {
    const gan = ganOf({ techniques: [weightAveraging({ decay: 0.5, start: 3 })] });
    const weights = follow(gan, 3);
    expect(averageOf(gan)).toEqual(weights[3]);
    const next = follow(gan, 1)[1]!;
    expectClose(
      averageOf(gan),
      next.map((value, j) => 0.5 * value + 0.5 * weights[3]![j]!),
      { atol: 1e-6 },
    );
  });

  it("warms up with the decay (1 + n) / (10 + n)", () => {
    const gan = ganOf({ techniques: [weightAveraging({ decay: 0.999, warmUp: true })] });
    const [w0, w1, w2] = follow(gan, 2) as [number[], number[], number[]];
    const first = w0.map((value, j) => 0.1 * value + 0.9 * w1[j]!);
    expectClose(
      averageOf(gan),
      first.map((value, j) => (2 / 11) * value + (9 / 11) * w2[j]!),
      { atol: 1e-6 },
    );
  });

  it("is what samples are drawn with, unless the plain weights are asked for; training has neither's trace", () => {
    const gan = ganOf({ techniques: [weightAveraging({ decay: 0.9 })], ...tinyConvolutions });
    for (let i = 0; i < 3; i++) trainingStep(gan).dispose();
    const before = [...gan.generator.stateDict().values()].map(flat);
    const draw = (averaged: boolean): number[] =>
      flat(drawSamples(gan, { count: 3, random: new Generator(5), averaged }));
    const averaged = draw(true);
    expect(averaged).not.toEqual(draw(false));
    expect(draw(true)).toEqual(averaged);
    expect([...gan.generator.stateDict().values()].map(flat)).toEqual(before);

    // The oracle: a generator that was given the averages as its own weights.
    gan.generator.loadStateDict(gan.techniques[0]!.state!().tensors);
    expect(draw(false)).toEqual(averaged);
  });

  it("changes nothing of the training itself", () => {
    const end = (techniques: ReturnType<typeof weightAveraging>[]): number[] => follow(ganOf({ techniques }), 4)[4]!;
    expect(end([weightAveraging()])).toEqual(end([]));
  });

  it("refuses options out of range by name", () => {
    expect(() => weightAveraging({ decay: 1 })).toThrow("`weightAveraging.decay` (=1) must be below 1");
    expect(() => weightAveraging({ start: 0.5 })).toThrow("`weightAveraging.start` (=0.5) must be a whole number");
  });
});

describe("a half-life", () => {
  /** The recurrence with these decays, one for each update of G. */
  const recurrence = (weights: readonly number[][], decays: readonly number[]): number[] =>
    weights[0]!.map((first, j) =>
      decays.reduce((average, decay, i) => decay * average + (1 - decay) * weights[i + 1]![j]!, first),
    );

  it("is in real images: after it a weight counts half", () => {
    const gan = ganOf({ techniques: [weightAveraging({ halfLife: 24 })], discriminatorSteps: 3 });
    // A step has 3 batches of 8 images.
    const weights = follow(gan, 4);
    expectClose(averageOf(gan), recurrence(weights, [0.5, 0.5, 0.5, 0.5]), { atol: 1e-6 });
  });

  it("follows its schedule and is cut by the ramp-up, both at the step's beginning", () => {
    const technique = weightAveraging({ halfLife: linear({ from: 0, to: 64, until: 32, in: "images" }), rampUp: 0.5 });
    const gan = ganOf({ techniques: [technique] });
    const halves = [0, 8, 16, 24, 32].map((images) => Math.min(2 * images, images / 2));
    const decays = halves.map((half) => (half === 0 ? 0 : 0.5 ** (8 / half)));
    expect(decays.map((decay) => decay.toFixed(3))).toEqual(["0.000", "0.250", "0.500", "0.630", "0.707"]);
    const weights = follow(gan, 5);
    expectClose(averageOf(gan), recurrence(weights, decays), { atol: 1e-6 });
  });

  it("contradicts `decay` and `warmUp`, and `rampUp` needs it", () => {
    expect(() => weightAveraging({ halfLife: 10, decay: 0.9 })).toThrow("leave out `decay` and `warmUp`");
    expect(() => weightAveraging({ halfLife: 10, warmUp: true })).toThrow("leave out `decay` and `warmUp`");
    expect(() => weightAveraging({ rampUp: 0.05 })).toThrow("needs `halfLife`");
    expect(() => weightAveraging({ halfLife: -1 })).toThrow("`weightAveraging.halfLife` (=-1) must be at least 0");
  });
});

describe("running statistics", () => {
  const BUFFER = "body.0.running_mean";
  const of = (gan: BuiltGan, name: string): number[] => flat(gan.techniques[0]!.state!().tensors.get(name)!);
  it.each(["copied", "averaged"] as const)("are %s", (buffers) => {
    const gan = ganOf({ techniques: [weightAveraging({ decay: 0.5, buffers })], ...tinyConvolutions });
    const seen = [flat(gan.generator.stateDict().get(BUFFER)!)];
    for (let i = 0; i < 2; i++) {
      trainingStep(gan).dispose();
      seen.push(flat(gan.generator.stateDict().get(BUFFER)!));
    }
    const expected = seen[2]!.map((last, j) =>
      buffers === "copied" ? last : 0.25 * seen[0]![j]! + 0.25 * seen[1]![j]! + 0.5 * last,
    );
    expectClose(of(gan, BUFFER), expected, { atol: 1e-8, rtol: 1e-6 });
    // A counter has no average.
    expect(of(gan, "body.0.num_batches_tracked")).toEqual([2]);
  });
});
