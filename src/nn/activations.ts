/** Activations as modules, for use in a {@link Sequential}. */
import type { Tensor } from "../tensor/index.ts";
import { UnaryModule } from "./module.ts";

/** Options of the activations that can overwrite their input. */
export interface InPlaceOptions {
  /**
   * Write the result over the input, which saves a pass over memory. Only where nothing else needs the input: after a
   * convolution, a linear layer or a batch norm, but not after a residual branch point. Default false.
   */
  inPlace?: boolean;
}

/** max(0, x). */
export class ReLU extends UnaryModule {
  readonly #inPlace: boolean;

  constructor({ inPlace = false }: InPlaceOptions = {}) {
    super();
    this.#inPlace = inPlace;
  }

  override forward(x: Tensor): Tensor {
    return this.#inPlace ? x.relu_() : x.relu();
  }
}

/** max(0, x) + slope x min(0, x) (Maas et al. 2013). DCGAN's discriminator takes 0.2, PyTorch's default is 0.01. */
export class LeakyReLU extends UnaryModule {
  readonly slope: number;
  readonly #inPlace: boolean;

  constructor(slope = 0.01, { inPlace = false }: InPlaceOptions = {}) {
    super();
    this.slope = slope;
    this.#inPlace = inPlace;
  }

  override forward(x: Tensor): Tensor {
    return this.#inPlace ? x.leakyRelu_(this.slope) : x.leakyRelu(this.slope);
  }
}

/** tanh(x). */
export class Tanh extends UnaryModule {
  override forward(x: Tensor): Tensor {
    return x.tanh();
  }
}

/** 1 / (1 + exp(-x)). */
export class Sigmoid extends UnaryModule {
  override forward(x: Tensor): Tensor {
    return x.sigmoid();
  }
}

/** log(1 + exp(beta x)) / beta, a smooth ReLU. */
export class Softplus extends UnaryModule {
  readonly beta: number;

  constructor(beta = 1) {
    super();
    this.beta = beta;
  }

  override forward(x: Tensor): Tensor {
    return x.softplus(this.beta);
  }
}

/** The identity, x: for the place of an optional layer. */
export class Identity extends UnaryModule {
  override forward(x: Tensor): Tensor {
    return x;
  }
}
