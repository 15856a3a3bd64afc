/** What a layer needs to be built: device, dtype, and the random stream that its first weights are drawn from. */
import { UserError } from "../base/errors.ts";
import { type Device, type DType, type Generator, noGrad, scope, Tensor } from "../tensor/index.ts";
import type { Initialiser } from "./init.ts";
import { CONTEXT_FIRST } from "./sizes.ts";

/**
 * Passed to every layer that owns parameters or buffers. There is no global random state: two builds from generators in
 * the same state give the same bits.
 */
export interface BuildContext {
  /** Draws the initial weights. It is on the CPU for every device, so that one seed gives one network everywhere. */
  readonly rng: Generator;
  /** Where parameters and buffers are placed. Default "cpu". */
  readonly device?: Device | undefined;
  /** Floating-point type of parameters and buffers. Default "float32". */
  readonly dtype?: DType;
}

/**
 * A new tensor of `shape`, filled by `initialise` on the CPU and then placed on the context's device. It is not yet
 * kept: give it to `registerParameter` or `registerBuffer`.
 *
 * @throws UserError when the context is left out.
 *
 * @example
 * this.registerParameter("weight", createTensor(context, [out, in_], kaimingUniform({ slope: Math.sqrt(5) })));
 */
export function createTensor(context: BuildContext, shape: readonly number[], initialise: Initialiser): Tensor {
  if (typeof context !== "object") throw new UserError(`the context is ${context}${CONTEXT_FIRST}`);
  const drawn = Tensor.empty([...shape], { dtype: context.dtype ?? "float32" });
  scope(() => noGrad(() => initialise(drawn, context.rng)));
  const { device = "cpu" } = context;
  if (device === drawn.device) return drawn;
  const placed = drawn.to({ device });
  drawn.dispose();
  return placed;
}
