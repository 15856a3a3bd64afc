/** Optimizer: an update rule together with its state. */
import { definer } from "../base/descriptor.ts";
import { UserError } from "../base/errors.ts";
import { eachStep, foreachSub, grad, keep, noGrad, noGradScope, Tensor } from "../tensor/index.ts";
import { isCurve, type Moment, type Scheduled, valueAt } from "./scheduled.ts";

/** The numbers in an optimizer's state, as a checkpoint keeps them. */
export type OptimizerScalars = Readonly<Record<string, number>>;

/** What an optimizer's descriptor needs to build it. */
export interface OptimizerContext {
  /** The parameters to train, in the order in which `step` will get their gradients. */
  readonly parameters: readonly Tensor[];
}

/**
 * Updates parameters in place from gradients. State is kept per parameter under PyTorch's names and is allocated at
 * construction, so that memory does not grow at the first step.
 *
 * @example
 * const optimizer = adam({ lr: 2e-4, betas: [0.5, 0.999] }).build({ parameters: network.parameters() });
 * optimizer.step(grad(loss, network.parameters()));
 */
export abstract class Optimizer {
  /** Learning rate of the next step: the loop sets it to `baseLr` times the schedule's factor. */
  lr: number;
  /** The configured learning rate, of this step where it is a schedule: what a recipe's `schedule` multiplies. */
  baseLr: number;
  readonly parameters: readonly Tensor[];
  /** Steps so far. */
  protected steps = 0;
  readonly #slots = new Map<string, readonly Tensor[]>();
  readonly #rate: Scheduled;

  constructor(parameters: readonly Tensor[], lr: Scheduled) {
    if (parameters.length === 0) throw new Error(`${this.constructor.name}: there are no parameters to train`);
    this.parameters = [...parameters];
    this.#rate = lr;
    this.baseLr = valueAt(lr, { step: 0, images: 0 });
    this.lr = this.baseLr;
  }

  /** Sets the numbers that follow a schedule to their values in the step that begins at this moment. */
  follow(moment: Moment): void {
    if (!isCurve(this.#rate)) return;
    this.baseLr = valueAt(this.#rate, moment);
    this.lr = this.baseLr;
  }

  /** The present values of the numbers that follow a schedule, by name, for the log. */
  scheduledNumbers(): Readonly<Record<string, number>> {
    return isCurve(this.#rate) ? { lr: this.lr } : {};
  }

  /** Numbers that may change and that a step takes as they are: a captured one can be replayed only while they stay. */
  capturedNumbers(): readonly number[] {
    return [this.lr];
  }

  /** Allocates one tensor of zeros for each parameter, kept under `name` in the state. */
  protected slot(name: string): readonly Tensor[] {
    const tensors = this.parameters.map((parameter) => {
      const zeros = noGrad(() => Tensor.zerosLike(parameter));
      keep(zeros);
      return zeros;
    });
    this.#slots.set(name, tensors);
    return tensors;
  }

  /** Applies the rule; runs without gradient recording and inside a scope. */
  protected abstract update(gradients: readonly Tensor[]): void;

  /**
   * One update with one gradient for each parameter, in the same order.
   *
   * @throws Error when their number differs from that of the parameters.
   */
  step(gradients: readonly Tensor[]): void {
    if (gradients.length !== this.parameters.length) {
      throw new Error(
        `${this.constructor.name}: ${gradients.length} gradients for ${this.parameters.length} parameters`,
      );
    }
    eachStep(() => {
      this.steps++;
    });
    noGradScope(() => this.update(gradients));
  }

  /**
   * One update along the gradients of `loss` with respect to the parameters: `step(grad(loss, parameters))`.
   *
   * @throws Error when the loss does not depend on all parameters.
   *
   * @example
   * optimizer.minimize(network.forward(x).mseLoss(target));
   */
  minimize(loss: Tensor): void {
    this.step(grad(loss, this.parameters));
  }

  /** The state tensors, named "<parameter index>.<PyTorch's name>"; live ones, not copies. */
  state(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    for (const i of this.parameters.keys()) {
      for (const [name, tensors] of this.#slots) state.set(`${i}.${name}`, tensors[i]!);
    }
    return state;
  }

  /** The rest of the state: the present learning rate and the number of steps. */
  scalars(): OptimizerScalars {
    return { lr: this.lr, steps: this.steps };
  }

  /**
   * Loads a state that `state()` and `scalars()` returned.
   *
   * @throws UserError when a tensor or number is missing, superfluous or of another shape. Then nothing has changed.
   */
  load(state: ReadonlyMap<string, Tensor>, scalars: OptimizerScalars): void {
    const own = this.state();
    const { lr, steps } = scalars;
    if (lr === undefined || steps === undefined) throw new UserError("optimizer state: `lr` or `steps` is missing");
    for (const name of state.keys()) {
      if (!own.has(name)) throw new UserError(`optimizer state: \`${name}\` does not belong to this optimizer`);
    }
    for (const [name, target] of own) {
      const source = state.get(name);
      if (source === undefined) throw new UserError(`optimizer state: \`${name}\` is missing`);
      if (source.shape.length !== target.shape.length || source.shape.some((size, i) => size !== target.shape[i])) {
        const shapes = `[${source.shape.join(", ")}] instead of [${target.shape.join(", ")}]`;
        throw new UserError(`optimizer state: \`${name}\` has shape ${shapes}`);
      }
    }
    noGrad(() => {
      for (const [name, target] of own) target.copy_(state.get(name)!);
    });
    this.lr = lr;
    this.steps = steps;
  }

  /** Frees the state. The parameters are not freed. */
  dispose(): void {
    for (const tensors of this.#slots.values()) for (const tensor of tensors) tensor.dispose();
  }

  /** Gradients plus weightDecay x parameters: weight decay as an L2 penalty on the cost. */
  protected decayed(gradients: readonly Tensor[], weightDecay: number): readonly Tensor[] {
    if (weightDecay === 0) return gradients;
    return foreachSub(gradients, this.parameters, -weightDecay);
  }
}

/**
 * Defines an optimizer: its kind, the zod schema of its options, and a function that makes it for the given parameters.
 */
export const defineOptimizer = definer<"optimizer", OptimizerContext, Optimizer>("optimizer");
