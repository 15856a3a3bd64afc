/** The headline of top-k training, in small. */
import { armOf, decide, defineClaim, shortest } from "../claim.ts";
import { differences, find } from "../differences.ts";
import { shippedSweeps } from "../shipped-sweeps.ts";
import type { ScoredCell } from "../sweep/index.ts";
import { STORED } from "./machines.ts";
import { FID, INCEPTION } from "./scores.ts";

export const topKBigGan = defineClaim<ScoredCell>({
  name: "top-k-biggan",
  claim:
    "Top-k training lowers the FID of a BigGAN with improved consistency regularisation on CIFAR-10 (9.21 to 8.57).",
  source: "Sinha et al. 2020, section 4.3 and abstract",
  setup: "gantry sweep biggan-icr: a BigGAN of width 4 on CIFAR-10, 600 steps, all samples against the top k",
  limits: "Networks are a twentieth as wide and runs far shorter than the paper's: FID compares the two arms only.",
  size: { seeds: 3, length: 600, unit: "steps" },
  fixedLength: true,
  stages: ({ seeds }) => [{ name: "biggan-icr", sweep: { ...shippedSweeps["biggan-icr"]!, seeds }, seconds: 263 }],
  rule: "By seed, top-k minus all samples: confirmed where FID is lower, refuted where it is higher, by Holm's method over FID and Inception Score.",
  finding(cells) {
    const arms = [armOf(cells, "topK"), armOf(cells, "all")] as const;
    const family = differences({ "top-k minus all": arms[0] }, arms[1], [FID, INCEPTION]);
    const difference = find(family, "top-k minus all", FID.name);
    return decide([{ difference, side: "lower" }], "every", shortest(arms), family.length);
  },
  cost: STORED,
  records: "exploring/biggan-icr",
});
