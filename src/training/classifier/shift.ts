/** Random shifts of images: the usual augmentation of small images (He et al. 2016, section 4.2, there with zeros). */
import { type Generator, noGradScope, Tensor } from "../../tensor/index.ts";

/**
 * Moves every image of [N, C, H, W] by its own whole numbers of pixels, each uniform from -most to most, down and to the
 * right. New pixels repeat those of the border: black around a digit, more sky above a bird.
 *
 * Draws 2 N numbers from `generator`, also when `most` is 0.
 */
export function randomShift(images: Tensor, most: number, generator: Generator): Tensor {
  return noGradScope(() => {
    const [count, channels, height, width] = images.shape as [number, number, number, number];
    const offsets = Tensor.randint(-most, most + 1, [2, count, 1], { dtype: "int64", generator });
    if (most === 0) return images.clone();
    const shape = [count, channels, height, width];
    const rows = sourceOf(offsets.select(0, 0), height).view([count, 1, height, 1]).expand(shape);
    const columns = sourceOf(offsets.select(0, 1), width).view([count, 1, 1, width]).expand(shape);
    return images.gather(2, rows).gather(3, columns);
  });
}

/** Which row (or column) each row of the result is taken from, [N, length]. */
function sourceOf(offset: Tensor, length: number): Tensor {
  return Tensor.arange(0, length, 1, { dtype: "int64" })
    .unsqueeze(0)
    .sub(offset)
    .clamp(0, length - 1);
}
