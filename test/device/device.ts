/**
 * The device that tests of tensors, layers, losses, techniques and training steps run on: `GANTRY_TEST_DEVICE`, such as cuda, or
 * privateuseone (other-device.cc); default cpu.
 */
import type { Tensor } from "../../src/tensor/index.ts";
import { OTHER_DEVICE, otherDevice } from "./other-device.ts";

const named = process.env.GANTRY_TEST_DEVICE || "cpu";

/** Its name, as libtorch has it. */
export const TEST_DEVICE = named.startsWith("privateuseone") ? OTHER_DEVICE : named;

/** Tensors by name, on it. */
export function onTestDevice<T extends Readonly<Record<string, Tensor>>>(tensors: T): T {
  const moved = Object.entries(tensors).map(([name, tensor]) => [name, tensor.to({ device: TEST_DEVICE })]);
  return Object.fromEntries(moved) as T;
}

if (TEST_DEVICE === OTHER_DEVICE) otherDevice();
