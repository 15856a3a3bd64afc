/**
 * Saturation: pixels at the ends of the range. Brock et al. 2019 (section 3.1) find that some generators answer
 * truncated latents with saturated images, and call these not amenable to truncation; they give no number. The numbers
 * here, and the line between the two, are Gantry's own.
 */
import type { ImageSet } from "../../metrics/index.ts";
import { scope, type Tensor } from "../../tensor/index.ts";

/** A value x in [-1, 1] is saturated where |x| is above this: of bytes, 0 and 1, 254 and 255. */
export const SATURATED = 0.99;
/** How far a share of saturated values may rise, of all values, before a generator is called not amenable. */
export const TOLERATED_RISE = 0.05;

/** The bytes next to the saturated ones: x = byte / 127.5 - 1. */
const [DARK, BRIGHT] = [Math.ceil((1 - SATURATED) * 127.5), Math.floor((1 + SATURATED) * 127.5)] as const;

/**
 * Shares of all values, pixels times channels, at either end. They are apart because a black background is no artefact.
 */
export interface Saturated {
  /** x below -0.99. */
  readonly dark: number;
  /** x above 0.99. */
  readonly bright: number;
}

/** Counts saturated values of images as bytes. */
export class Saturation {
  #dark = 0;
  #bright = 0;
  #values = 0;

  /** @param images - uint8, of any shape */
  add(images: Tensor): void {
    scope(() => {
      this.#dark += images.lt(DARK).sum().item();
      this.#bright += images.gt(BRIGHT).sum().item();
      this.#values += images.numel;
    });
  }

  /** NaN of no images. */
  get shares(): Saturated {
    return { dark: this.#dark / this.#values, bright: this.#bright / this.#values };
  }
}

/** The same images, counted as they pass. */
export function counted(images: ImageSet, saturation: Saturation): ImageSet {
  return {
    ...images,
    async *batches(size) {
      for await (const batch of images.batches(size)) {
        saturation.add(batch);
        yield batch;
      }
    },
  };
}

/** The shares of saturated values in a set of images. */
export async function saturationOf(images: ImageSet): Promise<Saturated> {
  const saturation = new Saturation();
  for await (const batch of images.batches(512)) {
    saturation.add(batch);
    batch.dispose();
  }
  return saturation.shares;
}

/** Saturation at one threshold; undefined: not truncated. */
export interface SaturationAt {
  readonly threshold: number | undefined;
  readonly saturation: Saturated;
}

/** The effect of truncation on saturation. */
export interface Amenability {
  readonly amenable: boolean;
  /**
   * The largest share at either end at any threshold, less that of real images or of samples without truncation at that
   * end, whichever is larger.
   */
  readonly rise: number;
  /** Where that is. */
  readonly threshold: number;
  readonly end: keyof Saturated;
}

/**
 * Whether a generator is amenable to truncation: at no threshold and neither end are there more saturated values than
 * in real images, and than in its own samples without truncation, by more than {@link TOLERATED_RISE} of all values.
 *
 * undefined where there is no threshold among the points.
 */
export function amenability(points: readonly SaturationAt[], real: Saturated): Amenability | undefined {
  const plain = points.find(({ threshold }) => threshold === undefined)?.saturation ?? real;
  const rises = points.flatMap(({ threshold, saturation }) =>
    (["dark", "bright"] as const).flatMap((end) =>
      threshold === undefined ? [] : [{ threshold, end, rise: saturation[end] - Math.max(plain[end], real[end]) }],
    ),
  );
  if (rises.length === 0) return undefined;
  const worst = rises.reduce((a, b) => (b.rise > a.rise ? b : a));
  return { amenable: worst.rise <= TOLERATED_RISE, ...worst };
}
