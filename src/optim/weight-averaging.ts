/**
 * Exponential moving average of a network's weights: the weights that images are sampled with (Karras et al. 2018,
 * "Progressive Growing of GANs", appendix A.1; Yazıcı et al. 2019 study why it helps GANs).
 */
import { UserError } from "../base/errors.ts";
import type { Module } from "../nn/index.ts";
import { eachStep, foreachAdd_, foreachMul_, keep, noGrad, noGradScope, type Tensor } from "../tensor/index.ts";

/** Options of {@link WeightAveraging}. */
export interface WeightAveragingOptions {
  /** Weight of the old average in each update, at least 0 and below 1. Default 0.999. */
  decay?: number;
  /** Updates before averaging begins; until then the average is the network as it is. Default 0. BigGAN: 20,000. */
  start?: number;
  /**
   * Let the decay grow towards `decay`: the n-th update after `start` uses min(decay, (1 + n) / (10 + n)), so that the
   * first weights are forgotten quickly (TensorFlow's ExponentialMovingAverage with `num_updates`). Default false.
   */
  warmUp?: boolean;
  /**
   * What becomes of buffers (running statistics of batch norm): "copied" (default) as they are now, or "averaged" like the
   * parameters. Counters and power-iteration vectors are copied either way.
   */
  buffers?: "copied" | "averaged";
}

/**
 * Averages the parameters of `network` as average <- decay x average + (1 - decay) x parameter; buffers (running
 * statistics, power-iteration vectors) are copied as they are, unless `buffers` says otherwise.
 *
 * @throws UserError for an option out of range.
 *
 * @example
 * const averages = new WeightAveraging(generator, { decay: 0.9999, start: 1000 });
 * averages.update(); // after each generator step
 * const images = averages.use(() => generator.forward(z));
 */
export class WeightAveraging {
  readonly #network: Module;
  readonly #decay: number;
  readonly #start: number;
  readonly #warmUp: boolean;
  readonly #averages = new Map<string, Tensor>();
  readonly #statistics: boolean;
  readonly #copies = new Map<string, Tensor>();
  #updates = 0;

  constructor(network: Module, options: WeightAveragingOptions = {}) {
    const { decay = 0.999, start = 0, warmUp = false, buffers = "copied" } = options;
    if (!(decay >= 0 && decay < 1)) {
      throw new UserError(`weightAveraging: \`decay\` (=${decay}) must be at least 0 and below 1`);
    }
    if (!Number.isInteger(start) || start < 0) {
      throw new UserError(`weightAveraging: \`start\` (=${start}) must be a whole number of updates`);
    }
    this.#network = network;
    this.#decay = decay;
    this.#start = start;
    this.#warmUp = warmUp;
    this.#statistics = buffers === "averaged";
    for (const [name, tensor] of network.namedParameters()) this.#averages.set(name, kept(tensor));
    for (const [name, tensor] of network.namedBuffers()) this.#copies.set(name, kept(tensor));
  }

  /**
   * Adds the present weights of the network. Call it once after each update of the network.
   *
   * @param decayNow - The decay of this update, from 0 to below 1; default: what the options say.
   */
  update(decayNow?: number): void {
    const decay = this.decayIn(0, decayNow);
    eachStep(() => {
      this.#updates++;
    });
    noGradScope(() => {
      const buffers = this.#network.namedBuffers();
      const averaged = this.#statistics ? [...buffers].filter(isStatistic) : [];
      const averages = [...this.#averages.values(), ...averaged.map(([name]) => this.#copies.get(name)!)];
      const current = [...this.#network.parameters(), ...averaged.map(([, buffer]) => buffer)];
      if (decay === 0) {
        for (const [i, average] of averages.entries()) average.copy_(current[i]!);
      } else {
        foreachMul_(averages, decay);
        foreachAdd_(averages, current, 1 - decay);
      }
      for (const [name, buffer] of buffers) {
        if (!this.#statistics || !isStatistic([name, buffer])) this.#copies.get(name)!.copy_(buffer);
      }
    });
  }

  /** The decay of an update that is `more` updates away. */
  decayIn(more: number, decayNow?: number): number {
    const updates = this.#updates + more;
    return updates < this.#start ? 0 : (decayNow ?? this.#usualDecay(updates - this.#start));
  }

  /** Runs `body` with the averages in place of the network's own weights; nothing is copied. */
  use<T>(body: () => T): T {
    return this.#network.substitute(this.state(), body);
  }

  /** Averaged parameters and copied buffers by their names in the network: a state dict; live tensors, not copies. */
  state(): Map<string, Tensor> {
    return new Map([...this.#averages, ...this.#copies]);
  }

  /** The number of updates so far. */
  scalars(): Readonly<Record<string, number>> {
    return { updates: this.#updates };
  }

  /**
   * Loads a state that `state()` and `scalars()` returned.
   *
   * @throws UserError when a tensor or the count is missing.
   */
  load(state: ReadonlyMap<string, Tensor>, scalars: Readonly<Record<string, number>>): void {
    const { updates } = scalars;
    if (updates === undefined) throw new UserError("weight averages: `updates` is missing");
    const own = this.state();
    for (const name of own.keys()) {
      if (!state.has(name)) throw new UserError(`weight averages: \`${name}\` is missing`);
    }
    noGrad(() => {
      for (const [name, target] of own) target.copy_(state.get(name)!);
    });
    this.#updates = updates;
  }

  /** Frees the averages. */
  dispose(): void {
    for (const tensor of this.state().values()) tensor.dispose();
  }

  #usualDecay(n: number): number {
    return this.#warmUp ? Math.min(this.#decay, (1 + n) / (10 + n)) : this.#decay;
  }
}

/** Whether a buffer is a running mean or variance of batch norm. */
export const isStatistic = ([name]: readonly [string, Tensor]): boolean => /(^|\.)running_(mean|var)$/.test(name);

function kept(tensor: Tensor): Tensor {
  const copy = noGrad(() => tensor.detach().clone());
  keep(copy);
  return copy;
}
