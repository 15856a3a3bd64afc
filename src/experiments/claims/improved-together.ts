/** The improved techniques, all of them against none. */
import { decide, defineClaim, shortest } from "../claim.ts";
import { find } from "../differences.ts";
import type { ScoredCell } from "../sweep/index.ts";
import { shippedStage, variantsFamily } from "./ablation.ts";
import { STORED } from "./machines.ts";
import { FID, INCEPTION } from "./scores.ts";

export const improvedTogether = defineClaim<ScoredCell>({
  name: "improved-together",
  claim: "The improved techniques together give better images than a GAN without them.",
  source: "Salimans et al. 2016, section 6.2, table 3",
  setup: "gantry sweep improved-ablation: narrow DCGANs on MNIST, 600 steps, with all techniques and with none",
  limits: "The paper's table is of CIFAR-10, with wide networks.",
  size: { seeds: 3, length: 600, unit: "steps" },
  fixedLength: true,
  stages: ({ seeds }) => [shippedStage("improved-ablation", seeds, 74)],
  rule: "By seed, none minus all, by Holm's method over the differences of all variants in FID and Inception Score: confirmed where FID is higher or Inception Score lower and neither the other way, refuted the other way round.",
  finding(cells) {
    const family = variantsFamily(cells, [FID, INCEPTION]);
    return decide(
      [
        { difference: find(family, "none", FID.name), side: "higher" },
        { difference: find(family, "none", INCEPTION.name), side: "lower" },
      ],
      "any",
      shortest(cells),
      family.length,
    );
  },
  cost: STORED,
  records: "improved-ablation",
});
