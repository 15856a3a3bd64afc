/**
 * Minibatch discrimination (Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.2): it lets a
 * discriminator see that the samples of a batch are alike.
 */
import { allReduce, noGradScope, scope, Tensor, withoutAutocast } from "../tensor/index.ts";
import { type BuildContext, createTensor } from "./context.ts";
import { inFloat32 } from "./float32.ts";
import { normal, zeros } from "./init.ts";
import { Linear } from "./linear.ts";
import { UnaryModule } from "./module.ts";
import { passMode } from "./pass-mode.ts";
import { apartFromReference } from "./reference-rows.ts";
import { requirePositive } from "./sizes.ts";
import { weightNorm } from "./weight-norm.ts";

/** Options of {@link MinibatchDiscrimination}. */
export interface MinibatchDiscriminationOptions {
  /** B: numbers appended to the features of a sample. Default 100, as the authors' code for MNIST and CIFAR-10. */
  kernels?: number;
  /** C: length of the vectors that each kernel compares. Default 5, as in that code. */
  dimensions?: number;
}

/** Added to the distance of a sample from itself: exp(-1e6) is 0, and so is its gradient. */
const NOT_ITSELF = 1e6;

/**
 * Appends to the features f(x_i) [N, A] of each sample its closeness o(x_i) [N, B] to the others of its batch:
 *
 *     M_i = f(x_i) T,  T in R^(A x B x C)
 *     c_b(x_i, x_j) = exp(-|M_i,b - M_j,b|_1)
 *     o(x_i)_b = sum over j != i of c_b(x_i, x_j),  + bias_b
 *
 * As in the authors' code (improved-gan, mnist_svhn_cifar10/nn.py), T has weight norm, with directions drawn from
 * N(0, 0.05^2), and a bias. The first main pass in train mode sets lengths and bias from its batch: in each kernel the
 * mean distance of a sample from its nearest neighbour becomes 2, and the mean of o becomes 0. Otherwise the distances
 * could be so large, or so small, that every exponential is 0 or 1.
 *
 * Memory: a few tensors [N, N, B]. The C terms of the distances are added one after the other and not kept for
 * the gradient (Tensor.pairwiseL1).
 *
 * Modules and tensors: `project` (T, [B C, A], the C rows of a kernel next to each other; `weight_g`, `weight_v`),
 * `bias` [B], `calibrated` (int64, 1 after the first main pass).
 *
 * @example
 * const layer = new MinibatchDiscrimination(context, 1024, { kernels: 100, dimensions: 5 });
 * layer.forward(features); // [N, 1124]
 */
export class MinibatchDiscrimination extends UnaryModule {
  readonly outputs: number;
  readonly #kernels: number;
  readonly #dimensions: number;
  readonly #project: Linear;
  #calibrated = false;

  constructor(
    context: BuildContext,
    features: number,
    { kernels = 100, dimensions = 5 }: MinibatchDiscriminationOptions = {},
  ) {
    super();
    requirePositive("MinibatchDiscrimination", { features, kernels, dimensions });
    this.outputs = features + kernels;
    this.#kernels = kernels;
    this.#dimensions = dimensions;
    const linear = new Linear(context, features, kernels * dimensions, { bias: false, init: normal(0.05) });
    this.#project = this.registerModule("project", weightNorm(linear, { initialStd: null }));
    this.registerParameter("bias", createTensor(context, [kernels], zeros));
    this.registerBuffer("calibrated", Tensor.zeros([], { dtype: "int64", device: context.device }));
  }

  override get couplesSamples(): boolean {
    return true;
  }

  override forward(features: Tensor): Tensor {
    return withoutAutocast(() => this.#forward(inFloat32(features)));
  }

  #forward(features: Tensor): Tensor {
    const { updateStatistics, referenceRows: reference } = passMode();
    if (this.training && updateStatistics && !this.#calibrated) {
      // Read once: to ask in every pass would wait for the device.
      this.#calibrated =
        this.buffer("calibrated").item() === 1 ||
        this.#calibrate(features.detach().narrow(0, reference, features.shape[0]! - reference));
    }
    const closeness = apartFromReference(features, (rows) => this.#closeness(rows));
    return Tensor.cat([features, closeness.add(this.parameter("bias"))], 1);
  }

  /** L1 distances [N, N, B] of the rows of M, far on the diagonal. */
  #distances(features: Tensor): Tensor {
    const count = features.shape[0]!;
    const vectors = this.#project.forward(features).view([count, this.#kernels, this.#dimensions]);
    const itself = Tensor.eye(count, { dtype: features.dtype, device: features.device }).mul(NOT_ITSELF);
    return vectors.pairwiseL1().add_(itself.unsqueeze(2));
  }

  /** o without the bias. */
  #closeness(features: Tensor): Tensor {
    return scope(() => this.#distances(features).neg().exp().sum(1));
  }

  /** Returns whether there were samples to calibrate with. */
  #calibrate(features: Tensor): boolean {
    if (features.shape[0]! < 2) return false;
    noGradScope(() => {
      const nearest = overReplicas(this.#distances(features).amin(1).mean(0)).mul(0.5);
      // Where all samples are equal there is no scale to set.
      const divisor = Tensor.where(nearest.gt(0), nearest, Tensor.onesLike(nearest));
      const lengths = this.#project.namedParameters().get("weight_g")!;
      lengths.view([this.#kernels, this.#dimensions]).div_(divisor.unsqueeze(1));
      this.parameter("bias").copy_(overReplicas(this.#closeness(features).mean(0)).neg());
      this.buffer("calibrated").fill_(1);
    });
    return true;
  }
}

/** The mean over the processes that train together: they must start with equal weights. */
function overReplicas(mean: Tensor): Tensor {
  const { replicas } = passMode();
  return replicas === 1 ? mean : allReduce(mean).div(replicas);
}
