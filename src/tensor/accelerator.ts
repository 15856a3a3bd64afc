/** What a GPU can be told, and its memory. On a CPU the settings are kept and change nothing. */
import { binding } from "./native.ts";
import type { Device } from "./types.ts";

/**
 * Runs `callback` with products and convolutions of float32 rounded to TF32, or exact; exact is how everything begins. TF32 has
 * the range of float32 and 10 bits of mantissa, and is several times faster on GPUs that have it.
 */
export function withTf32<T>(flag: boolean, callback: () => T): T {
  const before = binding().setTf32(flag);
  try {
    return callback();
  } finally {
    binding().setTf32(before);
  }
}

/** Whether cuDNN measures its algorithms, as torch.backends.cudnn.benchmark. */
export function setCudnnBenchmark(flag: boolean): void {
  binding().setCudnnBenchmark(flag);
}

/** Memory of a device in bytes. */
export interface DeviceMemory {
  /** Taken from the device by this process. */
  readonly reserved: number;
  /** The most that was. */
  readonly peak: number;
  /** Of the whole device, with other processes. */
  readonly free: number;
  readonly total: number;
}

/** The memory of a device that libtorch counts: that of GPUs, from libtorch 2.13. Undefined elsewhere. */
export function deviceMemory(device: Device): DeviceMemory | undefined {
  return binding().deviceMemory(device) ?? undefined;
}
