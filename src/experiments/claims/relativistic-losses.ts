/** What the claims on the relativistic loss with R1 and R2 share: a sweep's losses, compared by seed. */
import { armOf, type ClaimInput, decide, shortest } from "../claim.ts";
import { bySeed, type Difference, familyOf, find, type Measure } from "../differences.ts";
import { shippedSweeps } from "../shipped-sweeps.ts";
import type { ScoredCell } from "../sweep/index.ts";

/** The losses that the claims compare, by their names in the sweeps, and their difference. */
export const BEST = "RpGAN + R1 + R2";
export const NEXT = "R1 + R2";
export const MAIN = `${BEST} minus ${NEXT}`;

/** By seed, on all samples: each loss minus the plain one, and the relativistic one with both penalties minus the ordinary one with both. */
export function lossDifferences(cells: readonly ScoredCell[], measures: readonly Measure<ScoredCell>[]): Difference[] {
  const arm = (loss: string) => armOf(cells, loss, "all");
  const pairs = [
    ...["R1", NEXT, BEST].map((loss) => [`${loss} minus plain`, loss, "plain"] as const),
    [MAIN, BEST, NEXT] as const,
  ];
  return familyOf(
    pairs.flatMap(([name, one, other]) =>
      measures.map((measure) => ({
        arm: name,
        measure: measure.name,
        cells: [bySeed(measure.of(arm(one)), measure.of(arm(other)))],
      })),
    ),
  );
}

/**
 * Of one sweep with the axes `loss` and `update`. The measures are those that the family compares, `expected` those of them that the
 * claim speaks of.
 */
export const relativisticClaim = (
  name: string,
  { steps, seconds }: { readonly steps: number; readonly seconds: number },
  measures: readonly Measure<ScoredCell>[],
  expected: readonly (readonly [name: string, side: "higher" | "lower"])[],
): Pick<ClaimInput<ScoredCell>, "source" | "setup" | "size" | "fixedLength" | "stages" | "rule" | "finding"> => ({
  source: "Huang et al. 2024 (R3GAN), section 2 and its table of stacked MNIST",
  setup: `gantry sweep ${name}: the non-saturating loss plain, with R1 and with R1 and R2, and the relativistic loss with both, on all samples and on the top k`,
  size: { seeds: 3, length: steps, unit: "steps" },
  fixedLength: true,
  stages: ({ seeds }) => [{ name, sweep: { ...shippedSweeps[name]!, seeds }, seconds }],
  rule: `By seed, on all samples, in ${measures.map((measure) => measure.name).join(" and ")}: each loss minus the plain one, and the relativistic one with both penalties minus the ordinary one with both; one family by Holm's method. Confirmed where the last difference is better in ${expected.map(([measure]) => measure).join(" and in ")}, refuted where it is worse in one. What top-k changes is reported, and decides nothing.`,
  finding(cells) {
    const family = lossDifferences(cells, measures);
    return decide(
      expected.map(([measure, side]) => ({ difference: find(family, MAIN, measure), side })),
      "every",
      shortest(cells),
      family.length,
    );
  },
});
