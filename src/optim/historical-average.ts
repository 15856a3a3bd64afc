/**
 * The history of a network's weights as one running mean, and a pull towards it: the term of historical averaging
 * (Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.3).
 */
import { UserError } from "../base/errors.ts";
import type { Module } from "../nn/index.ts";
import { type Device, foreachAdd_, foreachSub, keep, noGrad, noGradScope, type Tensor } from "../tensor/index.ts";

/**
 * Keeps mean = (1/t) sum_{i=1..t} theta[i] over the values theta[1] ... theta[t] that the parameters of `network` had:
 * the first at construction, and one more at each {@link update}. The term and its gradient are
 *
 *     |theta - mean|^2        2 (theta - mean)
 *
 * summed over all parameters, with the mean as a constant: no gradient flows through the history, not even through its
 * last value. Between two updates of the network the present theta is theta[t], so it has a share of 1/t in the mean,
 * and theta - mean = (1 - 1/t) (theta - the mean of the t - 1 values before): nothing at t = 1.
 *
 * The mean is float64, 8 bytes per weight. After t updates a new value moves it by (theta - mean) / t, which float32
 * would round away long before a run ends. (On Apple's mps, which has no float64, it lives on the CPU.)
 *
 * @example
 * const history = new HistoricalAverage(network);
 * optimizer.step(history.pull(gradients, weight)); // gradients + weight x 2 (theta - mean)
 * history.update(); // after each update of the network
 */
export class HistoricalAverage {
  readonly #network: Module;
  readonly #means: ReadonlyMap<string, Tensor>;
  readonly #device: Device | undefined;
  /** t: the number of values in the mean. */
  #count = 1;

  constructor(network: Module) {
    this.#network = network;
    this.#device = network.parameters().some(({ device }) => device.startsWith("mps")) ? "cpu" : undefined;
    const wide = (tensor: Tensor): Tensor => keep(noGradScope(() => this.#placed(tensor.detach()).double().clone()));
    this.#means = new Map([...network.namedParameters()].map(([name, tensor]) => [name, wide(tensor)]));
  }

  /**
   * Adds the present weights of the network: mean <- mean + (theta - mean) / t. Once after each update of the network.
   */
  update(): void {
    this.#count++;
    noGradScope(() => foreachAdd_([...this.#means.values()], this.#distances(), 1 / this.#count));
  }

  /** `gradients` (in the order of the network's parameters) plus weight x 2 (theta - mean), as new tensors. */
  pull(gradients: readonly Tensor[], weight: number): readonly Tensor[] {
    return noGradScope(() => {
      // Subtracted in float64 and then rounded: close to the mean a float32 difference would be rounding alone.
      const distances = this.#distances().map((distance, i) => {
        const { dtype, device } = gradients[i]!;
        return distance.to({ dtype, device });
      });
      return foreachSub(gradients, distances, -2 * weight);
    });
  }

  /** |theta - mean|^2 over all parameters, as the weights are now. */
  squaredDistance(): number {
    return noGradScope(() => this.#distances().reduce((sum, distance) => sum + distance.square().sum().item(), 0));
  }

  /** The means by the names of the network's parameters; live tensors, not copies. */
  state(): ReadonlyMap<string, Tensor> {
    return this.#means;
  }

  /** The number of values in the means. */
  scalars(): Readonly<Record<string, number>> {
    return { count: this.#count };
  }

  /**
   * Loads a state that `state()` and `scalars()` returned.
   *
   * @throws UserError when a tensor or the count is missing.
   */
  load(state: ReadonlyMap<string, Tensor>, scalars: Readonly<Record<string, number>>): void {
    const { count } = scalars;
    if (count === undefined) throw new UserError("historical average: `count` is missing");
    for (const name of this.#means.keys()) {
      if (!state.has(name)) throw new UserError(`historical average: \`${name}\` is missing`);
    }
    noGrad(() => {
      for (const [name, target] of this.#means) target.copy_(state.get(name)!);
    });
    this.#count = count;
  }

  /** Frees the means. */
  dispose(): void {
    for (const tensor of this.#means.values()) tensor.dispose();
  }

  /** theta - mean, float64, one tensor per parameter. */
  #distances(): Tensor[] {
    const now = this.#network.parameters().map((parameter) => this.#placed(parameter));
    return foreachSub(now, [...this.#means.values()]);
  }

  #placed(tensor: Tensor): Tensor {
    return this.#device === undefined ? tensor : tensor.to({ device: this.#device });
  }
}
