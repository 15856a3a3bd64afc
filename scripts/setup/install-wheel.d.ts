import type { SetupError } from "./say.js";
import type { Host } from "./types.d.ts";

/**
 * Installs PyTorch's wheel into the private folder of this host, if its SHA-256 is a known one.
 *
 * @param refusal - makes a message that adds other ways to get libtorch
 * @throws SetupError when there is no pip, it fails, or the wheel is another one.
 */
export function installWheel(host: Host, refusal: (problem: string) => SetupError): void;
