/** Checks devices before a run begins: the engine's own message about an absent one is a page about linkers. */
import { UserError } from "../base/errors.ts";
import { binding } from "../tensor/index.ts";

/** @throws UserError when this libtorch cannot compute on the device. */
export function refuseAbsentDevice(device: string): void {
  const engine = binding();
  const kind = device.split(":")[0];
  if ((kind === "cuda" && !engine.hasCuda()) || (kind === "mps" && !engine.hasMps()))
    throw new UserError(
      `device (=${device}) is not available: this libtorch ${engine.version()} offers ${offered()}; see gantry doctor`,
    );
}

function offered(): string {
  const engine = binding();
  return ["cpu", ...(engine.hasCuda() ? ["cuda"] : []), ...(engine.hasMps() ? ["mps"] : [])].join(", ");
}
