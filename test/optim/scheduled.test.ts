/** Numbers that follow a schedule: their values, their checks, and what optimizers make of them. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { withDefaults } from "../../src/base/descriptor.ts";
import { adam, cosine, exponential, linear, rmsprop, scheduled, sgd, valueAt } from "../../src/optim/index.ts";
import { applyOverrides, toPlainRecipe } from "../../src/recipe/index.ts";
import { r1, topK, weightAveraging } from "../../src/techniques/index.ts";
import { scope, Tensor } from "../../src/tensor/index.ts";
import { scheduledNumbers } from "../../src/training/run/scheduled-numbers.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { tinyRecipe } from "../training/tiny.ts";

const at = (step: number, images = 0) => ({ step, images });

describe("valueAt", () => {
  it("is the number itself, or on the way of the curve, and stays at its end", () => {
    expect(valueAt(0.3, at(7))).toBe(0.3);
    const curves = [cosine, linear, exponential].map((make) => make({ from: 8, to: 2, until: 4 }));
    const values = [0, 1, 2, 3, 4, 99].map((step) => curves.map((curve) => valueAt(curve, at(step))));
    const half = Math.SQRT1_2;
    expect(values[0]).toEqual([8, 8, 8]);
    expectClose(values[1]!, [2 + 3 * (1 + half), 6.5, 8 * 4 ** -0.25], { rtol: 1e-14, atol: 0 });
    expectClose(values[2]!, [5, 5, 4], { rtol: 1e-14, atol: 0 });
    expectClose(values[3]!, [2 + 3 * (1 - half), 3.5, 8 * 4 ** -0.75], { rtol: 1e-14, atol: 0 });
    expect(values.slice(4)).toEqual([
      [2, 2, 2],
      [2, 2, 2],
    ]);
  });

  it("counts steps, or real images that D has seen", () => {
    expect(valueAt(linear({ from: 0, to: 1, until: 10 }), at(5, 1000))).toBe(0.5);
    expect(valueAt(linear({ from: 0, to: 1, until: 4000, in: "images" }), at(5, 1000))).toBe(0.25);
  });
});

describe("the schema", () => {
  const options = z.strictObject({ rate: scheduled(z.number().positive("must be above 0")).default(1) });
  const checked = (rate: unknown): unknown => withDefaults("part", options, { rate });

  it("takes the number, or a curve both of whose ends are such numbers", () => {
    expect(checked(0.5)).toEqual({ rate: 0.5 });
    const curve = cosine({ from: 1, to: 0.1, until: 100, in: "images" });
    expect(checked(curve)).toEqual({ rate: curve });
    expect(checked(linear({ from: 1, to: 2, until: 3 }))).toEqual({
      rate: { schedule: "linear", from: 1, to: 2, until: 3, in: "steps" },
    });
  });

  it.each([
    [-1, "`part.rate` (=-1) must be above 0"],
    [linear({ from: 1, to: 0, until: 10 }), "`part.rate.to` (=0) must be above 0"],
    [linear({ from: 1, to: 2, until: 0 }), "`part.rate.until` (=0) must be a whole number above 0"],
    [linear({ from: 1, to: 2, until: 1.5 }), "has a fault: `until` (=1.5) must be a whole number above 0"],
    [
      { schedule: "sine", from: 1, to: 2, until: 3 },
      "has a fault: `schedule` (=sine) must be one of cosine, linear, exponential",
    ],
    [{ schedule: "linear", from: 1, to: 2 }, "has a fault: `until` is missing: it must be a whole number above 0"],
    [{ schedule: "linear", from: 1, to: 2, until: 3, steps: 4 }, "unknown key `part.rate.steps`"],
  ])("refuses %j", (rate, message) => {
    expect(() => checked(rate)).toThrow(message);
  });

  it("refuses an exponential that would have to reach or leave 0", () => {
    const share = z.strictObject({ p: scheduled(z.number().min(0)) });
    expect(() => withDefaults("part", share, { p: exponential({ from: 0, to: 1, until: 5 }) })).toThrow(
      "`part.p.schedule` (=exponential) needs `from` and `to` above 0",
    );
  });
});

describe("optimizers", () => {
  it("follow schedules of the learning rate", () => {
    for (const make of [sgd, rmsprop, adam]) {
      const optimizer = make({ lr: linear({ from: 1, to: 0.2, until: 4 }) }).build({ parameters: [Tensor.zeros([1])] });
      expect([optimizer.lr, optimizer.baseLr]).toEqual([1, 1]);
      optimizer.follow(at(2));
      expect([optimizer.lr, optimizer.baseLr]).toEqual([0.6, 0.6]);
      expect(optimizer.scheduledNumbers()).toEqual({ lr: 0.6 });
      optimizer.dispose();
    }
  });

  it("leave a number that stays alone, so that a step of one's own can set it", () => {
    const optimizer = adam({ lr: 0.1 }).build({ parameters: [Tensor.zeros([1])] });
    optimizer.lr = 0.05;
    optimizer.follow(at(3));
    expect(optimizer.lr).toBe(0.05);
    expect(optimizer.scheduledNumbers()).toEqual({});
    optimizer.dispose();
  });

  it("adam with betas on schedules is the recurrence with each step's betas, as PyTorch's is", () => {
    const [beta1, beta2] = [linear({ from: 0.5, to: 0.9, until: 8 }), cosine({ from: 0.9, to: 0.99, until: 6 })];
    const weight = Tensor.fromArray(new Float64Array([1, -2]));
    const optimizer = adam({ lr: 0.1, betas: [beta1, beta2] }).build({ parameters: [weight] });
    const expected = [1, -2];
    const [m, v] = [
      [0, 0],
      [0, 0],
    ];
    for (let t = 1; t <= 10; t++) {
      const moment = at(t - 1);
      optimizer.follow(moment);
      const gradient = [Math.sin(t), Math.cos(3 * t)];
      scope(() => optimizer.step([Tensor.fromArray(Float64Array.from(gradient))]));
      const [b1, b2] = [valueAt(beta1, moment), valueAt(beta2, moment)];
      for (const i of [0, 1]) {
        m[i] = b1 * m[i]! + (1 - b1) * gradient[i]!;
        v[i] = b2 * v[i]! + (1 - b2) * gradient[i]! ** 2;
        expected[i]! -= (0.1 / (1 - b1 ** t)) * (m[i]! / (Math.sqrt(v[i]!) / Math.sqrt(1 - b2 ** t) + 1e-8));
      }
      expectClose(flat(weight), expected, { atol: 1e-12, rtol: 1e-12 });
    }
    expect(optimizer.scheduledNumbers()).toEqual({ beta1: 0.9, beta2: 0.99 });
    optimizer.dispose();
  });
});

describe("in a recipe", () => {
  const lr = cosine({ from: 1e-2, to: 1e-3, until: 8 });
  const recipe = tinyRecipe({
    optimizers: {
      generator: adam({ lr }),
      discriminator: adam({ betas: [0, linear({ from: 0.9, to: 0.99, until: 160, in: "images" })] }),
    },
    techniques: [
      r1({ weight: linear({ from: 2, to: 1, until: 4 }) }),
      topK({ share: linear({ from: 1, to: 0.5, until: 4 }) }),
      weightAveraging({ halfLife: linear({ from: 0, to: 80, until: 160, in: "images" }) }),
    ],
    discriminatorSteps: 2,
  });

  it("all are found with their paths and values, for the report", () => {
    expect(scheduledNumbers(toPlainRecipe(recipe), 2)).toEqual([
      { path: "techniques.r1.weight", schedule: "linear, 2 to 1 in 4 steps", value: 1.5 },
      { path: "techniques.topK.share", schedule: "linear, 1 to 0.5 in 4 steps", value: 0.75 },
      // 2 steps x 2 updates of D x 8 images
      { path: "techniques.weightAveraging.halfLife", schedule: "linear, 0 to 80 in 160 images", value: 16 },
      { path: "optimizers.generator.lr", schedule: "cosine, 0.01 to 0.001 in 8 steps", value: valueAt(lr, at(2)) },
      {
        path: "optimizers.discriminator.betas.1",
        schedule: "linear, 0.9 to 0.99 in 160 images",
        value: 0.9 + 0.09 * 0.2,
      },
    ]);
  });

  it("--set changes an end, or puts another in place", () => {
    const changed = applyOverrides(recipe, [
      "optimizers.generator.lr.to=2e-3",
      'techniques.r1.weight={"schedule":"exponential","from":1,"to":0.1,"until":9}',
      "techniques.topK.share=0.7",
    ]);
    expect(changed.optimizers.generator.options.lr).toEqual({ ...lr, to: 2e-3, in: "steps" });
    expect(changed.techniques[0]!.options.weight).toEqual({
      schedule: "exponential",
      from: 1,
      to: 0.1,
      until: 9,
      in: "steps",
    });
    expect(changed.techniques[1]!.options.share).toBe(0.7);
    expect(() => applyOverrides(recipe, ["optimizers.generator.lr.to=-1"])).toThrow(
      "`optimizers.generator.lr.to` (=-1) must be above 0",
    );
    expect(() => applyOverrides(recipe, ["optimizers.generator.lr.until=soon"])).toThrow(
      "optimizers.generator.lr.until",
    );
    expect(() => applyOverrides(recipe, ["optimizers.generator.lr.steps=3"])).toThrow(
      "unknown key `optimizers.generator.lr.steps`",
    );
  });
});
