/** The size of the images that a GAN is trained on. */
import { decide, defineClaim, shortest } from "../claim.ts";
import { find } from "../differences.ts";
import type { ScoredCell } from "../sweep/index.ts";
import { shippedStage, variantsFamily } from "./ablation.ts";
import { STORED_AVX512 } from "./machines.ts";
import { ENTROPY, INCEPTION } from "./scores.ts";

export const resolution = defineClaim<ScoredCell>({
  name: "resolution",
  claim: "Training on images of a higher resolution greatly improves the generated images.",
  source: "Iyengar et al., section 3.2",
  setup: "gantry sweep resolution: narrow DCGANs on Fashion-MNIST, 600 steps, at 16, 32 and 64 pixels",
  limits: "The classifier that scores sees all images at 32 x 32.",
  size: { seeds: 3, length: 600, unit: "steps" },
  fixedLength: true,
  stages: ({ seeds }) => [shippedStage("resolution", seeds, 23)],
  rule: "By seed, 32 and 64 pixels minus 16 in Inception Score, by Holm's method over these and those in entropy: confirmed where both are higher, refuted where one is lower.",
  finding(cells) {
    const family = variantsFamily(cells, [INCEPTION, ENTROPY]);
    const expected = ["32", "64"].map((arm) => ({
      difference: find(family, arm, INCEPTION.name),
      side: "higher" as const,
    }));
    return decide(expected, "every", shortest(cells), family.length);
  },
  cost: STORED_AVX512,
  records: "exploring/resolution",
});
