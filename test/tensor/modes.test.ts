import { expect, it } from "vitest";
import {
  enableGrad,
  grad,
  inferenceMode,
  isGradEnabled,
  keep,
  liveTensors,
  noGrad,
  scope,
  Tensor,
} from "../../src/tensor/index.ts";

const x = keep(Tensor.full([2], 3, { requiresGrad: true }));

it("noGrad records nothing, enableGrad inside records again, and both end with the callback", () => {
  expect(isGradEnabled()).toBe(true);
  const inside = noGrad(() => {
    expect(isGradEnabled()).toBe(false);
    const recorded = enableGrad(() => x.mul(2));
    expect(isGradEnabled()).toBe(false);
    expect(recorded.requiresGrad).toBe(true);
    return x.mul(2);
  });
  expect(inside.requiresGrad).toBe(false);
  expect(isGradEnabled()).toBe(true);
});

it.each([noGrad, inferenceMode])("a mode ends when its callback throws", (mode) => {
  expect(() =>
    mode(() => {
      throw new RangeError("on purpose");
    }),
  ).toThrow(RangeError);
  expect(isGradEnabled()).toBe(true);
  expect(x.mul(2).requiresGrad).toBe(true);
});

it("inference mode nests with scopes and with itself", () => {
  const before = liveTensors();
  const result = inferenceMode(() =>
    scope(() => {
      const inner = inferenceMode(() => x.mul(2));
      expect(inner.requiresGrad).toBe(false);
      return scope(() => inner.add(1).sum());
    }),
  );
  expect(result.item()).toBe(14);
  expect(liveTensors() - before).toBe(1);
  // Outside, its tensors may be read but can take part in no gradient.
  expect(() => grad(x.mul(result).sum(), [x])).toThrow(/[Ii]nference tensors cannot be saved for backward/);
  expect(inferenceMode(() => 5)).toBe(5);
  expect(x.add(result).requiresGrad).toBe(true);
});

it("gradients of the optimizer's kind: leaves change in place without being recorded", () => {
  const weight = keep(Tensor.ones([2], { requiresGrad: true }));
  for (let i = 0; i < 3; i++) {
    scope(() => {
      const [slope] = grad(weight.square().sum(), [weight]);
      noGrad(() => weight.add_(slope, -0.25));
    });
  }
  expect(weight.tolist()).toEqual([0.125, 0.125]);
  expect(weight.requiresGrad).toBe(true);
});

it("detach cuts the graph and shares memory", () => {
  const y = x.mul(1);
  const cut = y.detach();
  expect(cut.requiresGrad).toBe(false);
  cut.fill_(9);
  expect(y.tolist()).toEqual([9, 9]);
});

it("only floating leaves may be marked, and only leaves unmarked", () => {
  expect(() => x.mul(2).requiresGrad_(false)).toThrow("requiresGrad_: only a leaf can be unmarked");
  expect(Tensor.ones([1]).requiresGrad_().requiresGrad_(false).requiresGrad).toBe(false);
  expect(() => Tensor.ones([1], { dtype: "int64" }).requiresGrad_()).toThrow(/only Tensors of floating point/i);
});
