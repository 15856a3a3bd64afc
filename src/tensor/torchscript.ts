/** TorchScript: networks that another program saved with their code. */
import { existsSync } from "node:fs";
import { UserError } from "../base/errors.ts";
import { TensorHandle } from "./handle.ts";
import { binding } from "./native.ts";
import type { Tensor } from "./tensor.ts";
import type { Device } from "./types.ts";

const collector = new FinalizationRegistry<number>((number) => binding().scriptRelease(number));

/** A loaded TorchScript module, in evaluation mode; made by {@link loadScript}. */
export class ScriptModule {
  readonly #number: number;

  constructor(path: string, device: Device = "cpu") {
    if (typeof path !== "string") throw new TypeError("loadScript: `path` must be a string");
    if (!existsSync(path)) throw new UserError(`${path}: no such file`);
    this.#number = binding().scriptLoad(path, device);
    collector.register(this, this.#number);
  }

  /** The module's parameters and buffers by name, those of its modules with their path, such as `layers.conv.weight`. */
  state(): Map<string, Tensor> {
    const numbers = Object.entries(binding().scriptState(this.#number));
    return new Map(numbers.map(([name, number]) => [name, TensorHandle.of(number)]));
  }

  /** Calls the module's `forward` with tensors; a tuple or list of tensors comes back as an array. */
  forward(...inputs: readonly Tensor[]): Tensor | Tensor[] {
    const numbers = inputs.map((input, i) => TensorHandle.numberOf(input, "forward", `input ${i}`));
    const result = binding().scriptForward(this.#number, numbers);
    return Array.isArray(result) ? result.map((number) => unrecorded(number)) : unrecorded(result as number);
  }
}

/** The interpreter's optimized plans keep the gradient mode of the calls that they were made for. */
function unrecorded(number: number): Tensor {
  const tensor = TensorHandle.of(number);
  if (binding().gradEnabled() || !tensor.requiresGrad) return tensor;
  const detached = tensor.detach();
  tensor.dispose();
  return detached;
}

/**
 * Loads a file that `torch.jit.save` wrote. Its code runs inside libtorch's interpreter, whose operators can also read
 * and write files and use any amount of memory and time: load only what you would run as a program.
 *
 * @throws UserError when the file is absent, Error with libtorch's message when it is not TorchScript.
 *
 * @example
 * const network = loadScript("inception-2015-12-05.pt");
 */
export function loadScript(path: string, device: Device = "cpu"): ScriptModule {
  return new ScriptModule(path, device);
}
