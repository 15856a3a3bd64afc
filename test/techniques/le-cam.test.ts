import { describe, expect, it } from "vitest";
import { type DiscriminatorPass, type Gan, leCam, type Technique } from "../../src/techniques/index.ts";
import { Generator, grad, type Tensor } from "../../src/tensor/index.ts";
import { TEST_DEVICE } from "../device/device.ts";
import { expectClose, expectGradients, fixture, noise } from "../nn/oracle.ts";

interface Update {
  averages: number[];
  value?: number;
  slopes?: number[][];
}
const stored = fixture<{ leCam: { oneSided: boolean; warmUp: number; updates: Update[] }[] }>("consistency");

function built(options: Parameters<typeof leCam>[0]): Technique {
  const context = { batchSize: 5, image: { features: 2 }, classes: 0, device: TEST_DEVICE };
  const technique = leCam(options).build({ ...context, rng: new Generator(1) });
  technique.prepare!({} as Gan, {});
  return technique;
}

/** Scores of the fixture's update, two updates per step. */
const scores = (update: number): [Tensor, Tensor] => [
  noise([5], 50 + update)
    .mul(2)
    .add(0.5)
    .requiresGrad_(),
  noise([5], 60 + update)
    .mul(2)
    .sub(0.5)
    .requiresGrad_(),
];
const penalty = (technique: Technique, [real, fake]: [Tensor, Tensor], step: number): Tensor | undefined =>
  technique.discriminatorPenalty!(
    { realOutput: { score: real }, fakeOutput: { score: fake } } as unknown as DiscriminatorPass,
    { progress: { step, epoch: 0 } } as Gan,
  );
const averages = (technique: Technique): Tensor => technique.state!().tensors.get("averages")!;
/** The averages are float32. */
const single = { atol: 1e-6, rtol: 1e-6 };

describe.each(stored.leCam)("oneSided $oneSided, warm-up of $warmUp steps", ({ oneSided, warmUp, updates }) => {
  it("has PyTorch's values, slopes and averages over six updates", () => {
    const technique = built({ oneSided, warmUp, decay: 0.9 });
    for (const [update, expected] of updates.entries()) {
      const both = scores(update);
      const value = penalty(technique, both, Math.floor(update / 2));
      expectClose(averages(technique), expected.averages, single);
      expect(value === undefined).toBe(expected.value === undefined);
      if (value === undefined) continue;
      expect(value.shape).toEqual([]);
      expectClose([value.item()], [expected.value!], single);
      for (const [i, slope] of grad(value, both).entries()) expectClose(slope, expected.slopes![i]!, single);
    }
  });
});

it("has slopes that finite differences confirm, where the averages hardly move", () => {
  for (const oneSided of [true, false]) {
    const technique = built({ oneSided, warmUp: 0, decay: 1 - 1e-9 });
    penalty(technique, scores(0), 0);
    const both = scores(1);
    expectGradients(both, () => penalty(technique, both, 1)!);
  }
});

it("continues from a checkpoint, and refuses one without averages", () => {
  const technique = built({ warmUp: 0, decay: 0.9 });
  for (const update of [0, 1, 2]) penalty(technique, scores(update), update);
  const { tensors, numbers } = technique.state!();
  const other = built({ warmUp: 0, decay: 0.9 });
  other.load!({ tensors: new Map([...tensors].map(([name, tensor]) => [name, tensor.clone()])), numbers });
  const [mine, theirs] = [technique, other].map((each) => penalty(each, scores(3), 3)!.item());
  expect(theirs).toBe(mine);
  expect(() => other.load!({ tensors: new Map(), numbers: {} })).toThrow("leCam: the checkpoint does not have");
});

it.each([1000, 0])("keeps a score that is not finite out of the averages: warm-up of %d steps", (warmUp) => {
  const [technique, other] = [built({ warmUp }), built({ warmUp })];
  const [real, fake] = scores(1);
  const half = fake.detach().clone().fill_(Number.NaN);
  for (const each of [technique, other]) penalty(each, scores(0), 0);
  penalty(technique, [real, half], 1);
  penalty(other, [real, fake], 1);
  const [mine, theirs] = [technique, other].map((each) => averages(each).tolist() as number[]);
  expect(mine![0]).toBe(theirs![0]);
  expect(mine![1]).toBe((averages(firstOf(warmUp)).tolist() as number[])[1]);
  for (const each of [technique, other]) penalty(each, scores(2), 2);
  if (warmUp > 0) expect(averages(technique).tolist()).toEqual(averages(other).tolist());
});

it("begins the averages with the first scores that are finite, also without a warm-up", () => {
  const [technique, other] = [built({ warmUp: 0 }), built({ warmUp: 0 })];
  const [real, fake] = scores(0);
  penalty(technique, [real, fake.detach().clone().fill_(Number.POSITIVE_INFINITY)], 0);
  const value = penalty(technique, scores(1), 1)!.item();
  expect((averages(technique).tolist() as number[])[1]).toBe(scores(1)[1].mean().to({ dtype: "float32" }).item());
  // The other average has moved once, as it would have without the overflow.
  penalty(other, [real, scores(1)[1]], 0);
  expect(value).toBeCloseTo(penalty(other, scores(1), 1)!.item(), 6);
  expect(averages(technique).tolist()).toEqual([
    expect.closeTo((averages(other).tolist() as number[])[0]!, 6),
    expect.closeTo((averages(other).tolist() as number[])[1]!, 6),
  ]);
});

/** After the first of the updates. */
function firstOf(warmUp: number): Technique {
  const technique = built({ warmUp });
  penalty(technique, scores(0), 0);
  return technique;
}

it("has defaults, and refuses options out of range by name", () => {
  expect(leCam().options).toEqual({ weight: 0.3, decay: 0.99, warmUp: 1000, oneSided: true });
  expect(() => leCam({ decay: 1 })).toThrow("`leCam.decay` (=1) must be below 1");
  expect(() => leCam({ weight: 0 })).toThrow("`leCam.weight` (=0) must be above 0");
});
