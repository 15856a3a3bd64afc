/**
 * What tests of tensors, layers, losses and techniques import in the place of src/tensor/index.ts where GANTRY_TEST_DEVICE is set
 * (vitest.config.ts): tensors that they make lie on that device. Random numbers are drawn on the CPU, as Gantry draws them.
 */
import { Tensor as TensorOfAnyDevice } from "../../src/tensor/tensor.ts";
import { TEST_DEVICE } from "./device.ts";

export * from "../../src/tensor/index.ts";

const FACTORIES: ReadonlySet<string | symbol> = new Set([
  "empty",
  "zeros",
  "ones",
  "full",
  "eye",
  "arange",
  "linspace",
  "logspace",
  "fromArray",
  "rand",
  "randn",
  "randint",
  "randperm",
]);

type Factory = (...given: unknown[]) => TensorOfAnyDevice;

export const Tensor = new Proxy(TensorOfAnyDevice, {
  get(target, name) {
    const value = Reflect.get(target, name);
    if (!FACTORIES.has(name)) return value;
    return (...given: unknown[]) => {
      const here = (value as Factory).apply(target, given);
      const there = here.detach().to({ device: TEST_DEVICE });
      return here.requiresGrad ? there.requiresGrad_() : there;
    };
  },
});
export type Tensor = TensorOfAnyDevice;
