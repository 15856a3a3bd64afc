/** The memory of a GPU in the log, and what to do when it is full. */
import { UserError } from "../../base/errors.ts";
import { deviceMemory } from "../../tensor/index.ts";
import type { RunSettings } from "../trainable.ts";

/** GiB that the process has taken of the device: `memoryReserved` now, `memoryPeak` at most. Nothing where libtorch does not count. */
export function memoryOf(device: string): Record<string, number> {
  const memory = device === "cpu" ? undefined : deviceMemory(device);
  return memory === undefined ? {} : { memoryReserved: memory.reserved / 2 ** 30, memoryPeak: memory.peak / 2 ** 30 };
}

/** What libtorch says when a device has no memory left, and Gantry's allocator for the CPU. */
const FULL = /out of memory|not enough memory/i;

/** An error for memory that a step did not get, in a sentence that says what to reduce; every other error as it is. */
export function inMemory(
  error: unknown,
  step: number,
  settings: RunSettings & { readonly accumulate?: number },
): unknown {
  if (!(error instanceof Error) || error instanceof UserError || !FULL.test(error.message)) return error;
  const { device, batchSize, accumulate = 1, precision = "float32" } = settings;
  const parts = Array.from({ length: batchSize }, (_, i) => i + 1).find((n) => n > accumulate && batchSize % n === 0);
  const remedies = [
    ...(parts === undefined || settings.accumulate === undefined
      ? []
      : [`accumulate=${parts}, which computes the batch in parts`]),
    ...(batchSize > 1 ? [`a \`batchSize\` below ${batchSize}`] : []),
    "narrower networks",
    ...(precision === "float32" && device !== "cpu" ? ["precision=bf16"] : []),
  ];
  // libtorch's message goes on with advice on its allocator.
  const [said = ""] = /^[^\n]*?(?= If reserved| See documentation|\n|$)/.exec(error.message) ?? [];
  return new UserError(
    `step ${step + 1} needs more memory than there is on the device ${device} (${said}); take ${remedies.join(", or ")}`,
    {
      cause: error,
    },
  );
}
