/** The classes that a classifier finds in samples: number of modes, entropy, and divergence from the data. */
import { UserError } from "../../base/errors.ts";
import { noGradScope, type Tensor } from "../../tensor/index.ts";
import { requireRows, requireWhole } from "./feature-rows.ts";

/** Options of {@link modeCoverage}. */
export interface ModeCoverageOptions {
  /** How often each class occurs in the real data (counts or shares, K of them, not all 0). */
  readonly real?: readonly number[] | undefined;
}

/** See {@link modeCoverage}; p is the share of each class among the samples. */
export interface ModeCoverage {
  /** How many classes have at least one sample. */
  readonly modes: number;
  /** -sum p log p, in nats: from 0 to log K. */
  readonly entropy: number;
  /** KL(p || uniform) = log K - entropy, in nats. */
  readonly reverseKl: number;
  /**
   * KL(p || real), in nats; undefined unless the real histogram was given, Infinity when samples fall in a class
   * without real ones.
   */
  readonly reverseKlToReal: number | undefined;
  /** How many samples each of the K classes has. */
  readonly histogram: readonly number[];
}

/**
 * Counts the classes that a classifier gives to samples (as for stacked MNIST: Metz et al. 2017; Srivastava et al.
 * 2017). Both divergences run from the generated histogram to the reference: they punish samples where there are no
 * data, and missing classes only through the rest's surplus; the number of modes says the latter directly.
 *
 * K-1, for a real histogram of another length.
 *
 * @param samples Logits [N, K], of which the largest of a row counts, or classes: integers [N].
 * @param classes K.
 * @throws UserError without samples, for classes outside 0 ...
 *
 * @example
 * const { modes, reverseKl } = modeCoverage(logits, 10);
 */
export function modeCoverage(samples: Tensor, classes: number, { real }: ModeCoverageOptions = {}): ModeCoverage {
  requireWhole(classes, "classes", 1);
  const histogram = noGradScope(() => histogramOf(samples, classes));
  const shares = sharesOf(histogram);
  const kl = (reference: readonly number[]): number =>
    shares.reduce((sum, p, i) => (p === 0 ? sum : sum + p * Math.log(p / reference[i]!)), 0);
  const entropy = shares.reduce((sum, p) => (p === 0 ? sum : sum - p * Math.log(p)), 0);
  return {
    modes: histogram.filter((count) => count > 0).length,
    entropy,
    reverseKl: kl(shares.map(() => 1 / classes)),
    reverseKlToReal: real && kl(realShares(real, classes)),
    histogram,
  };
}

function histogramOf(samples: Tensor, classes: number): number[] {
  const shape = samples.shape;
  const whole = samples.dtype.startsWith("int") || samples.dtype === "uint8";
  if (shape.length === 1 && whole) {
    if (shape[0] === 0) throw new UserError("the mode count needs at least 1 sample, there are 0");
    const given = samples.long();
    const [least, most] = [given.amin().item(), given.amax().item()];
    if (least < 0 || most >= classes)
      throw new UserError(`classes must lie from 0 to ${classes - 1}, got ${least < 0 ? least : most}`);
    return counts(given, classes);
  }
  if (shape.length !== 2 || shape[1] !== classes)
    throw new UserError(
      `the mode count needs logits [samples, ${classes}] or integer classes [samples], got ${samples.dtype} [${shape.join(", ")}]`,
    );
  requireRows(samples, "logits", 1);
  return counts(samples.argmax(1), classes);
}

function counts(given: Tensor, classes: number): number[] {
  return Array.from(given.bincount(classes).toArray(), Number);
}

function sharesOf(histogram: readonly number[]): number[] {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  return histogram.map((count) => count / total);
}

function realShares(real: readonly number[], classes: number): number[] {
  if (real.length !== classes)
    throw new UserError(`the real histogram has ${real.length} classes, the classifier ${classes}`);
  const shares = sharesOf(real);
  if (real.some((count) => !(count >= 0)) || !shares.every(Number.isFinite))
    throw new UserError("the real histogram must hold numbers of at least 0, not all 0");
  return shares;
}
