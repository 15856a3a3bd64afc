/**
 * Layers with a `weight`, and the place where spectral norm and weight norm make the weight of a pass from
 * the stored tensors.
 */
import { noGradScope, Tensor, withoutAutocast } from "../tensor/index.ts";
import { type BuildContext, createTensor } from "./context.ts";
import { defaultBias, defaultWeight, type Initialiser } from "./init.ts";
import { UnaryModule } from "./module.ts";
import { passMode } from "./pass-mode.ts";

/**
 * Another way to store a weight. It holds no tensors itself: they live in the layer's parameters and buffers under the
 * names that it gives, so that `to`, `stateDict` and `substitute` reach them.
 */
export interface Reparametrisation {
  /** Its name in error messages, such as "spectral norm". */
  readonly name: string;
  /**
   * The tensors that replace the parameter `weight`. `outputDim` is the dimension of the weight that counts the layer's
   * outputs.
   */
  split(weight: Tensor, outputDim: number): { parameters: Record<string, Tensor>; buffers: Record<string, Tensor> };
  /** The weight of one pass, made from the stored tensors; `training` is the layer's mode. */
  join(stored: (name: string) => Tensor, training: boolean): Tensor;
  /**
   * The standard deviation that data-dependent initialisation gives the layer's outputs; absent where the weight's
   * lengths are not stored separately, null where they are not to be changed.
   */
  readonly initialStd?: number | null;
  /**
   * Multiplies the weights of each output by its entry of `factors` [outputs], in place. Goes with {@link initialStd}.
   */
  stretch?(stored: (name: string) => Tensor, factors: Tensor): void;
}

/** How the weight and the bias of a layer begin. */
export interface WeightOptions {
  /** Whether to add a bias. Default true. */
  bias?: boolean;
  /** Draws the weight. Default PyTorch's U(-1/sqrt(fan in), 1/sqrt(fan in)). */
  init?: Initialiser;
  /** Draws the bias. Default PyTorch's, the same bounds as the default weight. */
  biasInit?: Initialiser;
}

/** A layer with a `weight` that spectral norm or weight norm can be put on. */
export abstract class WeightedModule extends UnaryModule {
  #reparametrisation: Reparametrisation | undefined;
  #stored: ReadonlySet<string> = new Set();
  #hasBias = false;

  /** The dimension of the weight that counts the layer's outputs: 0, but 1 for transposed convolutions. */
  readonly outputDim: number = 0;

  /** Adds the parameters `weight` of that shape and, unless it is not wanted, `bias` [outputs]. */
  protected registerWeights(
    context: BuildContext,
    shape: readonly number[],
    outputs: number,
    options: WeightOptions,
  ): void {
    const { bias = true, init = defaultWeight, biasInit = defaultBias(shape) } = options;
    this.registerParameter("weight", createTensor(context, shape, init));
    if (bias) this.registerParameter("bias", createTensor(context, [outputs], biasInit));
    this.#hasBias = bias;
  }

  /** The bias [outputs], if there is one. */
  protected get bias(): Tensor | null {
    return this.#hasBias ? this.parameter("bias") : null;
  }

  /**
   * Replaces the parameter `weight` by what `reparametrisation` stores instead. Use `spectralNorm(...)` or
   * `weightNorm(...)`.
   *
   * @throws Error when the layer already has one: two of them would both set the scale.
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

  /** The name of the reparametrisation, or undefined when the weight is stored as it is. */
  get reparametrisation(): string | undefined {
    return this.#reparametrisation?.name;
  }

  /** Whether data-dependent initialisation changes this layer. */
  get fitsToData(): boolean {
    const std = this.#reparametrisation?.initialStd;
    return std !== undefined && std !== null;
  }

  /**
   * The weight to compute with. A pass calls this once: under spectral norm in train mode each call is a power
   * iteration.
   */
  protected passWeight(): Tensor {
    if (this.#reparametrisation === undefined) return this.parameter("weight");
    // Norms of weights are float32: a power iteration in half precision would follow other vectors.
    return withoutAutocast(() => this.#reparametrisation!.join(this.#lookup, this.training));
  }

  /**
   * The output of a pass, computed by `apply`; in a pass of data-dependent initialisation the layer is first scaled by
   * the outputs that it has without it.
   *
   * @param channels - The dimension of the output that counts the layer's outputs.
   */
  protected fitted(apply: () => Tensor, channels: number): Tensor {
    if (!passMode().initialiseFromData || !this.fitsToData) return apply();
    const std = this.#reparametrisation!.initialStd!;
    noGradScope(() => {
      const output = apply();
      const others = output.shape.map((_, i) => i).filter((i) => i !== channels);
      const mean = output.mean(others);
      const spread = output.std(others, { correction: 0 });
      const factors = Tensor.where(spread.gt(0), spread.reciprocal().mul(std), Tensor.onesLike(spread));
      this.#reparametrisation!.stretch!(this.#lookup, factors);
      this.namedParameters().get("bias")?.sub_(mean).mul_(factors);
    });
    return apply();
  }

  readonly #lookup = (name: string): Tensor => (this.#stored.has(name) ? this.buffer(name) : this.parameter(name));
}
