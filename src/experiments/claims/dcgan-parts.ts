/** What the claims on parts of a DCGAN share. */
import { type ClaimInput, decide, shortest } from "../claim.ts";
import { find } from "../differences.ts";
import type { ScoredCell } from "../sweep/index.ts";
import { shippedStage, variantsFamily } from "./ablation.ts";
import { STORED } from "./machines.ts";
import { FID, INCEPTION } from "./scores.ts";

/** A variant of the sweep `dcgan-options` against the plain DCGAN. */
export const dcganPart = (
  variant: string,
): Pick<
  ClaimInput<ScoredCell>,
  "setup" | "size" | "fixedLength" | "stages" | "rule" | "finding" | "cost" | "records"
> => ({
  setup: `gantry sweep dcgan-options: a narrow DCGAN on MNIST, 600 steps, plain and with ${variant}`,
  size: { seeds: 5, length: 600, unit: "steps" },
  fixedLength: true,
  stages: ({ seeds }) => [shippedStage("dcgan-options", seeds, 17)],
  rule: "By seed, with it minus plain, by Holm's method over all variants of the sweep in FID and Inception Score: confirmed where one score is better and none worse, refuted where one is worse and none better.",
  finding(cells) {
    const family = variantsFamily(cells, [FID, INCEPTION]);
    return decide(
      [
        { difference: find(family, variant, FID.name), side: "lower" },
        { difference: find(family, variant, INCEPTION.name), side: "higher" },
      ],
      "any",
      shortest(cells),
      family.length,
    );
  },
  cost: STORED,
  records: "exploring/dcgan-options",
});
