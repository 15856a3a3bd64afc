/** Transfers to a device without waiting for it. */
import { binding } from "./native.ts";
import { operator } from "./operator.ts";
import type { Tensor } from "./tensor.ts";
import type { Device } from "./types.ts";

const transfer = operator("aten::to.device(self, device, dtype, non_blocking, copy)");
const pinned = operator("aten::pin_memory(self)");

/** A CPU tensor on the device: pinned, and without waiting, where that is CUDA. */
export function toDevice(tensor: Tensor, device: Device): Tensor {
  const source = device.startsWith("cuda") && binding().hasCuda() ? pinned(tensor) : tensor;
  return transfer(source, device, tensor.dtype, true, false);
}
