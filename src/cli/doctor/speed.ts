/**
 * A speed reading of about three seconds: the two operations in which a GAN spends its time. Other work on the machine
 * lowers it, so each figure is the fastest of its repetitions.
 */
import { grad, noGrad, scope, Tensor } from "../../tensor/index.ts";

/** Rates in GFLOP/s (10^9 multiplications and additions a second), 32-bit floats, on the CPU. */
export interface Speed {
  /** The product of two square matrices of this size. */
  readonly matrixSize: number;
  readonly matrixProduct: number;
  /** The second convolution of a DCGAN discriminator: 64 x 128 x 16 x 16 -> 256 channels, 4 x 4, stride 2. */
  readonly convolutionForward: number;
  /** Its gradients with respect to images and weights, which take twice the operations. */
  readonly convolutionBackward: number;
}

/**
 * Measures for about `seconds` in all.
 *
 * @example
 * const { matrixProduct } = measureSpeed(2048, 3); // 240 on two cores with AVX-512
 */
export function measureSpeed(matrixSize: number, seconds: number): Speed {
  const matrixProduct = scope(() => {
    const a = Tensor.rand([matrixSize, matrixSize]);
    const b = Tensor.rand([matrixSize, matrixSize]);
    return noGrad(() => rate(2 * matrixSize ** 3, seconds / 3, () => a.matmul(b)));
  });
  const [batch, channels, size, filters, kernel] = [64, 128, 16, 256, 4];
  const operations = 2 * batch * filters * (size / 2) ** 2 * channels * kernel ** 2;
  return scope(() => {
    const images = Tensor.rand([batch, channels, size, size], { requiresGrad: true });
    const weights = Tensor.rand([filters, channels, kernel, kernel], { requiresGrad: true });
    const forward = () => images.conv2d(weights, undefined, { stride: 2, padding: 1 });
    const convolutionForward = noGrad(() => rate(operations, seconds / 3, forward));
    const output = forward();
    const gradOutputs = output.detach();
    const backward = () => grad(output, [images, weights], { gradOutputs: [gradOutputs], retainGraph: true });
    const convolutionBackward = rate(2 * operations, seconds / 3, backward);
    return { matrixSize, matrixProduct, convolutionForward, convolutionBackward };
  });
}

/** GFLOP/s of the fastest repetition within the given time; the first, which warms up, does not count. */
function rate(operations: number, seconds: number, body: () => unknown): number {
  scope(() => void body());
  const end = performance.now() + 1000 * seconds;
  let fastest = Number.POSITIVE_INFINITY;
  do {
    const start = performance.now();
    scope(() => void body());
    fastest = Math.min(fastest, performance.now() - start);
  } while (performance.now() < end);
  return operations / fastest / 1e6;
}
