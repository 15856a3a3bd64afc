/** How well samples hit the modes of a known mixture of Gaussians: quality, modes found, evenness. */
import { UserError } from "../../base/errors.ts";
import type { Mixture } from "../../data/index.ts";
import { noGradScope, Tensor } from "../../tensor/index.ts";
import { requireRows } from "./feature-rows.ts";
import { modeCoverage } from "./mode-coverage.ts";

/** A sample belongs to its mode when it is within this many sigma of the centre. */
export const HIGH_QUALITY_SIGMAS = 4;

/** See {@link mixtureScores}. */
export interface MixtureScores {
  /** Share of the samples within 4 sigma of their nearest mode, 0 to 1. */
  readonly highQuality: number;
  /** Modes that have at least one such sample. */
  readonly modes: number;
  /**
   * KL(p || uniform) in nats, p being the shares of the modes when every sample counts for its nearest one: 0 when all
   * modes are equally likely, log(modes) when only one is left.
   */
  readonly reverseKl: number;
  /** Mean distance from a sample to its nearest mode, in the data's unit. */
  readonly distance: number;
  /** High-quality samples of each mode. */
  readonly histogram: readonly number[];
}

/** For each sample the nearest centre: its number (int64 [N]) and the vector towards it (float32 [N, 2]). */
export function nearestModes(samples: Tensor, mixture: Mixture): { mode: Tensor; towards: Tensor; distance: Tensor } {
  return noGradScope(() => {
    const centres = Tensor.fromArray(mixture.centres).to({ device: samples.device });
    const offsets = centres.unsqueeze(0).sub(samples.detach().unsqueeze(1));
    const squared = offsets.mul(offsets).sum([2]);
    const mode = squared.argmin(1);
    const towards = centres.indexSelect(0, mode).sub(samples.detach());
    return { mode, towards, distance: towards.mul(towards).sum([1]).sqrt() };
  });
}

/**
 * The scores of samples against a mixture whose centres are known. "High quality" is within 4 sigma of the nearest
 * centre (a public reproduction of Sinha et al. 2020; of the data themselves, a share of 1 - exp(-8) = 0.99966).
 *
 * @param samples float [N, 2]
 * @throws UserError unless the samples are finite, [N, 2], with N of at least 1.
 *
 * @example
 * const { highQuality, modes } = mixtureScores(samples, { centres: [[0, 0], [1, 0]], sigma: 0.05 });
 */
export function mixtureScores(samples: Tensor, mixture: Mixture): MixtureScores {
  requireRows(samples, "the generated samples", 1);
  if (samples.shape[1] !== 2) {
    throw new UserError(`a mixture in the plane has samples of 2 numbers; these have ${samples.shape[1]}`);
  }
  return noGradScope(() => {
    const count = samples.shape[0]!;
    const { mode, distance } = nearestModes(samples, mixture);
    const good = distance.le(HIGH_QUALITY_SIGMAS * mixture.sigma);
    const goodModes = Array.from(Tensor.where(good, mode, Tensor.fullLike(mode, -1)).toArray(), Number);
    const histogram = mixture.centres.map(() => 0);
    for (const one of goodModes) if (one >= 0) histogram[one]!++;
    return {
      highQuality: good.float().sum().item() / count,
      modes: histogram.filter((hits) => hits > 0).length,
      reverseKl: modeCoverage(mode, mixture.centres.length).reverseKl,
      distance: distance.double().mean().item(),
      histogram,
    };
  });
}
