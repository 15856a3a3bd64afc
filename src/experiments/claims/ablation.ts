/** What the claims on the improved techniques share: a sweep's variants, each minus the first. */
import type { Stage } from "../claim.ts";
import { type Difference, differences, type Measure } from "../differences.ts";
import { shippedSweeps } from "../shipped-sweeps.ts";
import type { ScoredCell } from "../sweep/index.ts";

/** A shipped sweep with these seeds. */
export const shippedStage = (name: string, seeds: number, seconds: number): Stage => ({
  name,
  sweep: { ...shippedSweeps[name]!, seeds },
  seconds,
});

/** Every variant minus the first, in each measure: one family. */
export function variantsFamily(cells: readonly ScoredCell[], measures: readonly Measure<ScoredCell>[]): Difference[] {
  const [base, ...others] = cells;
  return differences(Object.fromEntries(others.map((cell) => [cell.values.join(", "), cell])), base!, measures);
}
