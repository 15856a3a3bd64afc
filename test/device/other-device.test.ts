/** Training on a device that is not the CPU: the same numbers, tensors that stay where they are, and few copies. */
import { describe, expect, it } from "vitest";
import { linear } from "../../src/optim/index.ts";
import type { Recipe } from "../../src/recipe/recipe.ts";
import { adaptiveAugmentation } from "../../src/techniques/index.ts";
import {
  type Computed,
  computedFor,
  type Draw,
  drawFor,
  Generator,
  type NamedTensors,
  RepeatedDraws,
  scope,
  Tensor,
} from "../../src/tensor/index.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { type Case, NETWORKS, networksFor, recipeOf, TECHNIQUES } from "../training/matrix/cases.ts";
import { ganOf } from "../training/matrix/trial.ts";
import { hasGradients, OTHER_DEVICE, otherDevice } from "./other-device.ts";

const device = otherDevice();

/** The numbers of three steps. */
async function numbersOn(where: string, one: Case): Promise<number[]> {
  const gan = await ganOf(recipeOf(one), where);
  try {
    return Array.from({ length: 3 }, () => {
      const numbers = trainingStep(gan);
      const values = Array.from(numbers.toArray(), Number);
      numbers.dispose();
      return values;
    }).flat();
  } finally {
    gan.dispose();
  }
}

const usual = { loss: "nonSaturating", data: "images" } as const;
const cases: [string, Case][] = [
  ...Object.keys(NETWORKS).map((networks): [string, Case] => [networks, { ...usual, techniques: [], networks }]),
  ...TECHNIQUES.map((kind): [string, Case] => {
    return [kind, { ...usual, techniques: [kind], networks: networksFor([kind]) }];
  }),
];

describe.runIf(hasGradients)("a step on another device has the numbers of the CPU", () => {
  // The CPU's own convolutions and Adam sum in another order; from step to step the difference grows.
  it.each(cases)("%s", async (_, one) => {
    const expected = await numbersOn("cpu", one);
    for (const [i, value] of (await numbersOn(OTHER_DEVICE, one)).entries()) {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(5e-3 * Math.abs(expected[i]!) + 2e-4);
    }
  });
});

it("refuses tensors of two devices in one operator, as a GPU does, and counts copies", () => {
  const [here, there] = [Tensor.ones([2]), Tensor.ones([2], { device: OTHER_DEVICE })];
  expect(() => here.add(there)).toThrow(/same device/);
  device.copies();
  expect(there.add(here.to({ device: OTHER_DEVICE })).device).toBe(OTHER_DEVICE);
  expect(device.copies()).toEqual([1, 0]);
  expect(there.sum().item()).toBe(2);
  expect(device.copies()).toEqual([0, 1]);
});

/** Copies to the device in a step besides the block of all draws and the images and labels of D's and of pairs' batches, and why. */
const MORE: Readonly<Record<string, { readonly copies: number; readonly why: string }>> = {
  adaptiveAugmentation: { copies: 1, why: "p has changed between D's update and G's, here in every step" },
  dataDependentInitialisation: { copies: -2, why: "its loader is read once, before training" },
};

describe.runIf(hasGradients)("copies to the device in a step", () => {
  /** Of the third step, besides the block of all draws and the images and labels of its batches. */
  async function moreCopies(recipe: Recipe): Promise<number> {
    const gan = await ganOf(recipe, OTHER_DEVICE);
    try {
      for (let i = 0; i < 2; i++) trainingStep(gan).dispose();
      const loaders = [gan.loader, ...gan.auxiliaryLoaders.values()].length;
      device.copies();
      trainingStep(gan).dispose();
      const [toDevice] = device.copies();
      return toDevice - (1 + 2 * loaders);
    } finally {
      gan.dispose();
    }
  }

  it.each(["no technique", ...TECHNIQUES])("%s", async (kind) => {
    const techniques = kind === "no technique" ? [] : [kind];
    const recipe = recipeOf({ ...usual, techniques, networks: networksFor(techniques) });
    expect(await moreCopies(recipe)).toBe(MORE[kind]?.copies ?? 0);
  });

  it("adaptiveAugmentation with a scheduled probability", async () => {
    const probability = linear({ from: 0.2, to: 0.8, until: 10 });
    const technique = adaptiveAugmentation({
      probability,
      transformations: ["blit", "geometry", "color", "cutout"],
      pairs: true,
    });
    const recipe = recipeOf({ ...usual, techniques: [], networks: networksFor([]) });
    expect(await moreCopies({ ...recipe, techniques: [technique] })).toBe(0);
  });
});

describe("draws for a device", () => {
  const drawsOf = (steps: readonly (readonly Draw[])[], repeated: boolean, otherwise = -1) => {
    const generator = new Generator(5);
    const draws = new RepeatedDraws(OTHER_DEVICE);
    const found = steps.map((step) =>
      scope(() => {
        const run = () =>
          step.map((draw, i) => {
            if (i === otherwise) Tensor.rand([3], { generator });
            return drawFor(OTHER_DEVICE, draw, generator).tolist();
          });
        return repeated ? draws.during(run) : run();
      }),
    );
    return [...found, Tensor.rand([2], { generator }).tolist()];
  };
  const [normal, uniform, whole, order]: Draw[] = [
    { of: "normal", shape: [5, 3] },
    { of: "uniform", shape: [7] },
    { of: "whole", below: 10, shape: [6] },
    { of: "order", below: 9 },
  ] as const;
  const courses: [string, Draw[][], number?][] = [
    ["the same in every step", Array(3).fill([normal, uniform, whole, order])],
    [
      "another one in the middle",
      [
        [normal, whole],
        [normal, uniform],
        [normal, uniform],
      ],
    ],
    ["fewer, then more", [[normal, whole], [normal], [normal, whole, order]]],
    ["none in between", [[normal, uniform], [], [normal, uniform]]],
    ["an operator that draws from the stream itself", Array(3).fill([normal, uniform, whole]), 1],
  ] as never;

  it("computed of them, and of what changes, are those that are computed one by one", () => {
    const numbersOf = (repeated: boolean) => {
      const generator = new Generator(5);
      const draws = new RepeatedDraws(OTHER_DEVICE);
      let bound = 0.5;
      const computed: Computed<NamedTensors> = {
        key: () => String(bound),
        compute: (from) => {
          const u = Tensor.rand([5], { generator: from });
          const above = { whole: u.mul(7).to({ dtype: "int64" }), half: u.to({ dtype: "float16" }) };
          return { below: u.lt(bound).to({ dtype: "float32" }), none: undefined, above: bound > 0.6 ? {} : above };
        },
      };
      const listed = (named: NamedTensors): unknown =>
        Object.entries(named).map(([name, value]) => [
          name,
          value instanceof Tensor ? [value.device, value.dtype, value.tolist()] : value && listed(value),
        ]);
      const step = (change: number) => () => {
        const first = listed(computedFor(OTHER_DEVICE, computed, generator));
        bound += change;
        return [first, ...[1, 2].map(() => listed(computedFor(OTHER_DEVICE, computed, generator)))];
      };
      return [0, 0.2, 0, -0.1, 0].map((change) => {
        // Between two steps, and in the middle of one.
        bound += change / 2;
        return scope(() => (repeated ? draws.during(step(change)) : step(change)()));
      });
    };
    expect(numbersOf(true)).toEqual(numbersOf(false));
  });

  it.each(courses)("are those that the stream gives one by one: %s", (_, steps, otherwise) => {
    expect(drawsOf(steps, true, otherwise)).toEqual(drawsOf(steps, false, otherwise));
  });

  it("come in one copy", () => {
    const draws = new RepeatedDraws(OTHER_DEVICE);
    const generators = [new Generator(1), new Generator(2)];
    const step = () =>
      scope(() => draws.during(() => generators.map((one) => drawFor(OTHER_DEVICE, normal!, one).device)));
    step();
    device.copies();
    expect(step()).toEqual([OTHER_DEVICE, OTHER_DEVICE]);
    expect(device.copies()).toEqual([1, 0]);
  });
});
