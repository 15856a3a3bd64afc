/** Orthogonal initialisation of a BigGAN. */
import { decide, defineClaim, shortest } from "../claim.ts";
import { find } from "../differences.ts";
import type { ScoredCell } from "../sweep/index.ts";
import { shippedStage, variantsFamily } from "./ablation.ts";
import { STORED } from "./machines.ts";
import { FID, INCEPTION } from "./scores.ts";

export const orthogonalInitialisation = defineClaim<ScoredCell>({
  name: "orthogonal-initialisation",
  claim: "Orthogonal initialisation helps a BigGAN, compared with PyTorch's default.",
  source: "Iyengar et al., sections 1.1.6 and 2.1",
  setup: "gantry sweep biggan-weights: a narrow BigGAN on MNIST, 600 steps, without regularisation",
  size: { seeds: 3, length: 600, unit: "steps" },
  fixedLength: true,
  stages: ({ seeds }) => [shippedStage("biggan-weights", seeds, 191)],
  rule: "By seed, PyTorch's initialisation minus orthogonal, by Holm's method over the differences of all variants in both scores: confirmed where FID is higher and Inception Score lower, refuted where one is the other way round.",
  finding(cells) {
    const family = variantsFamily(cells, [FID, INCEPTION]);
    return decide(
      [
        { difference: find(family, "default, none", FID.name), side: "higher" },
        { difference: find(family, "default, none", INCEPTION.name), side: "lower" },
      ],
      "every",
      shortest(cells),
      family.length,
    );
  },
  cost: STORED,
  records: "exploring/biggan-weights",
});
