/** One-sided label smoothing and adversarial examples. */
import { decide, defineClaim } from "../claim.ts";
import { bySeed, type Difference, familyOf } from "../differences.ts";
import { type SmoothingRecord, smoothing } from "../smoothing.ts";
import { STORED_AVX512 } from "./machines.ts";

/** Smoothed minus plain, by seed: the share of images that D rates as what they are, of each kind at each size of the attack. */
export function labelSmoothingFamily(records: readonly SmoothingRecord[]): Difference[] {
  const { epsilons } = records[0]!;
  const shares = (targets: string, kind: "real" | "fake", i: number) =>
    new Map(records.filter((one) => one.targets === targets).map((one) => [one.seed, 100 * one[kind][i + 1]!]));
  return familyOf(
    (["real", "fake"] as const).flatMap((kind) =>
      epsilons.map((epsilon, i) => ({
        arm: `${kind === "real" ? "real" : "generated"} images, epsilon ${epsilon}`,
        measure: "%",
        cells: [bySeed(shares("smoothed", kind, i), shares("plain", kind, i))],
      })),
    ),
  );
}

export const labelSmoothing = defineClaim<SmoothingRecord>({
  name: "label-smoothing",
  claim: "One-sided label smoothing makes the discriminator less vulnerable to adversarial examples.",
  source: "Salimans et al. 2016, section 3.4",
  setup:
    "gantry lab smoothing: DCGANs on MNIST with real targets of 1 and 0.9, D attacked by the fast gradient sign method",
  size: { seeds: 5, length: 600, unit: "steps" },
  stages: ({ seeds, length }) => [
    { name: "smoothing", experiment: smoothing, options: { seeds, steps: length }, seconds: (15 * length) / 600 },
  ],
  rule: "By seed, smoothed minus plain in the share of images that D rates as what they are, real and generated, at five sizes of the attack (ten differences, Holm's method): confirmed where one is higher and none lower, refuted where one is lower and none higher.",
  finding(records) {
    const family = labelSmoothingFamily(records);
    const length = Math.min(...records.map(({ steps }) => steps));
    return decide(
      family.map((difference) => ({ difference, side: "higher" })),
      "any",
      length,
    );
  },
  cost: STORED_AVX512,
  records: "smoothing",
});
