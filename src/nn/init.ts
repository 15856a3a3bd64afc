/**
 * Initialisers of weights, with PyTorch's formulas.
 *
 * An initialiser fills a CPU tensor in place from a generator. Fans are PyTorch's: with a weight of shape
 * [d0, d1, ...kernel], fan in is d1 x kernel area and fan out is d0 x kernel area. A transposed convolution stores
 * [in, out, ...kernel], so there "fan in" counts its output channels, in PyTorch as here.
 */
import { UserError } from "../base/errors.ts";
import { type Generator, Tensor } from "../tensor/index.ts";

/** Fills `weight` in place. It runs without gradient recording, before the tensor becomes a parameter. */
export type Initialiser = (weight: Tensor, generator: Generator) => void;

/** Nonlinearities whose gain is known, for {@link gainOf}. */
export type Nonlinearity = "linear" | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "selu";

/**
 * The gain of a nonlinearity: the factor for the weights of the layer before it, so that the standard deviation of the
 * signal is kept. Linear and sigmoid 1, tanh 5/3, ReLU sqrt(2), leaky ReLU sqrt(2 / (1 + slope^2)), SELU 3/4
 * (PyTorch's table; ReLU: He et al. 2015, section 2.2).
 *
 * @example
 * gainOf("leakyRelu", 0.2); // 1.3867504905630728
 */
export function gainOf(nonlinearity: Nonlinearity, slope = 0.01): number {
  if (nonlinearity === "leakyRelu") return Math.sqrt(2 / (1 + slope * slope));
  return { linear: 1, sigmoid: 1, tanh: 5 / 3, relu: Math.SQRT2, selu: 3 / 4 }[nonlinearity];
}

/**
 * Fan in and fan out of a weight shape.
 *
 * @throws UserError for fewer than two dimensions, where neither is defined.
 *
 * @example
 * fans([64, 3, 4, 4]); // { fanIn: 48, fanOut: 1024 }
 */
export function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  if (shape.length < 2) {
    throw new UserError(`fan in and fan out need a weight of at least 2 dimensions, got shape [${shape.join(", ")}]`);
  }
  const area = shape.slice(2).reduce((product, size) => product * size, 1);
  return { fanIn: shape[1]! * area, fanOut: shape[0]! * area };
}

/** Every element `value`. */
export const filled =
  (value: number): Initialiser =>
  (weight) => {
    weight.fill_(value);
  };

/** All zeros. */
export const zeros: Initialiser = filled(0);

/** All ones. */
export const ones: Initialiser = filled(1);

/** Independent draws from U(low, high). */
export const uniform =
  (low: number, high: number): Initialiser =>
  (weight, generator) => {
    weight.uniform_(low, high, generator);
  };

/**
 * Independent draws from N(mean, std^2). DCGAN draws all its weights with std 0.02 (Radford et al. 2016, section 4).
 *
 * @example
 * new Conv2d(context, 3, 64, 4, { init: normal(0.02) });
 */
export const normal =
  (std = 0.02, mean = 0): Initialiser =>
  (weight, generator) => {
    weight.normal_(mean, std, generator);
  };

/** U(-a, a) with a = gain x sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010, equation 16). */
export const xavierUniform =
  (gain = 1): Initialiser =>
  (weight, generator) => {
    const { fanIn, fanOut } = fans(weight.shape);
    const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
    weight.uniform_(-bound, bound, generator);
  };

/** N(0, s^2) with s = gain x sqrt(2 / (fan in + fan out)) (Glorot and Bengio 2010, equation 12). */
export const xavierNormal =
  (gain = 1): Initialiser =>
  (weight, generator) => {
    const { fanIn, fanOut } = fans(weight.shape);
    weight.normal_(0, gain * Math.sqrt(2 / (fanIn + fanOut)), generator);
  };

/** Options of {@link kaimingUniform} and {@link kaimingNormal}. */
export interface KaimingOptions {
  /** Which variance the layer keeps: "fanIn" (default) that of the forward pass, "fanOut" that of the backward pass. */
  mode?: "fanIn" | "fanOut";
  /** The nonlinearity after the layer. Default "leakyRelu". */
  nonlinearity?: Nonlinearity;
  /** Slope of the leaky ReLU below zero. Default 0, which makes it a ReLU. */
  slope?: number;
}

function kaimingStd(shape: readonly number[], options: KaimingOptions): number {
  const { fanIn, fanOut } = fans(shape);
  const fan = (options.mode ?? "fanIn") === "fanIn" ? fanIn : fanOut;
  return gainOf(options.nonlinearity ?? "leakyRelu", options.slope ?? 0) / Math.sqrt(fan);
}

/** U(-a, a) with a = gain x sqrt(3 / fan) (He et al. 2015, section 2.2). */
export const kaimingUniform =
  (options: KaimingOptions = {}): Initialiser =>
  (weight, generator) => {
    const bound = Math.sqrt(3) * kaimingStd(weight.shape, options);
    weight.uniform_(-bound, bound, generator);
  };

/** N(0, s^2) with s = gain / sqrt(fan) (He et al. 2015, section 2.2). */
export const kaimingNormal =
  (options: KaimingOptions = {}): Initialiser =>
  (weight, generator) => {
    weight.normal_(0, kaimingStd(weight.shape, options), generator);
  };

/**
 * A random matrix with orthonormal rows or columns, whichever are fewer, times `gain`. The weight is read as a matrix
 * of its first dimension by all others (Saxe et al. 2014, section 3). Q of the QR factors of a Gaussian matrix, with
 * the signs of R's diagonal moved into Q so that the draw is uniform over the orthogonal group (Mezzadri 2007, section
 * 5).
 */
export const orthogonal =
  (gain = 1): Initialiser =>
  (weight, generator) => {
    if (weight.ndim < 2) {
      throw new UserError(
        `orthogonal initialisation needs a weight of at least 2 dimensions, got shape [${weight.shape.join(", ")}]`,
      );
    }
    const rows = weight.shape[0]!;
    const columns = weight.numel / rows;
    // The factorisation needs a tall matrix, so a wide weight is drawn transposed. float64, because Q is a product of
    // many reflections, and because half precisions have no QR.
    const wide = rows < columns;
    const gaussian = Tensor.randn([rows, columns], { generator }).double();
    const [q, r] = (wide ? gaussian.transpose(0, 1) : gaussian).linalgQr();
    const diagonal = r.mul(Tensor.eye(r.shape[0]!, { dtype: "float64" })).sum(0);
    const signed = q.mul(diagonal.ge(0).double().mul(2).sub(1)).mul(gain);
    weight.copy_((wide ? signed.transpose(0, 1) : signed).reshape(weight.shape));
  };

/** PyTorch's default for the weight of linear and convolutional layers: U(-b, b) with b = 1 / sqrt(fan in). */
export const defaultWeight: Initialiser = kaimingUniform({ slope: Math.sqrt(5) });

/**
 * PyTorch's default for the bias that goes with a weight of `weightShape`: U(-b, b) with b = 1 / sqrt(fan in of the
 * weight).
 */
export function defaultBias(weightShape: readonly number[]): Initialiser {
  const { fanIn } = fans(weightShape);
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  return uniform(-bound, bound);
}

const named = {
  default: () => defaultWeight,
  normal: () => normal(0.02),
  orthogonal,
  xavierUniform,
  xavierNormal,
  kaimingUniform,
  kaimingNormal,
};

/** The name of a shipped initialiser. */
export type InitialiserName = keyof typeof named;

/** The initialisers that a recipe can name. */
export const INITIALISERS = Object.keys(named) as InitialiserName[];

/** The weight initialiser with a name: "default" is PyTorch's, "normal" is N(0, 0.02^2), the others have gain 1. */
export function initialiserOf(name: InitialiserName): Initialiser {
  return named[name]();
}
