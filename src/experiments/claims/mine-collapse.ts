/** MINE in a GAN that loses modes of stacked MNIST. */
import { decide, defineClaim, shortest } from "../claim.ts";
import type { ScoredCell } from "../sweep/index.ts";
import { shippedStage, variantsFamily } from "./ablation.ts";
import { STORED_AVX512 } from "./machines.ts";
import { betterSides, KL, MODES } from "./scores.ts";

export const mineCollapse = defineClaim<ScoredCell>({
  name: "mine-collapse",
  claim:
    "Where a GAN loses most of the 1,000 modes of stacked MNIST, a generator that also maximises MINE's information recovers more.",
  source: "Belghazi et al. 2018, section 5.1 and its table of stacked MNIST, cited by Iyengar et al., section 1.1.11",
  setup:
    "gantry sweep mine-collapse: a DCGAN with a narrow D, 2,000 steps, plain and with MINE: a code of 3 of z's 100 entries and of all, beta 0.1, 0.5 and 1",
  limits:
    "The networks and the length are below the paper's, whose settings are not known; the plain GAN's modes still rise when it stops.",
  size: { seeds: 5, length: 2_000, unit: "steps" },
  fixedLength: true,
  stages: ({ seeds }) => [shippedStage("mine-collapse", seeds, 130)],
  rule: "By seed, each of six settings of MINE minus plain, in modes and reverse KL (twelve differences, Holm's method): confirmed where one is better and none worse, refuted where one is worse and none better.",
  finding(cells) {
    const family = variantsFamily(cells, [MODES, KL]);
    return decide(betterSides(family), "any", shortest(cells), family.length);
  },
  cost: STORED_AVX512,
  records: "exploring/mine-collapse",
});
