/**
 * Anomaly detection by a GAN that knows nine digits of ten (the claim of Sinha et al. 2020 that top-k training helps there
 * too): each digit is left out of training once, and its test images must be told from the others'. The protocol is that of
 * Zenati et al. 2018, "Efficient GAN-Based Anomaly Detection".
 */

import { ganOverrides, ORDINARY, type SweepGan } from "../gans.ts";
import { defineSweep, type Sweep } from "../sweep/index.ts";

/** The samples that the generator learns from. */
export const anomalyUpdates = ["all", "topK"] as const;

/** One of {@link anomalyUpdates}. */
export type AnomalyUpdate = (typeof anomalyUpdates)[number];

/** Every digit. */
export const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

/** What to run. */
export interface AnomalyExperiment {
  /** Digits that are left out, each once; default: all ten. */
  readonly digits?: readonly number[] | undefined;
  /** Default: dcgan and sn-dcgan. */
  readonly gans?: readonly SweepGan[] | undefined;
  /** Seeds 0, 1 ...; default 3. */
  readonly seeds?: number | undefined;
  /** Generator steps of each run; default 600. */
  readonly steps?: number | undefined;
}

/** The digits that a run learns when this one is left out. */
export function normalDigits(digit: number): number[] {
  return DIGITS.filter((other) => other !== digit);
}

/**
 * The training runs of the experiment as a sweep of the recipe `narrow-dcgan` over GAN, digit and update, batch 64. There
 * are no scores of the pictures: what counts is measured on test images afterwards.
 *
 * @example
 * const sweep = anomalySweep({ digits: [1, 4], seeds: 3 }); // 24 runs
 */
export function anomalySweep(experiment: AnomalyExperiment = {}): Sweep {
  const { digits = DIGITS, gans = ["dcgan", "sn-dcgan"], seeds = 3, steps = 600 } = experiment;
  return defineSweep({
    name: "anomaly",
    recipe: "narrow-dcgan",
    set: ["data=mnist", "data.size=32", "evaluate=null", "batchSize=64"],
    over: {
      gan: Object.fromEntries(gans.map((gan) => [gan, ganOverrides(gan, steps)])),
      digit: Object.fromEntries(digits.map((digit) => [`${digit}`, [`data.classes=[${normalDigits(digit)}]`]])),
      update: { all: ORDINARY, topK: [] },
    },
    seeds,
  });
}
