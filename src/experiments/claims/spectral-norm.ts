/** Spectral norm in both networks of a DCGAN. */
import { armOf, decide, defineClaim, shortest } from "../claim.ts";
import { bySeed, type Difference, familyOf } from "../differences.ts";
import type { ScoredCell } from "../sweep/index.ts";
import { shippedStage } from "./ablation.ts";
import { STORED_AVX512 } from "./machines.ts";
import { betterSides, FID, INCEPTION } from "./scores.ts";

const DATA = ["mnist", "fashion-mnist", "cifar10"];
const BATCHES = ["32", "64"];

/** With spectral norm minus without, by seed and batch: on each data set in each score. */
export const spectralNormFamily = (cells: readonly ScoredCell[]): Difference[] =>
  familyOf(
    DATA.flatMap((data) =>
      [FID, INCEPTION].map(({ name, of }) => ({
        arm: data,
        measure: name,
        cells: BATCHES.map((batch) =>
          bySeed(of(armOf(cells, data, "both", batch)), of(armOf(cells, data, "none", batch))),
        ),
      })),
    ),
  );

export const spectralNorm = defineClaim<ScoredCell>({
  name: "spectral-norm",
  claim: "Spectral norm in both networks improves the images of a small DCGAN.",
  source: "Iyengar et al., section 3.2, tables 1 and 2; the authors find their results inconclusive",
  setup:
    "gantry sweep spectral-norm: the authors' DCGAN at a quarter of its width, at 32 x 32, on MNIST, Fashion-MNIST and CIFAR-10, batches of 32 and 64, with spectral norm in both networks and without",
  size: { seeds: 3, length: 3_000, unit: "steps" },
  fixedLength: true,
  stages: ({ seeds }) => [shippedStage("spectral-norm", seeds, 120)],
  rule: "By seed, with it minus without, both batches together, in FID and Inception Score on three data sets (six differences, Holm's method): confirmed where one is better and none worse, refuted where one is worse and none better.",
  finding(cells) {
    const family = spectralNormFamily(cells);
    return decide(betterSides(family), "any", shortest(cells), family.length);
  },
  cost: STORED_AVX512,
  records: "spectral-norm",
});
