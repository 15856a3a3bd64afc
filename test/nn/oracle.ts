/** What tests of networks share: weights that both they and the Python fixtures compute, and comparisons. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { BuildContext, Module } from "../../src/nn/index.ts";
import { type DType, Generator, grad, noGrad, Tensor } from "../../src/tensor/index.ts";
import { TEST_DEVICE } from "../device/device.ts";

/** A JSON file of test/fixtures. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8")) as T;
}

/** A build context on the tests' device, drawing from `seed`. */
export function contextOf(seed = 1, dtype: DType = "float64"): BuildContext {
  return { rng: new Generator(seed), device: TEST_DEVICE, dtype };
}

/** A fixed, patternless tensor in (-1, 1); test/fixtures/make_noise.py has the same formula. */
export function noise(shape: readonly number[], phase: number, dtype: DType = "float64"): Tensor {
  const values = new Float64Array(shape.reduce((product, size) => product * size, 1));
  for (const i of values.keys()) {
    const x = Math.sin((i + 1) * 12.9898 + phase * 78.233) * 43758.5453;
    values[i] = 2 * (x - Math.floor(x)) - 1;
  }
  return Tensor.fromArray(values, shape).to({ dtype, device: TEST_DEVICE });
}

/** Noise as make_noise.py fills a module's state with it: variances are positive, u and v have length 1. */
export function stateNoise(name: string, shape: readonly number[], phase: number, dtype: DType = "float64"): Tensor {
  const values = noise(shape, phase, dtype);
  if (name.endsWith("running_var")) return values.abs().add(0.5);
  if (/weight_[uv]$/.test(name) && shape.length === 1) return values.div(values.norm());
  return values;
}

/** Fills all floating-point state with noise in the order of the state dict, like `fill` in make_noise.py. */
export function fill<M extends Module>(module: M, phase = 1): M {
  noGrad(() => {
    for (const [i, [name, tensor]] of [...module.stateDict()].entries()) {
      if (tensor.dtype !== "int64") tensor.copy_(stateNoise(name, tensor.shape, phase + i, tensor.dtype));
    }
  });
  return module;
}

/** All values as plain numbers, in row-major order. */
export function flat(tensor: Tensor): number[] {
  return Array.from(tensor.detach().double().toArray() as Float64Array);
}

/** Expects |actual - expected| <= atol + rtol |expected| everywhere. */
export function expectClose(
  actual: Tensor | readonly number[],
  expected: Tensor | readonly number[],
  { rtol = 1e-6, atol = 1e-6, label = "" }: { rtol?: number; atol?: number; label?: string } = {},
): void {
  const a = actual instanceof Tensor ? flat(actual) : actual;
  const b = expected instanceof Tensor ? flat(expected) : expected;
  expect(a.length, `${label} number of values`).toBe(b.length);
  for (const [i, value] of a.entries()) {
    const difference = Math.abs(value - b[i]!);
    if (!(difference <= atol + rtol * Math.abs(b[i]!))) {
      expect.fail(`${label} value ${i}: ${value}, expected ${b[i]} (difference ${difference})`);
    }
  }
}

/** The derivative of `value()` with respect to one element of `tensor` by central differences; for float64. */
export function slopeAt(tensor: Tensor, index: number, value: () => number, step = 1e-5): number {
  const at = noGrad(() => tensor.detach().view([-1]).narrow(0, index, 1));
  const move = (by: number): number => {
    noGrad(() => at.add_(by));
    return value();
  };
  const above = move(step);
  const below = move(-2 * step);
  move(step);
  return (above - below) / (2 * step);
}

/** Compares the gradient of `value()` with central differences at some elements of each tensor. */
export function expectGradients(tensors: readonly Tensor[], value: () => Tensor, atol = 1e-7): void {
  const gradients = grad(value(), tensors);
  for (const [t, tensor] of tensors.entries()) {
    const count = tensor.numel;
    for (const index of new Set([0, Math.floor(count / 3), count - 1])) {
      const expected = slopeAt(tensor, index, () => value().item());
      expectClose([flat(gradients[t]!)[index]!], [expected], {
        atol,
        rtol: 1e-5,
        label: `tensor ${t} element ${index}`,
      });
    }
  }
}
