/**
 * Layers with a `weight`, and the point where spectral norm and weight norm step in between the stored tensors and the
 * weight that a pass computes with.
 */
import type { Tensor } from "../tensor/index.ts";
import { UnaryModule } from "./module.ts";

/**
 * Another way to store a weight. It holds no tensors itself: they live in the layer's parameters and buffers under the
 * names that it gives, so that `to`, `stateDict` and `substitute` reach them.
 */
export interface Reparametrisation {
  /** For error messages, such as "spectral norm". */
  readonly name: string;
  /** What replaces the parameter `weight`. `outputDim` is the dimension of the weight that counts the layer's outputs. */
  split(weight: Tensor, outputDim: number): { parameters: Record<string, Tensor>; buffers: Record<string, Tensor> };
  /** The weight of one pass, made from the stored tensors; `training` is the layer's mode. */
  join(stored: (name: string) => Tensor, training: boolean): Tensor;
}

/** A layer with a `weight` that spectral norm or weight norm can be put on. */
export abstract class WeightedModule extends UnaryModule {
  #reparametrisation: Reparametrisation | undefined;
  #stored: ReadonlySet<string> = new Set();

  /** The dimension of the weight that counts the layer's outputs: 0, but 1 for transposed convolutions. */
  readonly outputDim: number = 0;

  /**
   * Replaces the parameter `weight` by what `reparametrisation` stores instead. Use `spectralNorm(...)` or
   * `weightNorm(...)`.
   *
   * Throws Error when the layer already has one: two of them would fight over the scale.
   */
  reparametrise(reparametrisation: Reparametrisation): void {
    if (this.#reparametrisation !== undefined) {
      throw new Error(
        `${this.constructor.name} already has ${this.#reparametrisation.name}: ${reparametrisation.name} cannot be added`,
      );
    }
    const { parameters, buffers } = reparametrisation.split(this.parameter("weight"), this.outputDim);
    this.removeParameter("weight");
    for (const [name, tensor] of Object.entries(parameters)) this.registerParameter(name, tensor);
    for (const [name, tensor] of Object.entries(buffers)) this.registerBuffer(name, tensor);
    this.#stored = new Set(Object.keys(buffers));
    this.#reparametrisation = reparametrisation;
  }

  /** The name of the reparametrisation in force, or undefined when the weight is stored as it is. */
  get reparametrisation(): string | undefined {
    return this.#reparametrisation?.name;
  }

  /**
   * The weight to compute with. A pass calls this once: under spectral norm in train mode each call is a power iteration.
   */
  protected passWeight(): Tensor {
    if (this.#reparametrisation === undefined) return this.parameter("weight");
    return this.#reparametrisation.join(
      (name) => (this.#stored.has(name) ? this.buffer(name) : this.parameter(name)),
      this.training,
    );
  }
}
