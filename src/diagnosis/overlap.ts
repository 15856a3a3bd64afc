/** How much D's outputs of real and of generated samples overlap. */
import type { OutputsEvent } from "../training/index.ts";

/** The common area of both histograms, each of area 1: 0 where they are apart, 1 where they are equal. */
export function overlapOf({ real, fake }: OutputsEvent["histogram"]): number {
  const [reals, fakes] = [real, fake].map((counts) => counts.reduce((sum, count) => sum + count, 0));
  if (!reals || !fakes) return Number.NaN;
  return real.reduce((sum, count, i) => sum + Math.min(count / reals, fake[i]! / fakes), 0);
}
