/**
 * The color transformations of adaptive discriminator augmentation (Karras et al. 2020, appendix B): the draws for an image, as
 * one affine map of its colors.
 */
import { type Generator, Tensor } from "../../tensor/index.ts";
import { type ImageForm, normalRows, uniformRows } from "./images.ts";

/** The color transformations of one image, in this order. Values are in [-1, 1] and are not clamped. */
export interface Coloring {
  /** Added to every channel. */
  readonly brightness: number;
  /** Every channel is multiplied by it. */
  readonly contrast: number;
  /** The luma, the mean of the channels, changes its sign; hue and saturation stay. */
  readonly lumaFlip: boolean;
  /** Rotation of the colors about the luma axis, radians. */
  readonly hue: number;
  /** The distance from gray is multiplied by it. */
  readonly saturation: number;
}

/** Whether it is the identity. */
export function isFaithful({ brightness, contrast, lumaFlip, hue, saturation }: Coloring): boolean {
  return brightness === 0 && contrast === 1 && !lumaFlip && hue === 0 && saturation === 1;
}

/**
 * Draws for `count` images, each transformation with probability `p` independently: brightness N(0, 0.2^2), contrast
 * exp2(N(0, 0.5^2)), luma flip with probability 1/2, hue U(-pi, pi), saturation exp2(N(0, 1)).
 */
export function drawColorings(count: number, p: number, random: Generator): Coloring[] {
  const uniform = uniformRows(count, 7, random);
  const normal = normalRows(count, 3, random);
  return uniform.map((u, row): Coloring => {
    const [zBrightness, zContrast, zSaturation] = normal[row] as [number, number, number];
    return {
      brightness: u[0]! < p ? 0.2 * zBrightness : 0,
      contrast: u[1]! < p ? 2 ** (0.5 * zContrast) : 1,
      lumaFlip: u[2]! < p && u[3]! < 0.5,
      hue: u[4]! < p ? (2 * u[5]! - 1) * Math.PI : 0,
      saturation: u[6]! < p ? 2 ** zSaturation : 1,
    };
  });
}

/**
 * The matrix [3, 3] (row-major) and the number that is then added to each channel.
 *
 * A color is its gray part, (r + g + b) / 3 in each channel, and the rest, which is perpendicular to gray: contrast scales
 * both, the luma flip turns the sign of the first, hue rotates and saturation scales the second.
 */
export function colorMap({ brightness, contrast, lumaFlip, hue, saturation }: Coloring): [number[], number] {
  const gray = contrast * (lumaFlip ? -1 : 1);
  const along = contrast * saturation * Math.cos(hue);
  const across = (contrast * saturation * Math.sin(hue)) / Math.sqrt(3);
  // Rodrigues' formula about (1, 1, 1) / sqrt(3): the projection's part, the perpendicular part, the cross product.
  const cross = [0, -1, 1, 1, 0, -1, -1, 1, 0];
  const matrix = cross.map((turned, at) => {
    const same = at % 4 === 0 ? 1 : 0;
    return gray / 3 + along * (same - 1 / 3) + across * turned;
  });
  return [matrix, gray * brightness];
}

/** The maps of a batch's colors: matrices [B, 3, 3], or factors [B, 1, 1, 1] of gray images; and what is added, [B, 1, 1, 1]. */
export type ColorMaps = { readonly matrices: Tensor; readonly added: Tensor };

/** The maps of colorings, on the CPU. Gray images count as color images of equal channels. */
export function colorMaps(colorings: readonly Coloring[], { shape: [batch, channels], dtype }: ImageForm): ColorMaps {
  const maps = colorings.map(colorMap);
  const tensor = (values: number[], shape: readonly number[]): Tensor => Tensor.fromArray(values, shape, { dtype });
  const added = tensor(
    maps.map(([, offset]) => offset),
    [batch, 1, 1, 1],
  );
  if (channels === 1) {
    // Equal channels stay equal: hue and saturation do nothing, and each row of the matrix has the same sum.
    const gains = maps.map(([[a, b, c]]) => a! + b! + c!);
    return { matrices: tensor(gains, [batch, 1, 1, 1]), added };
  }
  const matrices = tensor(
    maps.flatMap(([matrix]) => matrix),
    [batch, 3, 3],
  );
  return { matrices, added };
}

/** Images [B, 1 or 3, H, W], each with its own map of colors. */
export function recolor(images: Tensor, { matrices, added }: ColorMaps): Tensor {
  const mapped = images.shape[1] === 1 ? images.mul(matrices) : matrices.bmm(images.flatten(2)).view(images.shape);
  return mapped.add(added);
}
