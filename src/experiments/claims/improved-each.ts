/** The improved techniques, each left out. */
import { decide, defineClaim, shortest } from "../claim.ts";
import type { ScoredCell } from "../sweep/index.ts";
import { shippedStage, variantsFamily } from "./ablation.ts";
import { STORED } from "./machines.ts";
import { FID, INCEPTION } from "./scores.ts";

export const improvedEach = defineClaim<ScoredCell>({
  name: "improved-each",
  claim: "Each of the improved techniques counts: without it the Inception Score is lower.",
  source: "Salimans et al. 2016, section 6.2, table 3",
  setup: "gantry sweep improved-ablation: narrow DCGANs on MNIST, 600 steps, each technique left out once",
  limits: "The paper's table is of CIFAR-10, with wide networks.",
  size: { seeds: 3, length: 600, unit: "steps" },
  fixedLength: true,
  stages: ({ seeds }) => [shippedStage("improved-ablation", seeds, 74)],
  rule: "By seed, each variant minus all in Inception Score, by Holm's method over the differences of all variants in FID and Inception Score: confirmed where every one is lower, refuted where one is higher.",
  finding(cells) {
    const family = variantsFamily(cells, [FID, INCEPTION]);
    const single = family.filter(({ arm, measure }) => arm !== "none" && measure === INCEPTION.name);
    return decide(
      single.map((difference) => ({ difference, side: "lower" })),
      "every",
      shortest(cells),
      family.length,
    );
  },
  cost: STORED,
  records: "improved-ablation",
});
