/**
 * Enlargement by cubic convolution with a = -1/2 (Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981), as
 * Pillow's `BICUBIC` has it: an image keeps its place, so its mirror image gives the mirrored result, and weights beyond an edge
 * are left out. libvips enlarges from the corner of the first pixel, which moves an image by half a pixel to the right and down.
 */

/** Interleaved bytes. Of four channels the last is alpha. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** An image with at least as many pixels each way. Colours count by their alpha. */
export function enlarge(image: Pixels, { width, height }: { readonly width: number; readonly height: number }): Pixels {
  const given = image.channels === 4 ? weighed(image) : image;
  const large = transposed(widened(transposed(widened(given, width)), height));
  return image.channels === 4 ? unweighed(large) : large;
}

/** Keys' kernel at a distance of x pixels. */
function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? a * (((d - 5) * d + 8) * d - 4) : 0;
}

const byte = (value: number): number => Math.min(255, Math.max(0, Math.floor(value + 0.5)));

/** Each row with `wanted` pixels. Pixel i lies at (i + 0.5) width / wanted of the row. */
function widened(image: Pixels, wanted: number): Pixels {
  const { data, width, height, channels } = image;
  if (width === wanted) return image;
  const out = new Uint8Array(wanted * height * channels);
  for (let i = 0; i < wanted; i++) {
    const centre = ((i + 0.5) * width) / wanted;
    const first = Math.max(0, Math.floor(centre - 1.5));
    const count = Math.min(width, Math.floor(centre + 2.5)) - first;
    const weights = Array.from({ length: count }, (_, k) => cubic(first + k + 0.5 - centre));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (let y = 0; y < height; y++) {
      for (let channel = 0; channel < channels; channel++) {
        let value = 0;
        for (let k = 0; k < count; k++) value += weights[k]! * data[(y * width + first + k) * channels + channel]!;
        out[(y * wanted + i) * channels + channel] = byte(value / sum);
      }
    }
  }
  return { ...image, data: out, width: wanted };
}

/** Rows as columns. */
function transposed({ data, width, height, channels }: Pixels): Pixels {
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < channels; channel++) {
        out[(x * height + y) * channels + channel] = data[(y * width + x) * channels + channel]!;
      }
    }
  }
  return { data: out, width: height, height: width, channels };
}

/** Colours by their alpha, so that those of pixels that are hardly seen hardly count. */
const weighed = (image: Pixels): Pixels => ({
  ...image,
  data: image.data.map((value, i, all) => (i % 4 === 3 ? value : byte((value * all[i - (i % 4) + 3]!) / 255))),
});

/** The inverse of {@link weighed}, where alpha is not 0. */
const unweighed = (image: Pixels): Pixels => ({
  ...image,
  data: image.data.map((value, i, all) => {
    const alpha = all[i - (i % 4) + 3]!;
    return i % 4 === 3 || alpha === 0 ? value : byte((value * 255) / alpha);
  }),
});
