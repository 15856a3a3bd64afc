/**
 * The resizing of TensorFlow 1's `tf.image.resize_bilinear`, through which FID's network has always seen its images.
 *
 * Output pixel i lies at i x (input size / output size) of the input: corners coincide at the upper left only, pixel
 * centres nowhere, and there is no antialiasing. Other resizers give other scores (Parmar, Zhang and Zhu 2022, "On Aliased
 * Resizing and Surprising Subtleties in GAN Evaluation").
 */
import { scope, Tensor } from "../../tensor/index.ts";

/** Where the outputs of one dimension lie in the input. */
interface Positions {
  /** [size], int64: the pixel at or before the position, and the one after it, within the image. */
  readonly low: Tensor;
  readonly high: Tensor;
  /** [size], float32: how far the position lies from the first towards the second. */
  readonly share: Tensor;
}

/** In float32 like the original: in float64 some positions would fall on the other side of a pixel. */
function positions(from: number, to: number, device: Tensor["device"]): Positions {
  const scale = Math.fround(from / to);
  const at = Float32Array.from({ length: to }, (_, i) => i * scale);
  const low = at.map(Math.trunc);
  const whole = (values: Float32Array): Tensor =>
    Tensor.fromArray(
      BigInt64Array.from(values, (value) => BigInt(Math.min(value, from - 1))),
      [to],
      { device },
    );
  return {
    low: whole(low),
    high: whole(low.map((value) => value + 1)),
    share: Tensor.fromArray(
      at.map((value, i) => value - low[i]!),
      [to],
      { device },
    ),
  };
}

/** low + (high - low) share, along dimension `dim`: a lerp in the original's order of operations. */
function interpolate(images: Tensor, dim: 2 | 3, size: number): Tensor {
  const { low, high, share } = positions(images.shape[dim]!, size, images.device);
  const first = images.indexSelect(dim, low);
  const second = images.indexSelect(dim, high);
  return second
    .sub_(first)
    .mul_(dim === 2 ? share.view([size, 1]) : share)
    .add_(first);
}

/**
 * Images [N, C, H, W] of any type to float32 [N, C, size, size], value for value what TensorFlow 1 gives on a CPU
 * (`align_corners=False`): out = v + (w - v) t with v, w the neighbours and t in [0, 1), columns first. The range of values stays as it is.
 *
 * @param size - height and width of the result, pixels
 *
 * @example
 * const seen = tf1Resize(images, 299).sub(128).div(128); // what Inception is given
 */
export function tf1Resize(images: Tensor, size: number): Tensor {
  return scope(() => interpolate(interpolate(images.float(), 3, size), 2, size));
}
