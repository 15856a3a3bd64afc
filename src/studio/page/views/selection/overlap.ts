/** How much of two histograms coincides. */
import type { Outputs } from "../../../api.ts";

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/**
 * The overlap of the shares of real and of generated samples over the bins: sum of min(p, q). null where one of them is
 * empty.
 */
export function overlapOf({ real, fake }: Pick<Outputs, "real" | "fake">): number | null {
  const [all, others] = [sum(real), sum(fake)];
  if (all === 0 || others === 0) return null;
  return sum(real.map((count, i) => Math.min(count / all, (fake[i] ?? 0) / others)));
}
