/** What cannot be captured as a graph of a device, with the reason. */
import { UserError } from "../../base/errors.ts";
import type { Recipe } from "../../recipe/index.ts";
import type { Technique } from "../../techniques/index.ts";
import { hasGraphs } from "../../tensor/index.ts";
import type { Replica } from "./sharding.ts";

const GIVEN = "`graph` (=true)";

/** @throws UserError when the recipe wants `graph` and its device has none, or another of its settings cannot go with it. */
export function refuseGraph({
  graph = false,
  device,
  precision,
  accumulate = 1,
}: Pick<Recipe, "graph" | "device" | "precision"> & { readonly accumulate?: number }): void {
  if (!graph) return;
  if (!hasGraphs(device)) throw new UserError(`${GIVEN} ${whyNot(device)}; leave \`graph\` out`);
  const refuse = (setting: string, why: string): UserError =>
    new UserError(`${GIVEN} cannot be with ${setting}: ${why}; leave one of them out`);
  if (precision === "fp16")
    throw refuse("`precision` (=fp16)", "each update reads from the device whether its gradients overflowed; bf16 can");
  if (accumulate > 1)
    throw refuse(
      `\`accumulate\` (=${accumulate})`,
      "the parts of a batch set the state of the device's generator, which a replay would not",
    );
}

function whyNot(device: string): string {
  if (device.startsWith("cuda"))
    return "needs a binding that was compiled with CUDA's headers, and there were none next to libtorch";
  return `is for GPUs with CUDA, and the device is ${device}`;
}

/** @throws UserError when one of the techniques, or several workers, cannot be captured. */
export function refuseUncapturable(techniques: readonly Technique[], { size }: Replica): void {
  if (size > 1)
    throw new UserError(`${GIVEN} is for one process, and this run has ${size} workers; leave \`graph\` out`);
  for (const { name, graph } of techniques) {
    const why =
      graph === undefined
        ? "it does not say which of its numbers change from step to step (`graph` of a technique)"
        : graph.refused;
    if (why !== undefined) throw new UserError(`${GIVEN} cannot be with \`${name}\`: ${why}; leave one of them out`);
  }
}
