/**
 * What one generator update does to samples (Sinha et al. 2020, section 3): the cosine between each sample's
 * displacement and the direction of its nearest mode, which the paper calls the oracle direction, by distance from that
 * mode.
 *
 * 1 is straight towards the mode, -1 straight away from it.
 */
import type { Mixture } from "../../data/index.ts";
import { nearestModes } from "../../metrics/index.ts";
import { noGrad, scope, type Tensor } from "../../tensor/index.ts";
import { interval } from "../statistics.ts";

/** Distances from the nearest mode in sigma at which a ring ends; the last ring has no end. */
export const RINGS = [1, 2, 3, 4, Number.POSITIVE_INFINITY] as const;

/** The rings in words. */
export const ringNames = ["0-1 σ", "1-2 σ", "2-3 σ", "3-4 σ", "> 4 σ"] as const;

/** Of one sample: its ring before the update, and its cosine; undefined where the update does not move it. */
export interface SampleMotion {
  readonly ring: number;
  readonly cosine: number | undefined;
}

/**
 * The motion of every sample. A sample on the edge of two rings counts for the inner one. Its nearest mode is the one
 * before the update.
 *
 * @param before - [N, 2]
 * @param after - [N, 2], the same samples after the update
 *
 * @example
 * const [before, after] = [Tensor.fromArray([[0.1, 0]]), Tensor.fromArray([[0.05, 0]])];
 * motions(before, after, { centres: [[0, 0]], sigma: 0.05 }); // [{ ring: 1, cosine: 1 }]
 */
export function motions(before: Tensor, after: Tensor, mixture: Mixture): SampleMotion[] {
  return noGrad(() =>
    scope(() => {
      const { towards } = nearestModes(before, mixture);
      const [direction, moved] = [towards.double(), after.double().sub(before.double())].map(
        (tensor) => tensor.tolist() as [number, number][],
      );
      return direction!.map(([x, y], i) => {
        const [dx, dy] = moved![i]!;
        const distance = Math.hypot(x, y);
        const norm = distance * Math.hypot(dx, dy);
        // Rounding must not break a tie: single precision has about seven digits.
        const sigmas = Number((distance / mixture.sigma).toPrecision(6));
        return {
          ring: RINGS.findIndex((end) => sigmas <= end),
          cosine: norm > 0 ? (x * dx + y * dy) / norm : undefined,
        };
      });
    }),
  );
}

/** A ring's cosines over many batches. */
export interface RingCosine {
  /** Mean over the batches of each batch's mean cosine; NaN where the ring was empty throughout. */
  readonly mean: number;
  /** Half of the 95 % confidence interval over the batches; NaN below two batches. */
  readonly halfWidth: number;
  /** Samples in the ring, over all batches. */
  readonly count: number;
  /** Batches that had samples in the ring. */
  readonly batches: number;
}

/**
 * The cosines of each ring. Samples of one batch are moved by one update and are not independent: the interval is over
 * the means of batches.
 *
 * @param batches - the motions of each batch, each moved by an update of its own from the same snapshot
 */
export function ringCosines(batches: readonly (readonly SampleMotion[])[]): RingCosine[] {
  return RINGS.map((_, ring) => {
    const inRing = batches.map((motion) =>
      motion.flatMap((sample) => (sample.ring === ring && sample.cosine !== undefined ? [sample.cosine] : [])),
    );
    const means = inRing
      .filter((cosines) => cosines.length > 0)
      .map((cosines) => cosines.reduce((sum, value) => sum + value, 0) / cosines.length);
    const { mean, halfWidth } = interval(means);
    return { mean, halfWidth, count: inRing.reduce((sum, { length }) => sum + length, 0), batches: means.length };
  });
}
