/** What the claims on gamma and nu share. */
import { armOf, type ClaimInput, decide, shortest } from "../claim.ts";
import { bySeed, familyOf } from "../differences.ts";
import { annealSweep } from "../mixture/anneal.ts";
import type { ScoredCell } from "../sweep/index.ts";
import { STORED } from "./machines.ts";

/** Pairs of cells, first minus second, whose share of high-quality samples the claim says to be lower. */
export const annealingClaim = (
  pairs: readonly (readonly [string, string])[],
): Pick<ClaimInput<ScoredCell>, "setup" | "size" | "stages" | "rule" | "finding" | "cost" | "records"> => ({
  setup: "gantry lab anneal with 25 modes, gamma 0.5 and 0.99, nu 0.25 and 0.75, and all samples",
  size: { seeds: 3, length: 100_000, unit: "iterations" },
  stages: ({ seeds, length }) => [
    {
      name: "anneal",
      sweep: annealSweep({ gammas: [0.5, 0.99], floors: [0.25, 0.75, 1], modes: 25, seeds, steps: length }),
      seconds: (1_730 * length) / 100_000,
    },
  ],
  rule: `By seed, the share of high-quality samples at the end, ${pairs.map((pair) => pair.join(" minus ")).join(" and ")} (Holm's method over both): confirmed where one is lower and none higher, refuted where one is higher and none lower.`,
  finding(cells) {
    const own = pairs.map((pair) => pair.map((name) => armOf(cells, name)));
    const percent = (cell: ScoredCell) =>
      new Map([...cell.of("highQuality")].map(([seed, share]) => [seed, 100 * share]));
    const family = familyOf(
      own.map(([first, second], i) => ({
        arm: pairs[i]!.join(" minus "),
        measure: "high quality, %",
        cells: [bySeed(percent(first!), percent(second!))],
      })),
    );
    return decide(
      family.map((difference) => ({ difference, side: "lower" })),
      "any",
      shortest(own.flat()),
    );
  },
  cost: STORED,
  records: "anneal",
});
