/** The optimizers of a user's step: they average the gradients over the workers. */
import { UserError } from "../../base/errors.ts";
import type { Optimizer } from "../../optim/index.ts";
import { grad, noGrad, type Tensor } from "../../tensor/index.ts";
import type { Sharding } from "../step/sharding.ts";

/** An optimizer as a step uses it. With several workers every update is that of the whole batch. */
export class StepOptimizer {
  readonly #optimizer: Optimizer;
  readonly #sharding: Sharding;

  constructor(optimizer: Optimizer, sharding: Sharding) {
    this.#optimizer = optimizer;
    this.#sharding = sharding;
  }

  /** The parameters that it updates. */
  get parameters(): readonly Tensor[] {
    return this.#optimizer.parameters;
  }

  /** The learning rate of this step. `schedule` sets it before every step. */
  get lr(): number {
    return this.#optimizer.lr;
  }

  set lr(rate: number) {
    this.#optimizer.lr = rate;
  }

  /**
   * One update with the gradients of this worker's rows, one for each of {@link parameters}; null counts as zero. With
   * N workers the update takes the sum over the workers divided by N, which all of them must call.
   *
   * @throws UserError when their number differs from that of the parameters.
   */
  step(gradients: readonly (Tensor | null)[]): void {
    const { parameters } = this;
    if (gradients.length !== parameters.length) {
      throw new UserError(`the optimizer has ${parameters.length} parameters and got ${gradients.length} gradients`);
    }
    noGrad(() => {
      const sums = this.#sharding.sum(gradients, parameters);
      const { size } = this.#sharding.replica;
      this.#optimizer.step(size === 1 ? sums : sums.map((sum) => sum.div(size)));
    });
  }

  /**
   * One update that makes `loss` smaller: {@link step} with its gradients. A parameter that the loss does not depend on
   * counts as having gradient zero.
   *
   * @throws UserError when the loss is not one number.
   *
   * @example
   * optimizers.critic.minimize(fake.mean().sub(real.mean()));
   */
  minimize(loss: Tensor): void {
    if (loss.numel !== 1) {
      throw new UserError(
        `minimize takes a loss of one number, and got a tensor of shape [${loss.shape.join(", ")}]; take its mean() or sum()`,
      );
    }
    this.step(grad(loss, this.parameters, { allowUnused: true }));
  }
}
