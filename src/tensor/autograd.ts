/** Gradients of any order, and whether computations are recorded for them. */
import { describeValue, refusePromise, scope, TensorHandle } from "./handle.ts";
import { binding } from "./native.ts";
import { checked } from "./operator.ts";
import type { Tensor } from "./tensor.ts";

/** Options of {@link grad}. */
export interface GradOptions {
  /** The vector of the vector-Jacobian product, one for each output; default ones (outputs must then have one element). */
  readonly gradOutputs?: readonly Tensor[];
  /** Records the gradient's own computation, so that it can be differentiated again; default false. */
  readonly createGraph?: boolean;
  /** Keeps the recorded computation for another pass; default: the value of createGraph. */
  readonly retainGraph?: boolean;
}

/** One gradient for each input: a tuple as long as the tuple of inputs. */
export type Gradients<Inputs extends readonly Tensor[], Gradient = Tensor> = {
  -readonly [Place in keyof Inputs]: Gradient;
};

/**
 * The gradients of the outputs' sum with respect to each input, in the order of the inputs. Only what these inputs need is
 * computed. Everything is as torch.autograd.grad.
 *
 * With `allowUnused`, an input that the outputs do not depend on gets null.
 *
 * @throws Error when the outputs do not depend on an input, or nothing was recorded for them.
 *
 * @example
 * const x = Tensor.fromArray([1, 2, 3]).requiresGrad_();
 * const [slope] = grad(x.pow(3).sum(), [x]); // 3 x^2
 */
export function grad<const Inputs extends readonly Tensor[]>(
  outputs: Tensor | readonly Tensor[],
  inputs: Inputs,
  options?: GradOptions & { readonly allowUnused?: false },
): Gradients<Inputs>;
export function grad<const Inputs extends readonly Tensor[]>(
  outputs: Tensor | readonly Tensor[],
  inputs: Inputs,
  options: GradOptions & { readonly allowUnused: boolean },
): Gradients<Inputs, Tensor | null>;
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions & { readonly allowUnused?: boolean } = {},
): (Tensor | null)[] {
  checked("grad", options, "gradOutputs", "createGraph", "retainGraph", "allowUnused");
  const { gradOutputs = [], createGraph = false, retainGraph = createGraph, allowUnused = false } = options;
  const numbers = (tensors: readonly Tensor[], name: string) => {
    if (!Array.isArray(tensors)) {
      throw new TypeError(`grad: argument \`${name}\` must be a list of Tensors, got ${describeValue(tensors)}`);
    }
    return tensors.map((tensor) => TensorHandle.numberOf(tensor, "grad", name));
  };
  const list = TensorHandle.isTensor(outputs) ? [outputs] : (outputs as readonly Tensor[]);
  return binding()
    .grad(
      numbers(list, "outputs"),
      numbers(inputs, "inputs"),
      numbers(gradOutputs, "gradOutputs"),
      retainGraph,
      createGraph,
      allowUnused,
    )
    .map((number) => (number === 0 ? null : TensorHandle.of(number)));
}

function withGradMode<T>(enabled: boolean, callback: () => T): T {
  const before = binding().gradEnabled();
  binding().setGradEnabled(enabled);
  try {
    const result = callback();
    refusePromise(enabled ? "enableGrad" : "noGrad", result, "the mode ends when it returns");
    return result;
  } finally {
    binding().setGradEnabled(before);
  }
}

/** Runs `callback` without recording for gradients. */
export function noGrad<T>(callback: () => T): T {
  return withGradMode(false, callback);
}

/** {@link noGrad} and {@link scope}: nothing is recorded, and only the tensors that `callback` returns are kept. */
export function noGradScope<T>(callback: () => T): T {
  return noGrad(() => scope(callback));
}

/** Runs `callback` with recording on, inside a {@link noGrad}. */
export function enableGrad<T>(callback: () => T): T {
  return withGradMode(true, callback);
}

/** Whether computations are being recorded. */
export function isGradEnabled(): boolean {
  return binding().gradEnabled();
}

/**
 * Runs `callback` in libtorch's inference mode: faster than {@link noGrad}, but its tensors can never take part in a
 * gradient later.
 */
export function inferenceMode<T>(callback: () => T): T {
  return binding().inferenceMode(() => {
    const result = callback();
    refusePromise("inferenceMode", result, "the mode ends when it returns");
    return result;
  });
}
