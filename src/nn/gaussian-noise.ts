/** Gaussian noise on activations (as in Salimans et al. 2016, section 5, on every layer of the MNIST discriminator). */
import { UserError } from "../base/errors.ts";
import { Tensor } from "../tensor/index.ts";
import { UnaryModule } from "./module.ts";

/**
 * In train mode adds independent draws from N(0, sigma^2) to each element; in evaluation mode it does nothing. It draws
 * from the engine's default generator, whose state is part of every checkpoint, as dropout does.
 *
 * @throws UserError unless sigma is a finite number of at least 0.
 *
 * @example
 * new GaussianNoise(0.3).forward(images);
 */
export class GaussianNoise extends UnaryModule {
  /** Standard deviation of the noise, in units of the input. */
  readonly sigma: number;

  constructor(sigma: number) {
    super();
    if (!(sigma >= 0 && Number.isFinite(sigma))) {
      throw new UserError(`GaussianNoise: \`sigma\` (=${sigma}) must be a number of at least 0`);
    }
    this.sigma = sigma;
  }

  override forward(x: Tensor): Tensor {
    if (!this.training || this.sigma === 0) return x;
    return x.add(Tensor.randn(x.shape, { dtype: x.dtype, device: x.device }), this.sigma);
  }
}
